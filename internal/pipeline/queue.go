package pipeline

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/pipeline/event"
)

const (
	maxReceive = 10
	longPoll   = 20 * time.Second
	// maxPayload is the largest event of a batch, in bytes.
	maxPayload = 6 << 20
)

// worker handles one batch of a queue after the other.
type worker struct {
	*crew
	backoff backoff
	aside   sync.WaitGroup // messages are deleted that do not pass the filters
}

func (w *worker) run() {
	defer w.aside.Wait()
	for w.ctx.Err() == nil {
		batch, err := w.collect()
		switch {
		case w.ctx.Err() != nil:
			return
		case err != nil:
			w.engine.log.Warn("queue of an event source mapping cannot be read", "mapping", w.s.arn(), "queue", w.src.arn, "err", err)
			w.backoff.wait(w.ctx)
		case len(batch) == 0:
			if w.dismiss() {
				return
			}
		default:
			w.occupied()
			w.handle(batch)
			w.aside.Wait()
			w.free()
		}
	}
}

// collect receives a batch: what there is, and with a batching window what comes
// until it ends or the batch is full.
func (w *worker) collect() ([]*record, error) {
	batch, err := w.receive(w.ctx, int(w.s.BatchSize), longPoll)
	if err != nil || len(batch) == 0 || w.s.Window == 0 {
		return batch, err
	}
	window := time.Duration(w.s.Window) * time.Second
	end := time.Now().Add(window)
	ctx, cancel := context.WithDeadline(w.ctx, end)
	defer cancel()
	for size := sizeOf(batch); len(batch) < int(w.s.BatchSize) && size < maxPayload && ctx.Err() == nil; size = sizeOf(batch) {
		more, err := w.receive(ctx, int(w.s.BatchSize)-len(batch), time.Until(end).Round(time.Second)+time.Second)
		if err != nil {
			break // of the window, or of the mapping: what there is counts
		}
		batch = append(batch, more...)
	}
	return batch, nil
}

func sizeOf(batch []*record) int {
	n := 0
	for _, r := range batch {
		n += len(r.data) + 1
	}
	return n
}

// receive makes a request. Messages that do not pass the filters are deleted, while
// the others are handled; if there are only such, it makes another: a worker that finds
// nothing to hand over has no time to spare.
func (w *worker) receive(ctx context.Context, most int, wait time.Duration) ([]*record, error) {
	for {
		batch, unwanted, err := w.receiveOnce(ctx, most, wait)
		switch {
		case err != nil:
			return nil, err
		case len(batch) > 0 && len(unwanted) > 0:
			w.aside.Go(func() { w.remove(unwanted) })
			return batch, nil
		case len(batch) > 0 || len(unwanted) == 0:
			return batch, nil
		}
		w.remove(unwanted)
	}
}

// receiveOnce makes one request, and parts the messages by the filters.
func (w *worker) receiveOnce(ctx context.Context, most int, wait time.Duration) (batch, unwanted []*record, err error) {
	out, err := w.engine.opts.Queues.ReceiveMessage(ctx, callerOf(w.src.ns), &sqsapi.ReceiveMessageRequest{
		QueueUrl: api.Some(w.src.queueURL()), MaxNumberOfMessages: api.Some(int64(min(most, maxReceive))),
		WaitTimeSeconds: api.Some(int64(min(wait, longPoll) / time.Second)),
		AttributeNames:  []string{"All"}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return nil, nil, err
	}
	for i := range out.Messages {
		m := &out.Messages[i]
		one := &record{id: m.MessageId.V, receipt: m.ReceiptHandle.V, data: event.Message(m, w.src.arn)}
		if passesMessage(w.filters, one.data, m.Body.V) {
			batch = append(batch, one)
		} else {
			unwanted = append(unwanted, one)
		}
	}
	return batch, unwanted, nil
}

// handle hands over a batch, in several parts if it is too large for one event.
func (w *worker) handle(batch []*record) {
	for len(batch) > 0 && w.ctx.Err() == nil {
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size+len(batch[n].data) < maxPayload) {
			size += len(batch[n].data) + 1
			n++
		}
		w.hand(batch[:n])
		batch = batch[n:]
	}
}

// hand hands a part over once and deletes what was handled. The rest becomes
// visible again by itself.
func (w *worker) hand(part []*record) {
	out, err := w.end.take(w.ctx, &batch{records: part})
	switch {
	case w.ctx.Err() != nil && err != nil:
		return
	case err != nil:
		w.mapping.fail(nil, err)
		w.backoff.wait(w.ctx)
		return
	case out.failed:
		w.mapping.fail(out.result, out.why)
		w.backoff.wait(w.ctx)
		return
	}
	w.backoff.reset()
	if len(out.items) > 0 && out.why != nil {
		w.mapping.fail(nil, out.why)
	}
	done := handled(part, out.items)
	w.mapping.count(done)
	if !out.removed {
		w.remove(done)
	}
}

// handled returns the messages that are not among the failed: none if one is named
// that is not there.
func handled(part []*record, failed map[string]bool) []*record {
	var done []*record
	found := 0
	for _, m := range part {
		if failed[m.id] {
			found++
		} else {
			done = append(done, m)
		}
	}
	if found < len(failed) {
		return nil
	}
	return done
}

// remove deletes messages, also when the mapping ends: they were handled.
func (w *worker) remove(list []*record) {
	for len(list) > 0 {
		n := min(len(list), maxReceive)
		in := &sqsapi.DeleteMessageBatchRequest{QueueUrl: api.Some(w.src.queueURL())}
		for i, m := range list[:n] {
			in.Entries = append(in.Entries, sqsapi.DeleteMessageBatchRequestEntry{Id: api.Some(strconv.Itoa(i)), ReceiptHandle: api.Some(m.receipt)})
		}
		list = list[n:]
		if _, err := w.engine.opts.Queues.DeleteMessageBatch(context.WithoutCancel(w.ctx), callerOf(w.src.ns), in); err != nil && !isGone(err) {
			w.engine.log.Warn("messages that were handled cannot be deleted", "mapping", w.s.arn(), "queue", w.src.arn, "err", err)
		}
	}
}

// isGone reports whether an error says that a queue or stream does not exist.
func isGone(err error) bool {
	var typed *api.Error
	return errors.As(err, &typed) && (typed.Code == "QueueDoesNotExist" || typed.Code == "ResourceNotFoundException")
}
