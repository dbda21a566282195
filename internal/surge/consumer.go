package surge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// receiver is what consumers need of the queue.
type receiver interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// consumer takes messages from the queue and stores them. It keeps nothing between two receives: another one can
// take its place at any moment.
type consumer struct {
	storer
	queue receiver
	url   string
}

const (
	receiveWait   = 2 * time.Second // of a long poll
	maxFailures   = 20              // errors in a row after which a consumer gives up, and the run with it
	restartsAfter = 100 * time.Millisecond
)

// work runs consumers one after the other: when one is killed, the next takes its place.
func (c *consumer) work(ctx context.Context) error {
	failures := 0
	for ctx.Err() == nil {
		err := c.turn(ctx)
		switch {
		case err == nil:
			failures = 0
			continue
		case ctx.Err() != nil: // the run is over
		case errors.Is(err, errKilled):
			failures = 0
		default:
			if failures++; failures == maxFailures {
				return err
			}
			c.counters.retried.Add(1)
		}
		_ = sleep(ctx, restartsAfter)
	}
	return nil
}

// turn is one receive and all that follows from it.
func (c *consumer) turn(ctx context.Context) error {
	deliveries, err := c.receive(ctx)
	if err != nil || len(deliveries) == 0 {
		return err
	}
	done, storeErr := c.handle(ctx, deliveries)
	if err := c.delete(ctx, done); err != nil {
		return err
	}
	return storeErr
}

// receive takes up to ten messages. In trouble the reply is lost: nothing is received, and the messages stay in
// flight.
func (c *consumer) receive(ctx context.Context) ([]*delivery, error) {
	in := &sqs.ReceiveMessageInput{
		QueueUrl:                    &c.url,
		MaxNumberOfMessages:         batchSize,
		WaitTimeSeconds:             int32(receiveWait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	}
	if c.trouble.strikes() && !c.calm() {
		_, err := c.queue.ReceiveMessage(loseReply(ctx), in, func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
		if errors.As(err, new(errReplyLost)) {
			c.counters.lostReceives.Add(1)
			return nil, nil
		}
		return nil, err
	}
	out, err := c.queue.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	return c.deliveries(out.Messages), nil
}

// deliveries parses the messages. One that cannot be read is left in the queue, and will end in the dead-letter queue.
func (c *consumer) deliveries(messages []types.Message) []*delivery {
	deliveries := make([]*delivery, 0, len(messages))
	for _, m := range messages {
		receives, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
		if d := c.read(aws.ToString(m.Body), aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle), receives); d != nil {
			deliveries = append(deliveries, d)
		}
	}
	return deliveries
}

// delete tells the queue that the messages are done. A handle that has expired in between is no error: the message
// comes again, and is recognized.
func (c *consumer) delete(ctx context.Context, done []*delivery) error {
	if len(done) == 0 {
		return nil
	}
	entries := make([]types.DeleteMessageBatchRequestEntry, len(done))
	for i, d := range done {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &d.handle}
	}
	_, err := c.queue.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &c.url, Entries: entries})
	if err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}
