package sqs

import (
	"errors"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// A task moves messages in steps of one change each, up to ten times a second. A
// step of a slow task is one message.
const stepsPerSecond = 10

// runTask moves messages on a goroutine of its own until the task has ended, its
// queue is gone or the engine closes.
func (e *Engine) runTask(q *queue, t *moveTask) {
	rate := t.Rate
	if rate == 0 {
		rate = maxMoveRate
	}
	most := max(rate/stepsPerSecond, 1)
	pause := time.Duration(most) * time.Second / time.Duration(rate)
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	if e.catalog.closed {
		return
	}
	e.moves.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			select {
			case <-e.closing.Done():
				return
			case <-ticker.C:
			}
			// A step that the store failed changed nothing and is tried again.
			if ended, err := q.step(t, int(most)); ended && err == nil || errors.Is(err, errClosed) || q.isGone() {
				return
			}
		}
	})
}

// step moves up to most messages. ended says that the task needs no further step.
func (q *queue) step(t *moveTask, most int) (ended bool, err error) {
	to, failure, err := q.destination(t)
	if err != nil {
		return false, err
	}
	if to == nil {
		return true, q.run(func(c *change, _ int64) error { return q.endTask(c, t, failure) })
	}
	now, err := lockBoth(q, to)
	if err != nil {
		return false, err // if the destination is gone, the next step finds out
	}
	done := false
	defer abandon(&done, q, to)
	commit, err := q.stepLocked(t, to, most, now)
	ended = t.Status != taskRunning
	done = true
	to.unlock()
	q.unlock()
	if err != nil {
		return false, err
	}
	return ended, commit.Wait()
}

// endTask prepares that a task which runs has ended.
func (q *queue) endTask(c *change, t *moveTask, failure string) error {
	if t.Status != taskRunning {
		return nil // it was cancelled meanwhile
	}
	after := moveProgress{Status: taskCompleted, Failure: failure, Moved: t.Moved}
	if failure != "" {
		after.Status = taskFailed
	}
	return q.prepareProgress(c, t, after)
}

// stepLocked is one change of both queues.
func (q *queue) stepLocked(t *moveTask, to *queue, most int, now int64) (kv.Commit, error) {
	c := q.engine.newChange(q, to)
	after, empty := t.moveProgress, false
	for i := 0; i < most && t.Status == taskRunning && after.Moved < t.ToMove; i++ {
		moved, err := q.moveNext(c, t, to, now)
		if err != nil {
			c.batch.Discard()
			q.forget()
			return nil, err
		}
		if !moved {
			empty = t.Destination != ""
			break
		}
		after.Moved++
	}
	q.line.done(now)
	if t.Status == taskRunning && (empty || after.Moved == t.ToMove) {
		after.Status = taskCompleted
	}
	if after == t.moveProgress {
		return c.apply()
	}
	if err := q.prepareProgress(c, t, after); err != nil {
		c.batch.Discard()
		q.forget()
		return nil, err
	}
	return c.apply()
}

// moveNext moves the next message, unless there is none or it belongs elsewhere.
// Like take, it changes memory at once.
func (q *queue) moveNext(c *change, t *moveTask, to *queue, now int64) (moved bool, err error) {
	m := q.line.next(now)
	if m == nil {
		return false, nil
	}
	what, ok, err := q.contentOf(m.seq)
	if err != nil {
		return false, err
	}
	if !ok {
		q.discard(c, m, now)
		return true, nil
	}
	if t.Destination == "" && what.deadSource != to.arn.String() {
		q.line.undo(m, now)
		return false, nil
	}
	// What is moved is a new message, but for who sent it.
	what.id, what.deadSource, what.earlier, what.first = newID(), "", 0, 0
	st := state{sent: to.stamp(now), group: what.group}
	if delay := to.settings.Load().delay; delay > 0 && !to.fifo {
		st.visibleAt = now + delay
	}
	q.transfer(c, m, &what, to, st, now)
	return true, nil
}

// destination returns the queue that the next messages of a task go to. Without
// one the task has ended, and failure says why unless it is complete.
func (q *queue) destination(t *moveTask) (to *queue, failure string, err error) {
	target := t.Destination
	if target == "" {
		var found bool
		if target, found, err = q.nextSource(); err != nil || !found {
			return nil, "", err
		}
	}
	at, ok := parseARN(target)
	if !ok || at == q.arn {
		return nil, failedNoSource, nil
	}
	if to = q.engine.find(at); to == nil {
		return nil, failedNoQueue, nil
	}
	return to, "", nil
}

// nextSource returns the ARN of the queue that gave up the next message, found
// whether there is a message.
func (q *queue) nextSource() (source string, found bool, err error) {
	now, err := q.lock()
	if err != nil {
		return "", false, err
	}
	done := false
	defer abandon(&done, q)
	m := q.line.next(now)
	var what content
	if m != nil {
		what, _, err = q.contentOf(m.seq)
		q.line.undo(m, now)
	}
	q.line.done(now)
	done = true
	q.unlock()
	return what.deadSource, m != nil, err
}
