package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sqs"
	"github.com/levee-io/levee/internal/transact"
)

var caller = &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}, BaseURL: "http://levee"}

// house is the engines over one store.
type house struct {
	t      *testing.T
	store  kv.Store
	queues *sqs.Engine
	tables *dynamodb.Engine
	funcs  *lambda.Engine
	pipes  *pipeline.Engine
	spans  *transact.Engine

	handlers map[string]lambda.Handler
	growth   bool           // Options.Growth of what is opened next
	sinks    pipeline.Sinks // likewise
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, store: kvmem.New(), handlers: map[string]lambda.Handler{}}
	h.open()
	t.Cleanup(func() {
		h.close()
		h.must(h.store.Close())
	})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open() {
	h.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	h.queues, err = sqs.Open(h.store, sqs.Options{})
	h.must(err)
	h.tables, err = dynamodb.Open(h.store, dynamodb.Options{})
	h.must(err)
	h.funcs, err = lambda.Open(h.store, lambda.Options{Handlers: h.handlers, Logger: quiet})
	h.must(err)
	h.spans = transact.Open(h.store, h.tables, h.queues, quiet)
	h.pipes, err = pipeline.Open(h.store, pipeline.Options{
		Queues: h.queues, Streams: h.tables, Tables: h.tables, Functions: h.funcs, Transactions: h.spans, Growth: h.growth, Sinks: h.sinks, Logger: quiet,
	})
	h.must(err)
	h.pipes.Start()
}

func (h *house) close() {
	h.t.Helper()
	h.must(errors.Join(h.funcs.Close(), h.pipes.Close(), h.spans.Close(), h.tables.Close(), h.queues.Close()))
}

func (h *house) restart() {
	h.close()
	h.open()
}

// handle has a func handle the events of a function.
func (h *house) handle(name string, f func(e *incoming) any) {
	h.handlers[name] = func(_ context.Context, text []byte) ([]byte, error) {
		e := new(incoming)
		if err := json.Unmarshal(text, e); err != nil {
			return nil, err
		}
		switch answer := f(e).(type) {
		case error:
			return nil, answer
		case string:
			return []byte(answer), nil
		default:
			return json.Marshal(answer)
		}
	}
	h.funcs.Handle(name, h.handlers[name])
}

// handleRaw has a func handle the events of a function, whatever they are.
func (h *house) handleRaw(name string, f func(text []byte) (any, error)) {
	h.handlers[name] = func(_ context.Context, text []byte) ([]byte, error) {
		answer, err := f(text)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
	h.funcs.Handle(name, h.handlers[name])
}

// incoming is an event of any source.
type incoming struct {
	Records []struct {
		MessageID  string            `json:"messageId"`
		Body       string            `json:"body"`
		Attributes map[string]string `json:"attributes"`
		EventName  string            `json:"eventName"`
		Dynamodb   struct {
			Keys           map[string]map[string]string `json:"Keys"`
			NewImage       map[string]map[string]string `json:"NewImage"`
			SequenceNumber string                       `json:"SequenceNumber"`
		} `json:"dynamodb"`
	} `json:"Records"`
	State json.RawMessage `json:"state"`
	Final bool            `json:"isFinalInvokeForWindow"`
}

// failures is a response that reports items as failed.
func failures(ids ...string) any {
	list := []map[string]string{}
	for _, id := range ids {
		list = append(list, map[string]string{"itemIdentifier": id})
	}
	return map[string]any{"batchItemFailures": list}
}

func (h *house) queue(name string, attributes ...string) (url, arn string) {
	h.t.Helper()
	in := &sqsapi.CreateQueueRequest{QueueName: api.Some(name)}
	for i := 0; i < len(attributes); i += 2 {
		in.Attributes = append(in.Attributes, api.Entry[string]{Key: attributes[i], Value: attributes[i+1]})
	}
	out, err := h.queues.CreateQueue(h.t.Context(), caller, in)
	h.must(err)
	return out.QueueUrl.V, "arn:aws:sqs:us-east-1:111122223333:" + name
}

func (h *house) send(url, body, group string) {
	h.t.Helper()
	in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body)}
	if group != "" {
		in.MessageGroupId, in.MessageDeduplicationId = api.Some(group), api.Some(group+body)
	}
	_, err := h.queues.SendMessage(h.t.Context(), caller, in)
	h.must(err)
}

// count returns the messages of a queue, whether visible or not.
func (h *house) count(url string) int {
	h.t.Helper()
	out, err := h.queues.GetQueueAttributes(h.t.Context(), caller, &sqsapi.GetQueueAttributesRequest{QueueUrl: api.Some(url), AttributeNames: []string{"All"}})
	h.must(err)
	sum := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		text, _ := out.Attributes.Get(name)
		n, err := strconv.Atoi(text)
		h.must(err)
		sum += n
	}
	return sum
}

// receive takes one message out of a queue.
func (h *house) receive(url string) string {
	h.t.Helper()
	out, err := h.queues.ReceiveMessage(h.t.Context(), caller, &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url)})
	h.must(err)
	if len(out.Messages) == 0 {
		return ""
	}
	return out.Messages[0].Body.V
}

// table makes a table with a stream and returns the ARN of the stream.
func (h *house) table(name string) string {
	h.t.Helper()
	out, err := h.tables.CreateTable(h.t.Context(), caller, &dynamodbapi.CreateTableInput{
		TableName: api.Some(name), BillingMode: api.Some("PAY_PER_REQUEST"),
		AttributeDefinitions: []dynamodbapi.AttributeDefinition{{AttributeName: api.Some("id"), AttributeType: api.Some("S")}},
		KeySchema:            []dynamodbapi.KeySchemaElement{{AttributeName: api.Some("id"), KeyType: api.Some("HASH")}},
		StreamSpecification:  &dynamodbapi.StreamSpecification{StreamEnabled: api.Some(true), StreamViewType: api.Some("NEW_AND_OLD_IMAGES")},
	})
	h.must(err)
	return out.TableDescription.LatestStreamArn.V
}

func (h *house) put(table, id string, n int) {
	h.t.Helper()
	var d jsontok.Decoder
	d.Reset(fmt.Appendf(nil, `{"id":{"S":%q},"n":{"N":"%d"}}`, id, n))
	in := &dynamodbapi.PutItemInput{TableName: api.Some(table)}
	in.Item = attr.ReadMap(&d)
	h.must(d.End())
	_, err := h.tables.PutItem(h.t.Context(), caller, in)
	h.must(err)
}

// mapping creates a mapping and returns it.
func (h *house) mapping(in *lambdaapi.CreateEventSourceMappingRequest) *lambdaapi.EventSourceMappingConfiguration {
	h.t.Helper()
	out, err := h.pipes.CreateEventSourceMapping(h.t.Context(), caller, in)
	h.must(err)
	return out
}

// stream is a request for a mapping of a stream from its beginning.
func stream(function, arn string) *lambdaapi.CreateEventSourceMappingRequest {
	return &lambdaapi.CreateEventSourceMappingRequest{FunctionName: api.Some(function), EventSourceArn: api.Some(arn), StartingPosition: api.Some("TRIM_HORIZON")}
}

func ofQueue(function, arn string) *lambdaapi.CreateEventSourceMappingRequest {
	return &lambdaapi.CreateEventSourceMappingRequest{FunctionName: api.Some(function), EventSourceArn: api.Some(arn)}
}

// list is a list that handlers add to.
type list struct {
	mu    sync.Mutex
	items []string
}

func (l *list) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, s)
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.items...)
}
