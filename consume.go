package levee

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ConsumeOptions say how Consume goes about its work.
type ConsumeOptions struct {
	// Concurrency is how many messages are worked on at a time. On a FIFO queue they
	// are of different groups. The default is 1.
	Concurrency int
	// Batch is how many messages are received at a time, from 1 to 10. They are
	// worked on one after the other. The default is 10, and 1 on a FIFO queue: there, those
	// that come after a message on which the function failed are given back, which
	// counts as a receive of theirs too where there is a redrive policy.
	Batch int
	// VisibilityTimeout is for how long messages are received. It is extended while
	// a function runs, so it says how soon others go on after a crash. The default is
	// 30 seconds.
	VisibilityTimeout time.Duration
	// Backoff is how long a message on which the function failed stays invisible,
	// by how often it was received, in whole seconds. The default is 1 second,
	// doubled each time, at most 5 minutes.
	Backoff func(receives int) time.Duration
}

// Consume calls handle for the messages of a queue until ctx ends, and returns the
// error of ctx, or that of a queue that does not exist.
//
// What handle collects in tx and the removal of the message are one transaction. So
// whatever happens to this process, to others that consume the same queue and to
// the server, each message has its effects once, and on a FIFO queue in the order of
// its group. handle itself may be called more than once for a message; it should do
// nothing but read and collect.
//
// If handle fails or panics, or a condition of the transaction does not hold, the
// message, and on a FIFO queue its group, comes back after a while. The redrive
// policy of the queue says after how many times it is given up.
func (c *Client) Consume(ctx context.Context, queueURL string, handle func(ctx context.Context, tx *Tx, m sqstypes.Message) error, options ...func(*ConsumeOptions)) error {
	o := ConsumeOptions{Concurrency: 1, Batch: 10, VisibilityTimeout: 30 * time.Second, Backoff: backoff}
	if isFIFO(queueURL) {
		o.Batch = 1
	}
	for _, f := range options {
		f(&o)
	}
	o.Batch = min(max(o.Batch, 1), 10)
	k := &consumer{Client: c, queueURL: queueURL, handle: handle, options: o}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	for range max(1, o.Concurrency) {
		workers.Go(func() {
			if err := k.work(ctx); err != nil {
				stop(err)
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// backoff is the default of ConsumeOptions.Backoff, and how Follow waits.
func backoff(times int) time.Duration {
	return min(time.Second<<min(max(times-1, 0), 10), 5*time.Minute)
}

// consumer is one call of Consume.
type consumer struct {
	*Client
	queueURL string
	handle   func(context.Context, *Tx, sqstypes.Message) error
	options  ConsumeOptions
}

// work receives messages and works on them until ctx ends.
func (k *consumer) work(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		out, err := k.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &k.queueURL, MaxNumberOfMessages: int32(k.options.Batch), WaitTimeSeconds: 20, VisibilityTimeout: k.timeout(),
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
		})
		var gone *sqstypes.QueueDoesNotExist
		switch {
		case errors.As(err, &gone):
			return err
		case err != nil && ctx.Err() == nil:
			failures++
			k.log().Warn("receive messages", "queue", k.queueURL, "err", err)
			pause(ctx, backoff(failures))
			continue
		case err != nil:
			return ctx.Err()
		}
		failures = 0
		k.workOn(ctx, out.Messages)
	}
	return nil
}

func (k *consumer) timeout() int32 { return int32(max(1, k.options.VisibilityTimeout/time.Second)) }

// workOn works on messages that were received together, and gives back what it
// does not come to.
func (k *consumer) workOn(ctx context.Context, list []sqstypes.Message) {
	h := k.hold(list)
	defer h.release()
	closed := map[string]bool{} // groups of which a message failed
	for _, m := range list {
		group, ordered := m.Attributes["MessageGroupId"], m.Attributes["SequenceNumber"] != ""
		if ctx.Err() != nil || ordered && closed[group] {
			k.giveBack(ctx, h, m, 0)
			continue
		}
		err := k.process(ctx, h, m)
		if err == nil {
			h.drop(m)
			continue
		}
		closed[group] = true
		receives, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		wait := k.options.Backoff(receives)
		if ctx.Err() != nil {
			wait = 0
		} else {
			k.log().Warn("consume a message", "queue", k.queueURL, "message", aws.ToString(m.MessageId), "receives", receives, "retry", wait, "err", err)
		}
		k.giveBack(ctx, h, m, wait)
	}
}

// process calls the function for one message and commits what it collected. A
// message that somebody else has by now is none of our business any more.
func (k *consumer) process(ctx context.Context, h *holding, m sqstypes.Message) error {
	for attempt := 1; ; attempt++ {
		tx := new(Tx)
		if err := guarded(func() error { return k.handle(ctx, tx, m) }); err != nil {
			return err
		}
		err := k.commit(ctx, tx, m)
		switch {
		case has(err, "ReceiptHandleIsInvalid"):
			return nil
		case has(err, "TransactionConflict") && attempt < conflictAttempts && ctx.Err() == nil:
			pause(ctx, time.Duration(attempt)*5*time.Millisecond)
			continue
		}
		return err
	}
}

// conflictAttempts is how often a function is called again at once because other
// transactions were in the way.
const conflictAttempts = 10

// commit carries out what a function collected, together with the removal of its
// message.
func (k *consumer) commit(ctx context.Context, tx *Tx, m sqstypes.Message) error {
	whole := tx.clone()
	whole.DeleteMessage(k.queueURL, aws.ToString(m.ReceiptHandle))
	_, err := k.Transact(ctx, whole)
	if !errors.Is(err, ErrNoTransact) {
		return err
	}
	if err := k.commitOnce(ctx, tx, k.queueURL+"#"+aws.ToString(m.MessageId)); err != nil {
		return err
	}
	_, err = k.Queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &k.queueURL, ReceiptHandle: m.ReceiptHandle})
	return err
}

