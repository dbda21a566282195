package pipeline

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// laneDepth is how many pages wait for a lane before the reader does.
const laneDepth = 2

// lane hands over batches, one at a time and in order.
type lane struct {
	*reader
	in   chan []*record
	open *tumble   // with tumbling windows
	held []*record // what came and is in no batch yet
}

func newLane(r *reader, open *tumble) *lane {
	return &lane{reader: r, in: make(chan []*record, laneDepth), open: open}
}

// run handles what comes until the shard ends or ctx does.
func (l *lane) run(ctx context.Context) {
	for {
		if l.s.Tumbling > 0 {
			if !l.runTumbling(ctx) {
				return
			}
			continue
		}
		batch := l.collect(ctx)
		if len(batch) == 0 {
			return
		}
		l.handle(ctx, batch, 0)
	}
}

// collect returns the next batch: what there is, and with a batching window what
// comes until it ends or the batch is full. It is empty at the end.
func (l *lane) collect(ctx context.Context) []*record {
	if len(l.held) == 0 && !l.receive(ctx, nil) {
		return nil
	}
	var end <-chan time.Time
	if l.s.Window > 0 {
		t := time.NewTimer(time.Duration(l.s.Window) * time.Second)
		defer t.Stop()
		end = t.C
	}
	for !l.full() && l.receiveMore(ctx, end) {
		continue
	}
	n := l.fitting()
	batch := l.held[:n:n]
	l.held = l.held[n:]
	if ctx.Err() != nil {
		return nil
	}
	return batch
}

// receive waits for records, and reports whether some came before the end.
func (l *lane) receive(ctx context.Context, end <-chan time.Time) bool {
	select {
	case part, ok := <-l.in:
		l.held = append(l.held, part...)
		return ok
	case <-end:
	case <-ctx.Done():
	}
	return false
}

// receiveMore takes what is there, and without anything waits only if there is a
// window.
func (l *lane) receiveMore(ctx context.Context, end <-chan time.Time) bool {
	if end != nil {
		return l.receive(ctx, end)
	}
	select {
	case part, ok := <-l.in:
		l.held = append(l.held, part...)
		return ok
	default:
		return false
	}
}

// full reports whether what is held makes a batch.
func (l *lane) full() bool {
	return len(l.held) >= int(l.s.BatchSize) || l.fitting() < len(l.held)
}

// fitting is how many of the records held fit into one event.
func (l *lane) fitting() int {
	size := 0
	for i, r := range l.held {
		if size += len(r.data) + 1; i == int(l.s.BatchSize) || i > 0 && size > maxPayload {
			return i
		}
	}
	return len(l.held)
}

// handle hands over records until they are handled or given up.
func (l *lane) handle(ctx context.Context, batch []*record, failures int) {
	var b backoff
	for ctx.Err() == nil {
		if batch = l.dropOld(ctx, batch, failures); len(batch) == 0 {
			return
		}
		out, err := l.take(ctx, batch)
		if err != nil {
			l.failed(ctx, err) // throttled: not an attempt
			b.wait(ctx)
			continue
		}
		done, ok := l.outcome(batch, out)
		if done > 0 {
			l.note(batch[:done], out)
			batch = batch[done:]
		}
		if ok {
			l.mapping.note(resultOK)
			return
		}
		l.mapping.note(resultFailed)
		l.mapping.fail(out.result, out.why)
		if l.s.Bisect && done == 0 && len(batch) > 1 {
			half := len(batch) / 2
			l.handle(ctx, batch[:half], failures)
			l.handle(ctx, batch[half:], failures)
			return
		}
		if failures++; l.s.MaxRetries >= 0 && failures > int(l.s.MaxRetries) {
			l.giveUp(ctx, batch, event.RetryAttemptsExhausted, out, failures)
			return
		}
		b.wait(ctx)
	}
}

// take hands over what is wanted of a batch once.
func (l *lane) take(ctx context.Context, records []*record) (*outcome, error) {
	wanted := wantedOf(records)
	if len(wanted) == 0 {
		return &outcome{}, nil
	}
	b := &batch{records: wanted}
	if l.end.exact() {
		b.stage = func(to kv.Batch, last *record) error {
			return checkpoint{Sequence: last.id}.stage(to, l.s.ID, l.shard)
		}
	}
	return l.end.take(ctx, b)
}

// note notes that records were handled.
func (l *lane) note(list []*record, out *outcome) {
	l.mapping.count(list)
	if out.removed {
		l.tracker.saved(list)
	} else {
		l.tracker.done(list, nil)
	}
}

// outcome returns how many records at the beginning of a batch were handled, and
// whether all were. If one is named that is not there, none was: what the function
// means is not known.
func (l *lane) outcome(batch []*record, out *outcome) (done int, ok bool) {
	if out.failed {
		return 0, false
	}
	if len(out.items) == 0 {
		return len(batch), true
	}
	done, found := len(batch), 0
	for i, r := range batch {
		if out.items[r.id] {
			done = min(done, i)
			found++
		}
	}
	if found < len(out.items) {
		return 0, false
	}
	return done, false
}

// failed notes that the function was not invoked.
func (l *lane) failed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		l.mapping.note(resultFailed)
		l.mapping.fail(nil, err)
		l.engine.log.Debug("function of an event source mapping was not invoked", "mapping", l.s.arn(), "err", err)
	}
}

// dropOld gives up the records that are older than they may be.
func (l *lane) dropOld(ctx context.Context, batch []*record, failures int) []*record {
	if l.s.MaxAge < 0 {
		return batch
	}
	oldest := time.Now().Add(-time.Duration(l.s.MaxAge) * time.Second)
	n := 0
	for n < len(batch) && batch[n].created.Before(oldest) {
		n++
	}
	if n > 0 {
		l.giveUp(ctx, batch[:n], event.RecordAgeExceeded, nil, failures)
	}
	return batch[n:]
}
