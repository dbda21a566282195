package levee_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

// bare is an HTTP client for an endpoint that has none of Levee's own operations.
type bare struct{ aws.HTTPClient }

func (b bare) Do(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "Levee.") {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader(`{"__type":"com.amazon.coral.service#UnknownOperationException"}`))}, nil
	}
	return b.HTTPClient.Do(r)
}

// stage is a server with the tables log and sums, and the queues in.fifo and out.
type stage struct {
	*testing.T
	*levee.Client
	server  *levee.Server
	in, out string // queue URLs
}

// onStages runs a test at an endpoint with Transact and at one without.
func onStages(t *testing.T, f func(*stage)) {
	for _, name := range []string{"Transact", "no Transact"} {
		t.Run(name, func(t *testing.T) {
			srv, err := levee.Open("")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = srv.Close() })
			cfg := srv.AWSConfig()
			if name != "Transact" {
				cfg.HTTPClient = bare{cfg.HTTPClient}
			}
			s := &stage{T: t, Client: levee.NewClient(cfg), server: srv}
			s.Logger = slog.New(slog.DiscardHandler)
			s.table("log")
			s.table("sums")
			s.in = s.queue("in.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "60"})
			s.out = s.queue("out", nil)
			f(s)
		})
	}
}

func (s *stage) table(name string) {
	_, err := s.Tables.CreateTable(s.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) queue(name string, attributes map[string]string) string {
	out, err := s.Queues.CreateQueue(s.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.Fatal(err)
	}
	return *out.QueueUrl
}

func (s *stage) send(group, body string) {
	if _, err := s.Queues.SendMessage(s.Context(), &sqs.SendMessageInput{QueueUrl: &s.in, MessageGroupId: &group, MessageBody: &body}); err != nil {
		s.Error(err)
	}
}

// appendTo is an update that appends texts to the list of an item, and counts.
func appendTo(id string, texts ...string) types.Update {
	var list []types.AttributeValue
	for _, text := range texts {
		list = append(list, &types.AttributeValueMemberS{Value: text})
	}
	return types.Update{
		TableName: aws.String("log"), Key: key(id),
		UpdateExpression:         aws.String("SET #l = list_append(if_not_exists(#l, :none), :one) ADD n :n"),
		ExpressionAttributeNames: map[string]string{"#l": "list"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":none": &types.AttributeValueMemberL{}, ":n": &types.AttributeValueMemberN{Value: "1"},
			":one": &types.AttributeValueMemberL{Value: list},
		},
	}
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

// list reads the list of an item.
func (s *stage) list(id string) (texts []string) {
	out, err := s.Tables.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("log"), Key: key(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		s.Fatal(err)
	}
	list, _ := out.Item["list"].(*types.AttributeValueMemberL)
	if list == nil {
		return nil
	}
	for _, v := range list.Value {
		texts = append(texts, v.(*types.AttributeValueMemberS).Value)
	}
	return texts
}

func TestTransact(t *testing.T) {
	onStages(t, func(s *stage) {
		ctx := s.Context()
		var tx levee.Tx
		tx.Send(&sqs.SendMessageInput{QueueUrl: &s.out, MessageBody: aws.String("hello"),
			MessageAttributes: map[string]sqstypes.MessageAttributeValue{"a": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}}}})
		tx.Update(appendTo("a", "one"))
		tx.Check(types.ConditionCheck{TableName: aws.String("sums"), Key: key("x"), ConditionExpression: aws.String("attribute_not_exists(id)")})
		ids, err := s.Transact(ctx, &tx)
		if has, failed := s.HasTransact(ctx); failed != nil || has == errors.Is(err, levee.ErrNoTransact) {
			t.Fatalf("HasTransact says %v, %v; Transact: %v", has, failed, err)
		}
		if errors.Is(err, levee.ErrNoTransact) {
			return
		}
		if err != nil || len(ids) != 1 {
			t.Fatalf("%v, %v", ids, err)
		}
		got, err := s.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.out, MessageAttributeNames: []string{"All"}})
		if err != nil || len(got.Messages) != 1 || *got.Messages[0].MessageId != ids[0] || string(got.Messages[0].MessageAttributes["a"].BinaryValue) != "\x01\x02" {
			t.Errorf("received %+v, %v", got.Messages, err)
		}
		if list := s.list("a"); !slices.Equal(list, []string{"one"}) {
			t.Errorf("the item has %q", list)
		}
		var again levee.Tx
		again.Put(types.Put{TableName: aws.String("log"), Item: key("b")})
		again.DeleteMessage(s.out, "rubbish")
		_, err = s.Transact(ctx, &again)
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 2 || *cancelled.CancellationReasons[1].Code != "ReceiptHandleIsInvalid" {
			t.Errorf("got %v", err)
		}
	})
}

