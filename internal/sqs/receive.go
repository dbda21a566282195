package sqs

import (
	"context"
	"errors"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

// receiving is what a receive asks of the queue.
type receiving struct {
	most       int
	visibility api.Opt[int64] // s
	wait       int64          // ms
	attempt    string         // ReceiveRequestAttemptId of a FIFO queue
}

// delivery is a message that was handed out, as it was then.
type delivery struct {
	seq      uint64
	sent     int64 // unix milliseconds
	first    int64 // unix milliseconds
	receives uint32
	counted  uint32 // of the receives
}

// visibility is the visibility timeout that a receive asks for, in milliseconds.
func (q *queue) visibility(r *receiving) int64 {
	if r.visibility.OK {
		return 1000 * r.visibility.V
	}
	return q.settings.Load().visibility
}

// receive hands out messages. If there is none it waits. The deliveries are
// durable when it returns.
func (q *queue) receive(ctx context.Context, r *receiving) ([]delivery, error) {
	w := new(waiter)
	got, commit, err := q.look(ctx, r, w)
	if w.place != nil {
		got, commit, err = q.await(ctx, r, w)
	}
	if err != nil {
		return nil, err
	}
	if len(got) == 0 {
		q.counters.empty.Add(1)
		return nil, nil
	}
	q.counters.received.Add(uint64(len(got)))
	return got, commit.Wait()
}

// await waits for its turn and for a message.
func (q *queue) await(ctx context.Context, r *receiving, w *waiter) (got []delivery, commit kv.Commit, err error) {
	timer := time.NewTimer(time.Duration(r.wait) * time.Millisecond)
	defer timer.Stop()
	for w.place != nil {
		select {
		case <-w.wake:
			got, commit, err = q.look(ctx, r, w)
		case <-timer.C:
			q.leave(w)
		case <-ctx.Done():
			q.leave(w)
			err = ctx.Err()
		}
	}
	if errors.Is(err, errClosed) {
		return nil, nil, nil
	}
	return got, commit, err
}

// look hands out what there is. If there is nothing and the receive may wait, w
// stands in line afterwards, else it does not.
func (q *queue) look(ctx context.Context, r *receiving, w *waiter) (got []delivery, commit kv.Commit, err error) {
	for again := true; again && err == nil; {
		got, commit, again, err = q.lookOnce(ctx, r, w)
	}
	if err != nil {
		return nil, nil, err
	}
	return got, commit, nil
}

// lookOnce is one change of the queue on behalf of a receive. again says that it
// only moved dead letters, and that there may be messages behind them.
func (q *queue) lookOnce(ctx context.Context, r *receiving, w *waiter) (got []delivery, commit kv.Commit, again bool, err error) {
	dead, now, err := q.lockWithDead()
	if err != nil {
		q.leave(w)
		return nil, nil, false, err
	}
	done := false
	defer func() {
		if !done {
			q.part(w)
		}
		abandon(&done, q, dead)
	}()
	w.called = false
	if err = ctx.Err(); err == nil { // else it would take messages for nobody
		got, commit, again, err = q.takeNow(dead, r, now)
	}
	switch {
	case again:
	case len(got) == 0 && err == nil && r.wait > 0:
		q.join(w)
	default:
		q.part(w)
	}
	done = true
	if dead != nil {
		dead.unlock()
	}
	q.unlock()
	return got, commit, again, err
}

// takeNow takes messages and applies the change that this is. again says that it
// only moved dead letters, and that there may be messages behind them.
func (q *queue) takeNow(dead *queue, r *receiving, now int64) (got []delivery, commit kv.Commit, again bool, err error) {
	c := q.engine.newChange(q)
	if dead != nil {
		c.queues = append(c.queues, dead)
	}
	messages, err := q.take(c, dead, r, now)
	if err != nil {
		c.batch.Discard()
		return nil, nil, false, err
	}
	again = len(messages) == 0 && c.buried == maxBuried
	got = make([]delivery, len(messages))
	for i, m := range messages {
		got[i] = delivery{m.seq, m.sent, m.first, m.receives, m.counted()}
	}
	if commit, err = c.apply(); err != nil {
		return nil, nil, false, err
	}
	return got, commit, again, nil
}

// take puts up to r.most messages in flight, and moves to the dead-letter queue
// those that were received too often. Unlike what the prepare methods do, this
// changes memory at once; if the change is not applied, memory is read anew.
func (q *queue) take(c *change, dead *queue, r *receiving, now int64) ([]*message, error) {
	if r.attempt != "" {
		if list := q.repeat(c, r, now); list != nil {
			return list, nil
		}
	}
	room := min(r.most, maxInFlight-q.inFlight)
	if room <= 0 {
		if !q.fifo && r.wait == 0 {
			return nil, api.Errorf(model.CodeOverLimit, "Too many messages in flight.")
		}
		return nil, nil
	}
	list := make([]*message, 0, room)
	for len(list) < room && c.buried < maxBuried {
		m := q.line.next(now)
		if m == nil {
			break
		}
		if dead != nil && m.counted() >= q.settings.Load().redrive.most {
			if err := q.bury(c, m, dead, now); err != nil {
				q.forget()
				return nil, err
			}
			continue
		}
		q.handOut(c, m, q.visibility(r), now)
		list = append(list, m)
	}
	q.line.done(now)
	if r.attempt != "" && len(list) > 0 {
		q.pruneAttempts()
		q.attempts.add(r.attempt, list, now)
	}
	return list, nil
}

// handOut puts one message in flight.
func (q *queue) handOut(c *change, m *message, visibility, now int64) {
	m.receives++
	m.received = now
	if m.first == 0 {
		m.first = now
	}
	m.visibleAt = now + visibility
	q.fly(m)
	q.setState(c.batch, m.seq, m.state())
}