// giveBack makes a message visible again after a while.
func (k *consumer) giveBack(ctx context.Context, h *holding, m sqstypes.Message, after time.Duration) {
	h.drop(m)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	seconds := int32((after + time.Second - 1) / time.Second)
	_, err := k.Queues.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &k.queueURL, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	if err != nil {
		k.log().Debug("give back a message", "queue", k.queueURL, "err", err) // it comes back by itself
	}
}

// holding extends the visibility timeouts of messages while they are worked on.
type holding struct {
	*consumer
	stop    context.CancelFunc
	stopped chan struct{}

	mu   sync.Mutex
	left map[string]*string // receipt handles by message id; guarded by mu
}

func (k *consumer) hold(list []sqstypes.Message) *holding {
	ctx, stop := context.WithCancel(context.Background())
	h := &holding{consumer: k, stop: stop, stopped: make(chan struct{}), left: map[string]*string{}}
	for _, m := range list {
		h.left[aws.ToString(m.MessageId)] = m.ReceiptHandle
	}
	go h.run(ctx)
	return h
}

func (h *holding) run(ctx context.Context) {
	defer close(h.stopped)
	tick := time.NewTicker(time.Duration(h.timeout()) * time.Second / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.extend(ctx)
		}
	}
}

// extend extends what is left. Under mu, so that no message is extended after it
// was dropped.
func (h *holding) extend(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var entries []sqstypes.ChangeMessageVisibilityBatchRequestEntry
	for _, handle := range h.left {
		entries = append(entries, sqstypes.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(len(entries))), ReceiptHandle: handle, VisibilityTimeout: h.timeout(),
		})
	}
	if len(entries) == 0 {
		return
	}
	if _, err := h.Queues.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &h.queueURL, Entries: entries}); err != nil && ctx.Err() == nil {
		h.log().Warn("extend visibility timeouts", "queue", h.queueURL, "err", err)
	}
}

func (h *holding) drop(m sqstypes.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.left, aws.ToString(m.MessageId))
}

func (h *holding) release() {
	h.stop()
	<-h.stopped
}

// guarded calls a function of the user, whose panic is an error like any other.
func guarded(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("levee: the function panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	return f()
}

// has reports whether a transaction was cancelled for a reason.
func has(err error, reason string) bool {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return false
	}
	for _, r := range cancelled.CancellationReasons {
		if aws.ToString(r.Code) == reason {
			return true
		}
	}
	return false
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
