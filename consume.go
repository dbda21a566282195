package levee

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ConsumeOptions say how Consume and ConsumeBatch go about their work.
type ConsumeOptions struct {
	// Concurrency is how many messages, or batches, are worked on at a time. On a FIFO
	// queue they are of different groups. The default is 1.
	Concurrency int
	// Batch is how many messages are received at a time, from 1 to 10. Consume works on
	// them one after the other. The default is 10, and 1 for Consume on a FIFO queue,
	// where those that come after a message on which the function failed are given
	// back. At an endpoint without Transact that counts as a receive of theirs, and
	// ConsumeBatch receives one message of a FIFO queue at a time.
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
	o := consumeDefaults()
	if isFIFO(queueURL) {
		o.Batch = 1
	}
	one := func(ctx context.Context, tx *Tx, batch []sqstypes.Message) error { return handle(ctx, tx, batch[0]) }
	return c.consume(ctx, &consumer{queueURL: queueURL, handle: one, options: o}, options)
}

// ConsumeBatch is Consume with one transaction for all messages of a receive, up to
// ten: what handle collects for them, up to 100 actions less one for each message,
// and their removal are done together. That takes a fraction of the requests, and
// lets handle put together what they do to the same item. On a FIFO queue, a batch
// has messages of one or more groups, those of a group in their order.
//
// If handle fails or panics for several messages, or the transaction cannot be done,
// each half of them is tried by itself, down to the single message that is in the
// way. That comes back after a while, with what follows it in its group; everything
// else goes through. At an endpoint without Transact, handle gets one message at a
// time.
func (c *Client) ConsumeBatch(ctx context.Context, queueURL string, handle func(ctx context.Context, tx *Tx, batch []sqstypes.Message) error, options ...func(*ConsumeOptions)) error {
	return c.consume(ctx, &consumer{queueURL: queueURL, handle: handle, together: true, options: consumeDefaults()}, options)
}

func consumeDefaults() ConsumeOptions {
	return ConsumeOptions{Concurrency: 1, Batch: maxReceive, VisibilityTimeout: 30 * time.Second, Backoff: backoff}
}

// maxReceive is how many messages a receive has at most.
const maxReceive = 10

