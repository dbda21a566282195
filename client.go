package levee

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrNoTransact is what comes of a transaction at an endpoint that has no Transact,
// as that of any other service.
var ErrNoTransact = errors.New("levee: the endpoint has no Transact")

// Client carries out transactions that span tables, queues and streams, and does
// work exactly once on top of them: Consume for the messages of a queue, Follow for
// the records of a stream. It also declares counters of tables, and reads them. It
// reaches any endpoint that a configuration of the AWS SDK names, in this process or
// over the network, and is safe for concurrent use.
//
// At an endpoint that has no Transact, such as the cloud, Consume and Follow do
// what can be done with a table of tokens: what a function writes to tables happens
// once, what it sends may happen more than once after a crash (a FIFO queue that
// gets it again within five minutes drops it). They log that they do so.
type Client struct {
	// Tables, Streams and Queues are the clients of the services.
	Tables  *dynamodb.Client
	Streams *dynamodbstreams.Client
	Queues  *sqs.Client
	// TokenTable is the table of tokens for endpoints without Transact. It is
	// created when it is first needed. Empty means "levee-tokens".
	TokenTable string
	// Logger gets what an operator should know. nil means slog.Default.
	Logger *slog.Logger

	bare atomic.Bool // the endpoint said that it has no Transact
}

// NewClient returns a client for an endpoint, such as that of Server.AWSConfig.
func NewClient(cfg aws.Config) *Client {
	return &Client{Tables: dynamodb.NewFromConfig(cfg), Streams: dynamodbstreams.NewFromConfig(cfg), Queues: sqs.NewFromConfig(cfg)}
}

// HasTransact reports whether the endpoint has Transact.
func (c *Client) HasTransact(ctx context.Context) (bool, error) {
	if c.bare.Load() {
		return false, nil
	}
	_, err := c.checkpoints(ctx, "levee", "arn:levee")
	if errors.Is(err, ErrNoTransact) {
		return false, nil
	}
	return err == nil, err
}

// Transact carries out what was collected in tx: all of it or nothing. It returns
// the ids of the messages that were sent, in the order of Send.
//
// A transaction that cannot be done is a *types.TransactionCanceledException of
// package dynamodb, with a reason for each action in the order in which they were
// collected.
func (c *Client) Transact(ctx context.Context, tx *Tx) (messageIDs []string, err error) {
	body, err := c.call(ctx, "Transact", tx.tables, tx.request)
	if err != nil {
		return nil, err
	}
	var out struct {
		Results []struct {
			SendMessage struct{ MessageId string }
		}
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, fmt.Errorf("levee: read the answer of Transact: %w", err)
	}
	for _, r := range out.Results {
		if r.SendMessage.MessageId != "" {
			messageIDs = append(messageIDs, r.SendMessage.MessageId)
		}
	}
	return messageIDs, nil
}

// checkpoints returns how far a consumer has come in a stream, by shard.
func (c *Client) checkpoints(ctx context.Context, consumer, stream string) (map[string]string, error) {
	at := map[string]string{}
	in := map[string]string{"Consumer": consumer, "StreamArn": stream}
	for {
		body, err := c.call(ctx, "ListCheckpoints", nil, func([]byte) ([]byte, error) { return json.Marshal(in) })
		if err != nil {
			return nil, err
		}
		var out struct {
			Checkpoints          []struct{ ShardId, SequenceNumber string }
			LastEvaluatedShardId string
		}
		if err := json.Unmarshal(body, &out); err != nil {
			return nil, fmt.Errorf("levee: read the answer of ListCheckpoints: %w", err)
		}
		for _, p := range out.Checkpoints {
			at[p.ShardId] = p.SequenceNumber
		}
		if out.LastEvaluatedShardId == "" {
			return at, nil
		}
		in["ExclusiveStartShardId"] = out.LastEvaluatedShardId
	}
}

// codeUnknownOperation is what an endpoint answers that has none of Levee's own
// operations.
const codeUnknownOperation = "UnknownOperationException"

// call makes a request for exactly-once work, unless the endpoint is known to have
// none of it.
func (c *Client) call(ctx context.Context, operation string, items []types.TransactWriteItem, rewrite func([]byte) ([]byte, error)) ([]byte, error) {
	if c.bare.Load() {
		return nil, ErrNoTransact
	}
	answer, err := c.request(ctx, operation, items, rewrite)
	var typed smithy.APIError
	if errors.As(err, &typed) && typed.ErrorCode() == codeUnknownOperation {
		if !c.bare.Swap(true) {
			c.log().Warn("the endpoint has no Transact: using a table of tokens, so what is sent to queues may be sent twice after a crash", "table", c.tokenTable())
		}
		return nil, ErrNoTransact
	}
	return answer, err
}

// request sends a request of Levee's own by way of the SDK's TransactWriteItems, which
// knows the endpoint, the credentials, when to try again, and how actions on tables
// are written. rewrite makes the body of it; the answer comes back as it is.
func (c *Client) request(ctx context.Context, operation string, items []types.TransactWriteItem, rewrite func([]byte) ([]byte, error)) ([]byte, error) {
	if items == nil {
		items = []types.TransactWriteItem{}
	}
	var answer []byte
	_, err := c.Tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items}, func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			if err := s.Serialize.Insert(rewriting{operation, rewrite}, "OperationSerializer", middleware.After); err != nil {
				return err
			}
			return s.Deserialize.Insert(keeping{&answer}, "OperationDeserializer", middleware.After)
		})
	})
	return answer, err
}

func (c *Client) log() *slog.Logger { return cmp.Or(c.Logger, slog.Default()) }

// rewriting makes a request of another operation out of a serialized one.
type rewriting struct {
	operation string
	rewrite   func([]byte) ([]byte, error)
}

// ID implements middleware.SerializeMiddleware.
func (rewriting) ID() string { return "LeveeRequest" }

// HandleSerialize implements middleware.SerializeMiddleware.
func (r rewriting) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
	fail := func(err error) (middleware.SerializeOutput, middleware.Metadata, error) {
		return middleware.SerializeOutput{}, middleware.Metadata{}, &smithy.SerializationError{Err: err}
	}
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return fail(fmt.Errorf("unexpected transport %T", in.Request))
	}
	body, err := io.ReadAll(request.GetStream())
	if err != nil {
		return fail(err)
	}
	if body, err = r.rewrite(body); err != nil {
		return fail(err)
	}
	if request, err = request.SetStream(bytes.NewReader(body)); err != nil {
		return fail(err)
	}
	request.Header.Set("X-Amz-Target", "Levee."+r.operation)
	in.Request = request
	return next.HandleSerialize(ctx, in)
}

// keeping keeps the body of an answer that is no error.
type keeping struct{ answer *[]byte }

// ID implements middleware.DeserializeMiddleware.
func (keeping) ID() string { return "LeveeAnswer" }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (k keeping) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode != http.StatusOK {
		return out, metadata, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	response.Body = io.NopCloser(bytes.NewReader([]byte("{}")))
	*k.answer = body
	return out, metadata, nil
}
