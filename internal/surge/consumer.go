package surge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// receiver is what consumers need of the queue.
type receiver interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// transactor is what consumers need of the tables.
type transactor interface {
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// consumer takes messages from the queue and stores them. It keeps nothing between two receives: another one can
// take its place at any moment.
type consumer struct {
	names    names
	queue    receiver
	url      string
	tables   transactor
	trouble  *trouble
	counters *counters
	// calm is true when trouble should end: the backlog is gone, and the run only waits for the last redeliveries.
	calm func() bool
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
	fate := survives
	if !c.calm() {
		fate = c.trouble.fate()
	}
	c.counters.killed[fate].Add(1)
	if fate == diesBefore {
		return errKilled
	}
	done, storeErr := c.store(ctx, deliveries, fate == diesDuring)
	if fate != survives {
		return errKilled
	}
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
	return c.read(out.Messages), nil
}

// read parses the messages. One that cannot be read is left in the queue, and will end in the dead-letter queue.
func (c *consumer) read(messages []types.Message) []*delivery {
	now := time.Now().UnixMicro()
	deliveries := make([]*delivery, 0, len(messages))
	for _, m := range messages {
		parsed, err := parseMessage(aws.ToString(m.Body))
		if err != nil {
			c.counters.poison.Add(1)
			continue
		}
		d := &delivery{Message: parsed, id: aws.ToString(m.MessageId), handle: aws.ToString(m.ReceiptHandle)}
		d.receives, _ = strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
		if d.receives > 1 {
			c.counters.redelivered.Add(1)
		}
		atLeast(&c.counters.oldest, now-parsed.Sent)
		deliveries = append(deliveries, d)
	}
	return deliveries
}

// store puts the messages in the tables, and returns those that are there now. If killed, it is cut off at a random
// moment.
func (c *consumer) store(ctx context.Context, deliveries []*delivery, killed bool) ([]*delivery, error) {
	if killed {
		cut, cancel := context.WithTimeout(ctx, c.trouble.soon())
		defer cancel()
		ctx = cut
	}
	var done []*delivery
	for _, p := range parcels(c.names, deliveries) {
		if err := c.commit(ctx, p); err != nil {
			return done, err
		}
		now := time.Now()
		for _, d := range p.stored {
			c.counters.latency.record(now.Sub(time.UnixMicro(d.Sent)), 1)
		}
		c.counters.stored.Add(int64(len(p.stored)))
		c.counters.duplicates.Add(int64(len(p.duplicates)))
		done = append(append(done, p.stored...), p.duplicates...)
	}
	return done, nil
}

// commit tries the parcel's transaction until it goes through, each time without what is already stored.
func (c *consumer) commit(ctx context.Context, p *parcel) error {
	for attempt := range maxAttempts {
		items, owners := p.actions()
		var err error
		if len(items) > 0 {
			err = c.transact(ctx, p, items)
		}
		var cancelled *dbtypes.TransactionCanceledException
		if err == nil {
			p.settle()
			return nil
		} else if !errors.As(err, &cancelled) {
			return fmt.Errorf("store: %w", err)
		}
		conflict, err := p.revise(cancelled.CancellationReasons, owners)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if !conflict {
			c.counters.revised.Add(1)
			continue
		}
		c.counters.conflicts.Add(1)
		if err := sleep(ctx, c.trouble.soon()+backoff(attempt)); err != nil {
			return err
		}
	}
	return fmt.Errorf("store: cancelled %d times", maxAttempts)
}

func (c *consumer) transact(ctx context.Context, p *parcel, items []dbtypes.TransactWriteItem) error {
	if c.trouble.strikes() {
		ctx = loseReply(ctx)
		c.counters.lostCommits.Add(1)
	}
	_, err := c.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: items, ClientRequestToken: aws.String(p.token()),
	})
	return err
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
