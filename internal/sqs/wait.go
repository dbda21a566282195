package sqs

import (
	"container/list"
	"time"
)

// maxWaiters is how many receives may wait at one queue. Those beyond it answer
// at once that there is no message.
const maxWaiters = 10_000

// waiter is a receive that waits for a message. The fields are guarded by the
// lock of its queue.
type waiter struct {
	wake chan struct{} // of capacity 1; nil before it first stands in line
	// called says that the waiter was woken and has not looked yet. While the
	// first of the waiters is called no other one is: it calls the next when it
	// leaves messages behind.
	called bool
	place  *list.Element // nil: does not wait
}

// join puts a waiter at the end of the line, unless it already stands in it or
// too many do.
func (q *queue) join(w *waiter) {
	if w.place != nil || q.waiters.Len() >= maxWaiters {
		return
	}
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	w.place = q.waiters.PushBack(w)
}

// part takes a waiter out of the line, if it stands in it.
func (q *queue) part(w *waiter) {
	if w.place != nil {
		q.waiters.Remove(w.place)
		w.place = nil
	}
}

// leave ends the wait of w. If it was woken meanwhile, the next one is instead.
func (q *queue) leave(w *waiter) {
	q.mu.Lock()
	q.part(w)
	q.unlock()
}

// wake calls the first waiter if there is a message for it.
func (q *queue) wake() {
	if q.waiters.Len() == 0 || !q.loaded || !q.line.ready() || q.inFlight >= maxInFlight {
		return
	}
	q.waiters.Front().Value.(*waiter).call()
}

func (w *waiter) call() {
	if w.called {
		return
	}
	w.called = true
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// dismiss wakes all waiters for good.
func (q *queue) dismiss() {
	for el := q.waiters.Front(); el != nil; el = el.Next() {
		el.Value.(*waiter).call()
	}
	if q.timer != nil {
		q.timer.Stop()
	}
}

// arm sets the timer for the next message that becomes visible, if anyone waits
// for it.
func (q *queue) arm() {
	at := int64(0)
	if q.waiters.Len() > 0 && q.loaded {
		at = q.nextDue()
	}
	if at == q.timerAt {
		return
	}
	q.timerAt = at
	switch {
	case at == 0:
		q.timer.Stop()
	case q.timer == nil:
		q.timer = time.AfterFunc(untilMilli(at), q.ring)
	default:
		q.timer.Reset(untilMilli(at))
	}
}

func untilMilli(at int64) time.Duration {
	return time.Duration(at-time.Now().UnixMilli()) * time.Millisecond
}

// nextDue is when the next message becomes visible, or earlier; 0: never.
func (q *queue) nextDue() int64 {
	at := q.line.nextDue()
	if q.due.len() > 0 && (at == 0 || q.due.top().due < at) {
		at = q.due.top().due
	}
	return at
}

// ring is what the timer does.
func (q *queue) ring() {
	q.mu.Lock()
	q.timerAt = 0
	if q.arrive(time.Now().UnixMilli()) != nil {
		q.mu.Unlock()
		return
	}
	q.unlock()
}
