package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// maxState is the largest state of a tumbling window. A window whose state is
// larger is ended early.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
const maxState = 1 << 20

// runTumbling handles the next batch of a tumbling window, or the end of one. It
// returns false when the shard or ctx ends.
func (l *lane) runTumbling(ctx context.Context) bool {
	if len(l.held) == 0 {
		l.receive(ctx, l.untilEnd())
	}
	if ctx.Err() != nil {
		return false
	}
	if len(l.held) == 0 {
		ended := l.ended()
		if l.open != nil && (ended || !time.Now().Before(l.windowEnd(l.open.Start))) {
			l.closeWindow(ctx)
		}
		return !ended
	}
	start := l.windowOf(l.held[0])
	if l.open != nil && (l.open.Early || l.open.Start.Before(start)) {
		l.closeWindow(ctx)
		return true
	}
	if l.open == nil {
		l.open = &tumble{Start: start, State: json.RawMessage("{}")}
	}
	for !l.full() && l.receiveMore(ctx, nil) {
		continue
	}
	batch := l.ofWindow(start)
	l.held = l.held[len(batch):]
	l.handleTumbling(ctx, batch)
	return true
}

// ended reports whether the shard is at its end: the channel of the lane is closed
// and empty.
func (l *lane) ended() bool {
	select {
	case part, ok := <-l.in:
		l.held = append(l.held, part...)
		return !ok
	default:
		return false
	}
}

func (l *lane) windowLength() time.Duration { return time.Duration(l.s.Tumbling) * time.Second }

func (l *lane) windowOf(r *record) time.Time { return r.created.UTC().Truncate(l.windowLength()) }

func (l *lane) windowEnd(start time.Time) time.Time { return start.Add(l.windowLength()) }

// untilEnd returns a channel that gets a value at the end of the open window, nil
// if there is none.
func (l *lane) untilEnd() <-chan time.Time {
	if l.open == nil {
		return nil
	}
	return time.After(time.Until(l.windowEnd(l.open.Start)))
}

// ofWindow returns the records of a window at the beginning of those held, as many
// as fit into a batch.
func (l *lane) ofWindow(start time.Time) []*record {
	n := l.fitting()
	for i := range n {
		if !l.windowOf(l.held[i]).Equal(start) {
			n = i
		}
		if i == n {
			break
		}
	}
	return l.held[:n:n]
}

// handleTumbling invokes the function with records of the open window, until they
// are handled or given up.
func (l *lane) handleTumbling(ctx context.Context, batch []*record) {
	var b backoff
	for failures := 0; ctx.Err() == nil; {
		if batch = l.dropOld(ctx, batch, failures); len(batch) == 0 {
			return
		}
		wanted := wantedOf(batch)
		if len(wanted) == 0 {
			l.tracker.done(batch, l.open)
			return
		}
		result, err := l.invokeWindow(ctx, wanted, false)
		if err != nil {
			l.failed(ctx, err)
			b.wait(ctx)
			continue
		}
		state, ok := newState(result)
		done := 0
		if ok {
			done, ok = l.outcome(wanted, answered(result, l.s.Report))
		}
		if done > 0 || ok {
			l.open = &tumble{Start: l.open.Start, State: state, Early: len(state) > maxState}
		}
		if ok {
			l.mapping.count(batch)
			l.tracker.done(batch, l.open)
			l.mapping.note(resultOK)
			return
		}
		if done > 0 {
			l.mapping.count(before(batch, wanted[done]))
			l.tracker.done(before(batch, wanted[done]), l.open)
			batch = batch[len(before(batch, wanted[done])):]
		}
		l.mapping.note(resultFailed)
		l.mapping.fail(result, nil)
		if failures++; l.s.MaxRetries >= 0 && failures > int(l.s.MaxRetries) {
			l.giveUp(ctx, batch, event.RetryAttemptsExhausted, &outcome{result: result}, failures)
			return
		}
		b.wait(ctx)
	}
}

// before returns the records of a batch before one of them.
func before(batch []*record, end *record) []*record {
	for i, r := range batch {
		if r == end {
			return batch[:i]
		}
	}
	return batch
}

// newState returns the state in a result. Without one an invocation has failed.
func newState(result *lambda.Result) (json.RawMessage, bool) {
	var r response
	if result.Failed || json.Unmarshal(result.Payload, &r) != nil || len(r.State) == 0 || bytes.Equal(r.State, []byte("null")) {
		return nil, false
	}
	return r.State, true
}

// closeWindow invokes the function with the final state of the open window, until
// that works or ctx ends.
func (l *lane) closeWindow(ctx context.Context) {
	var b backoff
	for ctx.Err() == nil {
		result, err := l.invokeWindow(ctx, nil, true)
		if err == nil && !result.Failed {
			l.mapping.note(resultOK)
			l.open = nil
			l.tracker.closed()
			return
		}
		l.mapping.note(resultFailed)
		l.mapping.fail(result, err)
		b.wait(ctx)
	}
}

// invokeWindow invokes the function with records of the open window, or with its
// end.
func (l *lane) invokeWindow(ctx context.Context, batch []*record, final bool) (*lambda.Result, error) {
	return l.engine.opts.Functions.Run(ctx, l.s.target(), event.JoinWindow(data(batch), &event.Window{
		Start: l.open.Start, End: l.windowEnd(l.open.Start), State: l.open.State,
		Shard: l.shard, StreamARN: l.src.arn, Final: final, Early: final && l.open.Early,
	}))
}
