package levee_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

// inTime runs a test on a stage in a bubble of synctest, where hours cost nothing.
func inTime(t *testing.T, f func(*stage)) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := levee.Open("")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = srv.Close() }()
		s := &stage{T: t, Client: levee.NewClient(srv.AWSConfig()), server: srv}
		s.Logger = slog.New(slog.DiscardHandler)
		s.table("log")
		s.in = s.queue("in.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
		f(s)
	})
}

// A function that takes many times the visibility timeout keeps its message, and the
// rest of the batch, though others are waiting for them.
func TestConsumeKeepsMessagesOfSlowFunctions(t *testing.T) {
	inTime(t, func(s *stage) {
		for i := range 3 {
			s.send("a", fmt.Sprint(i))
		}
		ctx, stop := context.WithCancel(s.Context())
		var calls atomic.Int64
		ended := make(chan error)
		for range 2 {
			go func() {
				ended <- s.Consume(ctx, s.in, func(_ context.Context, tx *levee.Tx, m sqstypes.Message) error {
					calls.Add(1)
					time.Sleep(10 * time.Minute)
					tx.Update(appendTo("a", *m.Body))
					return nil
				}, func(o *levee.ConsumeOptions) { o.Batch, o.VisibilityTimeout = 10, 6*time.Second })
			}()
		}
		time.Sleep(time.Hour)
		stop()
		<-ended
		<-ended
		if got := s.list("a"); calls.Load() != 3 || !slices.Equal(got, []string{"0", "1", "2"}) {
			s.Errorf("%d calls for 3 messages, whose effects are %q", calls.Load(), got)
		}
		out, err := s.Queues.GetQueueAttributes(s.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &s.in, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil || out.Attributes["ApproximateNumberOfMessages"] != "0" || out.Attributes["ApproximateNumberOfMessagesNotVisible"] != "0" {
			s.Errorf("left in the queue: %v, %v", out, err)
		}
	})
}

// Who consumes goes on within moments after the queue could not be reached.
func TestConsumeGoesOnAfterFailures(t *testing.T) {
	inTime(t, func(s *stage) {
		s.send("a", "x")
		s.server.Fail(levee.Fault{Operation: "ReceiveMessage", Times: 4, Code: "AccessDeniedException"}) // which the SDK takes for an answer
		ctx, stop := context.WithCancel(s.Context())
		begun := time.Now()
		err := s.Consume(ctx, s.in, func(context.Context, *levee.Tx, sqstypes.Message) error {
			stop()
			return nil
		})
		if waited := time.Since(begun); !errors.Is(err, context.Canceled) || waited < 100*time.Millisecond || waited > time.Second {
			s.Errorf("after %v: %v", waited, err)
		}
	})
}

// Shards close after some hours, and their children go on where they ended: a
// consumer that follows, and one that was away meanwhile, have each change of an item
// once and in order.
func TestFollowGoesOnInChildShards(t *testing.T) {
	inTime(t, func(s *stage) {
		s.table("items")
		ctx, stop := context.WithCancel(s.Context())
		follow := func() (end func()) {
			ctx, cancel := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() {
				ended <- s.Follow(ctx, "items", "copy", func(_ context.Context, tx *levee.Tx, r streamtypes.Record) error {
					n := r.Dynamodb.NewImage["n"].(*streamtypes.AttributeValueMemberN).Value
					tx.Update(appendTo(r.Dynamodb.NewImage["id"].(*streamtypes.AttributeValueMemberS).Value, n))
					return nil
				}, func(o *levee.FollowOptions) { o.Poll, o.Shards = 10*time.Second, time.Minute })
			}()
			return func() { cancel(); <-ended }
		}
		var want []string
		add := func(times int) {
			for range times {
				_, err := s.Tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
					TableName: aws.String("items"), Key: key("a"), UpdateExpression: aws.String("ADD n :one"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
				})
				if err != nil {
					s.Fatal(err)
				}
				want = append(want, fmt.Sprint(len(want)+1))
				time.Sleep(20 * time.Minute)
			}
		}
		end := follow()
		add(20)
		end()
		add(20)
		end = follow()
		add(20)
		time.Sleep(time.Minute)
		end()
		stop()
		if got := s.list("a"); !slices.Equal(got, want) {
			s.Errorf("followed %q", got)
		}
		s.manyShards("items")
	})
}

// manyShards fails unless a table's stream has had more than two shards.
func (s *stage) manyShards(table string) {
	s.Helper()
	out, err := s.Tables.DescribeTable(s.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		s.Fatal(err)
	}
	shards, err := s.Streams.DescribeStream(s.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: out.Table.LatestStreamArn})
	if err != nil || len(shards.StreamDescription.Shards) < 3 {
		s.Errorf("no shard was rolled over: %v, %v", shards, err)
	}
}
