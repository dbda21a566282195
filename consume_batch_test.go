package levee_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

// batches consumes until so many messages were sent on to the queue out, and returns
// which were, and the sizes of the batches that the function got.
func (s *stage) batches(n int, handle func(context.Context, *levee.Tx, []sqstypes.Message) error) (sent []string, sizes []int) {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	done := make(chan error)
	var mu sync.Mutex
	go func() {
		done <- s.ConsumeBatch(ctx, s.in, func(ctx context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
			mu.Lock()
			sizes = append(sizes, len(batch))
			mu.Unlock()
			for _, m := range batch {
				tx.Send(&sqs.SendMessageInput{QueueUrl: &s.out, MessageBody: m.Body})
			}
			return handle(ctx, tx, batch)
		}, func(o *levee.ConsumeOptions) {
			o.Concurrency, o.Backoff = 2, func(int) time.Duration { return 0 }
		})
	}()
	for len(sent) < n {
		got, err := s.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.out, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil {
			s.Fatal(err)
		}
		for _, m := range got.Messages {
			if slices.Contains(sent, *m.Body) {
				s.Errorf("%s was sent on twice", *m.Body)
			}
			sent = append(sent, *m.Body)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		s.Errorf("ConsumeBatch: %v", err)
	}
	return sent, sizes
}

// together collects one update for each group of a batch.
func together(tx *levee.Tx, batch []sqstypes.Message) {
	var groups []string
	texts := map[string][]string{}
	for _, m := range batch {
		group := m.Attributes["MessageGroupId"]
		if texts[group] == nil {
			groups = append(groups, group)
		}
		texts[group] = append(texts[group], *m.Body)
	}
	for _, group := range groups {
		tx.Update(appendTo(group, texts[group]...))
	}
}

// Messages are worked on together, each has its effects once and in the order of its
// group, and one that is poison, or does not get through, stops nobody but its group.
func TestConsumeBatch(t *testing.T) {
	onStages(t, func(s *stage) {
		dead := s.queue("dead.fifo", map[string]string{"FifoQueue": "true"})
		if _, err := s.Queues.SetQueueAttributes(s.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.in, Attributes: map[string]string{
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":3}`}}); err != nil {
			t.Fatal(err)
		}
		const groups, each = 3, 25
		for i := range each {
			for g := range groups {
				s.send(fmt.Sprint("g", g), fmt.Sprint(g, "-", i))
			}
		}
		var mu sync.Mutex
		failed := map[string]bool{}
		once := func(batch []sqstypes.Message, suffix string) bool {
			mu.Lock()
			defer mu.Unlock()
			i := slices.IndexFunc(batch, func(m sqstypes.Message) bool { return strings.HasSuffix(*m.Body, suffix) })
			if i < 0 || failed[*batch[i].Body] {
				return false
			}
			if len(batch) == 1 {
				failed[*batch[0].Body] = true
			}
			return true
		}
		_, sizes := s.batches(groups*each-1, func(_ context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
			switch {
			case slices.ContainsFunc(batch, func(m sqstypes.Message) bool { return *m.Body == "1-5" }):
				return errors.New("not this one")
			case once(batch, "-3"):
				panic("once")
			case once(batch, "-7"):
				tx.Check(types.ConditionCheck{TableName: aws.String("sums"), Key: key("x"), ConditionExpression: aws.String("attribute_exists(id)")})
			}
			together(tx, batch)
			return nil
		})
		if has, err := s.HasTransact(s.Context()); err != nil || has && slices.Max(sizes) == 1 {
			t.Errorf("batches of %v, %v", sizes, err)
		}
		s.allButOne(groups, each, dead, "1-5")
	})
}

// A batch whose actions are too many for one transaction is divided.
func TestConsumeBatchOfManyActions(t *testing.T) {
	onStages(t, func(s *stage) {
		const messages, actions = 10, 30
		for i := range messages {
			s.send("g", fmt.Sprint(i))
		}
		sent, _ := s.batches(messages, func(_ context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
			for _, m := range batch {
				for i := range actions {
					tx.Update(appendTo(fmt.Sprint(*m.Body, "-", i), "x"))
				}
			}
			return nil
		})
		if !slices.IsSorted(sent) {
			t.Errorf("sent on: %q", sent)
		}
		out, err := s.Tables.Scan(s.Context(), &dynamodb.ScanInput{TableName: aws.String("log"), ConsistentRead: aws.Bool(true),
			FilterExpression: aws.String("n = :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}}})
		if err != nil || out.Count != messages*actions || out.ScannedCount != out.Count {
			t.Errorf("%d items of %d were written once, %v", out.Count, out.ScannedCount, err)
		}
	})
}

// Of a batch of which somebody else has taken a message meanwhile, nothing of that
// message is done, and nothing that follows it in its group.
func TestConsumeBatchOfTakenMessage(t *testing.T) {
	onStages(t, func(s *stage) {
		for i := range 4 {
			s.send("g", fmt.Sprint(i))
		}
		var first sync.Once
		sent, _ := s.batches(3, func(ctx context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
			first.Do(func() { // somebody else has done message 1
				if i := slices.IndexFunc(batch, func(m sqstypes.Message) bool { return *m.Body == "1" }); i >= 0 {
					_, err := s.Queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &s.in, ReceiptHandle: batch[i].ReceiptHandle})
					if err != nil {
						t.Error(err)
					}
				}
			})
			together(tx, batch)
			return nil
		})
		if has, err := s.HasTransact(s.Context()); err != nil || has && !slices.Equal(sent, []string{"0", "2", "3"}) {
			t.Errorf("sent on: %q, %v", sent, err)
		}
	})
}
