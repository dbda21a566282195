package pipeline

import (
	"context"
	"errors"
	"strconv"
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

// message is a message of a batch.
type message struct {
	id, receipt, body string
	record            []byte
}

// worker handles one batch of a queue after the other.
type worker struct {
	*crew
	backoff backoff
}

func (w *worker) run() {
	for w.ctx.Err() == nil {
		batch, err := w.collect()
		switch {
		case w.ctx.Err() != nil:
			return
		case err != nil:
			w.engine.log.Warn("queue of an event source mapping cannot be read", "mapping", w.s.ID, "queue", w.src.arn, "err", err)
			w.backoff.wait(w.ctx)
		case len(batch) == 0:
			if w.dismiss() {
				return
			}
		default:
			w.occupied()
			w.handle(batch)
			w.free()
		}
	}
}

// collect receives a batch: what there is, and with a batching window what comes
// until it ends or the batch is full.
func (w *worker) collect() ([]message, error) {
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

func sizeOf(batch []message) int {
	n := 0
	for i := range batch {
		n += len(batch[i].record) + 1
	}
	return n
}

// receive makes one request. Messages that do not pass the filters are deleted.
func (w *worker) receive(ctx context.Context, most int, wait time.Duration) ([]message, error) {
	out, err := w.engine.opts.Queues.ReceiveMessage(ctx, callerOf(w.src.ns), &sqsapi.ReceiveMessageRequest{
		QueueUrl: api.Some(w.src.queueURL()), MaxNumberOfMessages: api.Some(int64(min(most, maxReceive))),
		WaitTimeSeconds: api.Some(int64(min(wait, longPoll) / time.Second)),
		AttributeNames:  []string{"All"}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	var batch, unwanted []message
	for i := range out.Messages {
		m := &out.Messages[i]
		one := message{id: m.MessageId.V, receipt: m.ReceiptHandle.V, body: m.Body.V, record: event.Message(m, w.src.arn)}
		if passesMessage(w.filters, one.record, one.body) {
			batch = append(batch, one)
		} else {
			unwanted = append(unwanted, one)
		}
	}
	w.remove(unwanted)
	return batch, nil
}

// handle invokes the function with a batch, in several parts if it is too large
// for one event.
func (w *worker) handle(batch []message) {
	for len(batch) > 0 && w.ctx.Err() == nil {
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size+len(batch[n].record) < maxPayload) {
			size += len(batch[n].record) + 1
			n++
		}
		w.invoke(batch[:n])
		batch = batch[n:]
	}
}

// invoke invokes the function once and deletes what it handled. The rest becomes
// visible again by itself.
func (w *worker) invoke(part []message) {
	records := make([][]byte, len(part))
	for i := range part {
		records[i] = part[i].record
	}
	result, err := w.engine.opts.Functions.Run(w.ctx, w.s.target(), event.Join(records))
	switch {
	case w.ctx.Err() != nil && err != nil:
	case err != nil || result.Failed:
		w.mapping.fail(result, err)
		w.backoff.wait(w.ctx)
	case w.s.Report:
		w.backoff.reset()
		w.remove(handled(part, result.Payload))
	default:
		w.backoff.reset()
		w.remove(part)
	}
}

// handled returns the messages that a function does not report as failed: none if
// it names one that is not there.
func handled(part []message, payload []byte) []message {
	failed, whole := failedItems(payload)
	if whole {
		return nil
	}
	var done []message
	for _, m := range part {
		if failed[m.id] {
			delete(failed, m.id)
		} else {
			done = append(done, m)
		}
	}
	if len(failed) > 0 {
		return nil
	}
	return done
}

// remove deletes messages, also when the mapping ends: they were handled.
func (w *worker) remove(list []message) {
	for len(list) > 0 {
		n := min(len(list), maxReceive)
		in := &sqsapi.DeleteMessageBatchRequest{QueueUrl: api.Some(w.src.queueURL())}
		for i, m := range list[:n] {
			in.Entries = append(in.Entries, sqsapi.DeleteMessageBatchRequestEntry{Id: api.Some(strconv.Itoa(i)), ReceiptHandle: api.Some(m.receipt)})
		}
		list = list[n:]
		if _, err := w.engine.opts.Queues.DeleteMessageBatch(context.WithoutCancel(w.ctx), callerOf(w.src.ns), in); err != nil && !isGone(err) {
			w.engine.log.Warn("messages that were handled cannot be deleted", "mapping", w.s.ID, "queue", w.src.arn, "err", err)
		}
	}
}

// isGone reports whether an error says that a queue or stream does not exist.
func isGone(err error) bool {
	var typed *api.Error
	return errors.As(err, &typed) && (typed.Code == "QueueDoesNotExist" || typed.Code == "ResourceNotFoundException")
}
