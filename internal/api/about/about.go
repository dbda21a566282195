// Package about tells which table or queue a request is about.
//
//	r, ok := about.Of(caller.Namespace, in)
//
// It knows the operations on items and messages, of which there are many a second.
// Those that administer are about none.
package about

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// Kind is what kind of resource there is.
type Kind byte

// The kinds of resources that requests for items and messages are about.
const (
	Table Kind = 't'
	Queue Kind = 'q'
)

// Resource is a table or a queue.
type Resource struct {
	Kind      Kind
	Namespace api.Namespace
	Name      string
}

// Of returns the table or the queue that a request for items or messages is about; of
// a batch, the one that is named first. ok is false for all other requests, and where
// the name is missing.
func Of(ns api.Namespace, in api.Input) (r Resource, ok bool) {
	if name, ok := tableOf(in); ok {
		return Resource{Table, ns, lastPart(name)}, name != ""
	}
	if url, ok := queueOf(in); ok {
		return Resource{Queue, ns, lastPart(url)}, url != ""
	}
	return Resource{}, false
}

// tableOf returns the name or ARN of the table of a request.
func tableOf(in api.Input) (string, bool) {
	switch in := in.(type) {
	case *ddb.GetItemInput:
		return in.TableName.V, true
	case *ddb.PutItemInput:
		return in.TableName.V, true
	case *ddb.UpdateItemInput:
		return in.TableName.V, true
	case *ddb.DeleteItemInput:
		return in.TableName.V, true
	case *ddb.QueryInput:
		return in.TableName.V, true
	case *ddb.ScanInput:
		return in.TableName.V, true
	case *ddb.BatchGetItemInput:
		return firstKey(in.RequestItems), true
	case *ddb.BatchWriteItemInput:
		return firstKey(in.RequestItems), true
	case *ddb.TransactWriteItemsInput:
		return firstTable(in.TransactItems), true
	}
	return "", false
}

func firstKey[T any](m api.Map[T]) string {
	if len(m) == 0 {
		return ""
	}
	return m[0].Key
}

func firstTable(list []ddb.TransactWriteItem) string {
	if len(list) == 0 {
		return ""
	}
	switch first := &list[0]; {
	case first.Put != nil:
		return first.Put.TableName.V
	case first.Update != nil:
		return first.Update.TableName.V
	case first.Delete != nil:
		return first.Delete.TableName.V
	case first.ConditionCheck != nil:
		return first.ConditionCheck.TableName.V
	}
	return ""
}

// queueOf returns the URL of the queue of a request.
func queueOf(in api.Input) (string, bool) {
	switch in := in.(type) {
	case *sqsapi.SendMessageRequest:
		return in.QueueUrl.V, true
	case *sqsapi.SendMessageBatchRequest:
		return in.QueueUrl.V, true
	case *sqsapi.ReceiveMessageRequest:
		return in.QueueUrl.V, true
	case *sqsapi.DeleteMessageRequest:
		return in.QueueUrl.V, true
	case *sqsapi.DeleteMessageBatchRequest:
		return in.QueueUrl.V, true
	case *sqsapi.ChangeMessageVisibilityRequest:
		return in.QueueUrl.V, true
	case *sqsapi.ChangeMessageVisibilityBatchRequest:
		return in.QueueUrl.V, true
	}
	return "", false
}

// lastPart returns the name at the end of an ARN or URL.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