// consume runs the workers of a consumer.
func (c *Client) consume(ctx context.Context, k *consumer, options []func(*ConsumeOptions)) error {
	k.Client = c
	for _, f := range options {
		f(&k.options)
	}
	k.options.Batch = min(max(k.options.Batch, 1), maxReceive)
	if k.together && isFIFO(k.queueURL) {
		if has, err := c.HasTransact(ctx); err == nil && !has {
			k.options.Batch = 1
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	for range max(1, k.options.Concurrency) {
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

// reconnects is how long to wait before the next request after so many that failed
// in a row: about 50 ms, doubled each time, at most 3 seconds.
func reconnects(failures int) time.Duration {
	d := min(50*time.Millisecond<<min(max(failures-1, 0), 10), 3*time.Second)
	return d/2 + rand.N(d)/2 // so that not all come back at once
}

// consumer is one call of Consume or ConsumeBatch.
type consumer struct {
	*Client
	queueURL string
	handle   func(context.Context, *Tx, []sqstypes.Message) error
	together bool // one transaction for several messages
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
			pause(ctx, reconnects(failures))
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
	d := &delivery{holding: k.hold(list), closed: map[string]bool{}}
	defer d.release()
	size := 1
	if k.together && !k.bare.Load() {
		size = maxReceive
	}
	for part := range slices.Chunk(list, size) {
		d.settle(ctx, part)
	}
}

// delivery is what was received together.
type delivery struct {
	*holding
	closed map[string]bool // groups of which a message failed: the others must not pass it
}

// settle works on some of the messages: together, and if that fails, half by half.
func (d *delivery) settle(ctx context.Context, list []sqstypes.Message) {
	var open, shut []sqstypes.Message
	for _, m := range list {
		if group, ordered := groupOf(m); ctx.Err() != nil || ordered && d.closed[group] {
			shut = append(shut, m)
		} else {
			open = append(open, m)
		}
	}
	d.giveBackUntried(ctx, shut)
	if len(open) == 0 {
		return
	}
	err := d.process(ctx, open)
	switch {
	case err == nil:
		d.drop(open)
	case len(open) > 1 && divisible(err) && ctx.Err() == nil:
		half := (len(open) + 1) / 2
		d.settle(ctx, open[:half])
		d.settle(ctx, open[half:])
	case lastReason(err) == codeReceiptInvalid: // somebody else has the message by now
		d.close(open)
		d.drop(open)
	default:
		d.close(open)
		d.fail(ctx, open, err)
	}
}

func (d *delivery) close(list []sqstypes.Message) {
	for _, m := range list {
		group, _ := groupOf(m)
		d.closed[group] = true
	}
}

// groupOf returns the group of a message, and whether it is of a FIFO queue.
func groupOf(m sqstypes.Message) (group string, ordered bool) {
	return m.Attributes["MessageGroupId"], m.Attributes["SequenceNumber"] != ""
}

// fail gives back messages on which the function, or the transaction, failed.
func (d *delivery) fail(ctx context.Context, list []sqstypes.Message, err error) {
	receives := func(m sqstypes.Message) int {
		n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		return n
	}
	if ctx.Err() != nil {
		d.giveBackUntried(ctx, list)
		return
	}
	for _, m := range list {
		d.log().Warn("consume a message", "queue", d.queueURL, "message", aws.ToString(m.MessageId), "receives", receives(m), "retry", d.options.Backoff(receives(m)), "err", err)
	}
	d.giveBack(ctx, list, func(m sqstypes.Message) time.Duration { return d.options.Backoff(receives(m)) })
}

// process calls the function for messages and commits what it collected.
func (k *consumer) process(ctx context.Context, list []sqstypes.Message) error {
	for attempt := 1; ; attempt++ {
		tx := new(Tx)
		if err := guarded(func() error { return k.handle(ctx, tx, list) }); err != nil {
			return &failure{err}
		}
		err := k.commit(ctx, tx, list)
		if !has(err, "TransactionConflict") || attempt == conflictAttempts || ctx.Err() != nil {
			return err
		}
		pause(ctx, time.Duration(attempt)*5*time.Millisecond)
	}
}

// conflictAttempts is how often a function is called again at once because other
// transactions were in the way.
const conflictAttempts = 10

// failure is an error of the function.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// errTooMany is what comes of a transaction that is too large for several messages.
var errTooMany = fmt.Errorf("levee: more than %d actions", maxActions)

// divisible reports whether what failed for several messages may go through for some
// of them. Where nobody answers, or the server has a trouble of its own, it will not.
func divisible(err error) bool {
	if errors.As(err, new(*smithyhttp.RequestSendError)) {
		return false
	}
	var typed smithy.APIError
	if errors.As(err, &typed) {
		return typed.ErrorFault() != smithy.FaultServer
	}
	return errors.As(err, new(*failure)) || errors.Is(err, errTooMany) || errors.Is(err, ErrNoTransact)
}

// commit carries out what a function collected, together with the removal of its
// messages.
func (k *consumer) commit(ctx context.Context, tx *Tx, list []sqstypes.Message) error {
	whole := tx.clone()
	for _, m := range list {
		whole.DeleteMessage(k.queueURL, aws.ToString(m.ReceiptHandle))
	}
	if len(list) > 1 && whole.Len() > maxActions {
		return errTooMany
	}
	_, err := k.Transact(ctx, whole)
	if !errors.Is(err, ErrNoTransact) || len(list) > 1 {
		return err
	}
	m := list[0]
	if err := k.commitOnce(ctx, tx, k.queueURL+"#"+aws.ToString(m.MessageId)); err != nil {
		return err
	}
	_, err = k.Queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &k.queueURL, ReceiptHandle: m.ReceiptHandle})
	return err
}

// giveBackUntried makes messages visible again at once, as if they had not been
// received: it is not their fault.
func (d *delivery) giveBackUntried(ctx context.Context, list []sqstypes.Message) {
	if len(list) == 0 {
		return
	}
	d.drop(list)
	tx := new(Tx)
	for _, m := range list {
		tx.ReturnMessage(d.queueURL, aws.ToString(m.ReceiptHandle))
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	if _, err := d.Transact(back, tx); err != nil { // there is no Transact, or somebody else has one of them
		d.giveBack(ctx, list, func(sqstypes.Message) time.Duration { return 0 })
	}
}

// backTimeout is for how long it is tried to give messages back.
const backTimeout = 5 * time.Second

// giveBack makes messages visible again, each after a while.
func (d *delivery) giveBack(ctx context.Context, list []sqstypes.Message, after func(sqstypes.Message) time.Duration) {
	if len(list) == 0 {
		return
	}
	d.drop(list)
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &d.queueURL}
	for i, m := range list {
		in.Entries = append(in.Entries, sqstypes.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32((after(m) + time.Second - 1) / time.Second),
		})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	if _, err := d.Queues.ChangeMessageVisibilityBatch(ctx, in); err != nil {
		d.log().Debug("give back messages", "queue", d.queueURL, "err", err) // they come back by themselves
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

func (h *holding) drop(list []sqstypes.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range list {
		delete(h.left, aws.ToString(m.MessageId))
	}
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

// lastReason returns why the last action of a transaction could not be done, "" if
// that is not what failed.
func lastReason(err error) string {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) == 0 {
		return ""
	}
	return aws.ToString(cancelled.CancellationReasons[len(cancelled.CancellationReasons)-1].Code)
}

// codeReceiptInvalid is why a message cannot be deleted that somebody else has.
const codeReceiptInvalid = "ReceiptHandleIsInvalid"

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
