package pipeline

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/lambda"
)

// Queues is what mappings ask of the engine of queues.
type Queues interface {
	GetQueueAttributes(context.Context, *api.Caller, *sqsapi.GetQueueAttributesRequest) (*sqsapi.GetQueueAttributesResult, error)
	ReceiveMessage(context.Context, *api.Caller, *sqsapi.ReceiveMessageRequest) (*sqsapi.ReceiveMessageResult, error)
	DeleteMessageBatch(context.Context, *api.Caller, *sqsapi.DeleteMessageBatchRequest) (*sqsapi.DeleteMessageBatchResult, error)
	SendMessage(context.Context, *api.Caller, *sqsapi.SendMessageRequest) (*sqsapi.SendMessageResult, error)
}

// Streams is what mappings ask of the engine of tables.
type Streams interface {
	DescribeStream(context.Context, *api.Caller, *streamsapi.DescribeStreamInput) (*streamsapi.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *api.Caller, *streamsapi.GetShardIteratorInput) (*streamsapi.GetShardIteratorOutput, error)
	GetRecords(context.Context, *api.Caller, *streamsapi.GetRecordsInput) (*streamsapi.GetRecordsOutput, error)
}

// Functions is what mappings ask of the engine of functions.
type Functions interface {
	// Target returns a function, and whether there is one.
	Target(lambda.Name) (lambda.Target, bool)
	// Run invokes a function. An error says that it was not: it is throttled, or
	// there is none.
	Run(ctx context.Context, name lambda.Name, payload []byte) (*lambda.Result, error)
	// RunLater invokes a function some time. An error says that it will not.
	RunLater(name lambda.Name, payload []byte) error
}

// Transactions is what pipes ask of the engine of transactions.
type Transactions interface {
	// Commit carries out actions, all or none, and with them what stage adds to
	// their batch. The error of a cancelled transaction has a reason for each.
	Commit(c *api.Caller, in *leveeapi.TransactInput, stage func(kv.Batch) error) error
}

// Tables is what pipes ask of the engine of tables.
type Tables interface {
	DescribeTable(context.Context, *api.Caller, *dynamodbapi.DescribeTableInput) (*dynamodbapi.DescribeTableOutput, error)
}

// baseURL is the beginning of the URLs of queues, whose host does not matter.
const baseURL = "http://levee"

// callerOf returns the caller that the engines see: the account itself.
func callerOf(ns api.Namespace) *api.Caller {
	return &api.Caller{Namespace: ns, AccessKey: ns.Account, BaseURL: baseURL}
}

// source is the ARN of a queue or of a stream, taken apart.
type source struct {
	arn     string
	service string // sqs or dynamodb
	ns      api.Namespace
	name    string // of the queue
}

func parseSource(arn string) (s source, ok bool) {
	named, ok := api.ParseARN(arn)
	if !ok {
		return s, false
	}
	s = source{arn: arn, service: named.Service, ns: named.Namespace, name: named.Resource}
	isStream := s.service == "dynamodb" && strings.Contains(s.name, "/stream/")
	return s, isStream || s.service == "sqs" && !strings.Contains(s.name, "/")
}

func (s *source) isQueue() bool { return s.service == "sqs" }
func (s *source) isFIFO() bool  { return s.isQueue() && strings.HasSuffix(s.name, ".fifo") }

// queueURL is the URL of the queue.
func (s *source) queueURL() string { return baseURL + "/" + s.ns.Account + "/" + s.name }