// Every message has its effects once and in the order of its group, though the
// function fails and panics on the way, and poison goes to the dead-letter queue.
func TestConsume(t *testing.T) {
	onStages(t, func(s *stage) {
		dead := s.queue("dead.fifo", map[string]string{"FifoQueue": "true"})
		if _, err := s.Queues.SetQueueAttributes(s.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.in, Attributes: map[string]string{
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":2}`}}); err != nil {
			t.Fatal(err)
		}
		const groups, each = 4, 12
		for i := range each {
			for g := range groups {
				s.send(fmt.Sprint("g", g), fmt.Sprint(g, "-", i))
			}
		}
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		var mu sync.Mutex
		calls, committed := map[string]int{}, 0
		done := make(chan error)
		go func() {
			done <- s.Consume(ctx, s.in, func(_ context.Context, tx *levee.Tx, m sqstypes.Message) error {
				mu.Lock()
				calls[*m.Body]++
				n := calls[*m.Body]
				mu.Unlock()
				switch {
				case *m.Body == "1-5": // poison
					return errors.New("not this one")
				case strings.HasSuffix(*m.Body, "-3") && n == 1:
					panic("once")
				case strings.HasSuffix(*m.Body, "-7") && n == 1:
					return errors.New("once")
				}
				tx.Update(appendTo(m.Attributes["MessageGroupId"], *m.Body))
				tx.Send(&sqs.SendMessageInput{QueueUrl: &s.out, MessageBody: m.Body})
				return nil
			}, func(o *levee.ConsumeOptions) {
				o.Concurrency, o.Backoff = 3, func(int) time.Duration { return 0 }
			})
		}()
		seen := map[string]bool{}
		for committed < groups*each-1 {
			got, err := s.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.out, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range got.Messages {
				if seen[*m.Body] {
					t.Errorf("%s was sent on twice", *m.Body)
				}
				seen[*m.Body] = true
				committed++
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Consume: %v", err)
		}
		s.allButOne(groups, each, dead, "1-5")
	})
}

func TestConsumeOfNoQueue(t *testing.T) {
	onStages(t, func(s *stage) {
		var gone *sqstypes.QueueDoesNotExist
		err := s.Consume(s.Context(), s.out+"x", func(context.Context, *levee.Tx, sqstypes.Message) error { return nil })
		if !errors.As(err, &gone) {
			t.Errorf("got %v", err)
		}
	})
}

// Every record has its effects once, in the order of its item, though several
// followers of one name work at the same time, stop and go on.
func TestFollow(t *testing.T) {
	onStages(t, func(s *stage) {
		const items, each = 5, 8
		for i := range each {
			for id := range items {
				_, err := s.Tables.PutItem(s.Context(), &dynamodb.PutItemInput{TableName: aws.String("sums"), Item: map[string]types.AttributeValue{
					"id": &types.AttributeValueMemberS{Value: fmt.Sprint("i", id)}, "v": &types.AttributeValueMemberS{Value: fmt.Sprint(i)}}})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		var mu sync.Mutex
		calls := map[string]int{}
		handle := func(_ context.Context, tx *levee.Tx, r streamtypes.Record) error {
			id := r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value
			v := r.Dynamodb.NewImage["v"].(*streamtypes.AttributeValueMemberS).Value
			mu.Lock()
			calls[id+v]++
			n := calls[id+v]
			mu.Unlock()
			if v == "2" && n == 1 {
				return errors.New("once")
			}
			tx.Update(appendTo(id, v))
			return nil
		}
		total := func() (n int) {
			for id := range items {
				n += len(s.list(fmt.Sprint("i", id)))
			}
			return n
		}
		quick := func(o *levee.FollowOptions) {
			o.Poll, o.Shards, o.Backoff = time.Millisecond, 5*time.Millisecond, func(int) time.Duration { return time.Millisecond }
		}
		for round := 1; total() < items*each; round++ {
			ctx, cancel := context.WithCancel(s.Context())
			var followers sync.WaitGroup
			for range 2 {
				followers.Go(func() {
					if err := s.Follow(ctx, "sums", "counter", handle, quick); !errors.Is(err, context.Canceled) {
						t.Errorf("Follow: %v", err)
					}
				})
			}
			for until := min(round*11, items*each); total() < until; {
				pause := time.NewTimer(time.Millisecond)
				<-pause.C
			}
			cancel()
			followers.Wait()
		}
		for id := range items {
			if got := strings.Join(s.list(fmt.Sprint("i", id)), ""); got != "01234567" {
				t.Errorf("item %d has %s", id, got)
			}
		}
	})
}

func TestFollowOfNoStream(t *testing.T) {
	onStages(t, func(s *stage) {
		var gone *streamtypes.ResourceNotFoundException
		err := s.Follow(s.Context(), "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/2026-01-01T00:00:00.000", "c",
			func(context.Context, *levee.Tx, streamtypes.Record) error { return nil })
		if !errors.As(err, &gone) {
			t.Errorf("got %v", err)
		}
		var missing *types.ResourceNotFoundException
		if err := s.Follow(s.Context(), "none", "c", nil); !errors.As(err, &missing) {
			t.Errorf("got %v", err)
		}
	})
}

// allButOne looks whether each group has all of its messages in their order, but for one,
// which is in the dead-letter queue.
func (s *stage) allButOne(groups, each int, deadLetters, poison string) {
	s.Helper()
	for g := range groups {
		var want []string
		for i := range each {
			if text := fmt.Sprint(g, "-", i); text != poison {
				want = append(want, text)
			}
		}
		if got := s.list(fmt.Sprint("g", g)); !slices.Equal(got, want) {
			s.Errorf("group %d has %q, want %q", g, got, want)
		}
	}
	got, err := s.Queues.ReceiveMessage(s.Context(), &sqs.ReceiveMessageInput{QueueUrl: &deadLetters})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != poison {
		s.Errorf("the dead letters are %+v, %v", got.Messages, err)
	}
}
