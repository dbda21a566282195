package sqs

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// queue is one queue. Its messages are read from the store when it is first
// used; from then on memory holds their order, and the store their content.
type queue struct {
	engine *Engine
	arn    arn
	id     uint32
	fifo   bool
	// byGroup is whether deduplication ids count within a message group only.
	byGroup bool
	// desc is what the catalog holds; guarded by Engine.admin.
	desc *descriptor
	// settings are replaced under mu, and read with or without it.
	settings atomic.Pointer[settings]
	counters counters
	rates    *rates // nil unless they are enforced

	mu sync.Mutex // guards the fields below

	loaded bool // whether the fields below show what the store holds
	gone   bool // the queue was deleted
	closed bool // the engine was

	line line
	// known are the messages of which memory holds more than an entry, by
	// sequence number.
	known map[uint64]*message
	// due are the known messages by when something happens to them: the end of
	// the visibility timeout of those in flight, the expiry of all.
	due      heap[*message]
	inFlight int
	// expired are messages that left memory and whose rows are still there.
	expired []span

	nextSeq  uint64
	reserved uint64 // nextSeq may not reach it before the store says more
	lastSent int64  // unix milliseconds
	dedup    dedup
	attempts attempts
	purged   int64       // last PurgeQueue, unix milliseconds
	tasks    []*moveTask // from this queue, the oldest first

	// last is the newest synced commit of the queue. It may not be durable yet, and
	// an answer that tells of what it wrote must wait for it.
	last kv.Commit

	waiters list.List // of *waiter, first come first
	timer   *time.Timer
	timerAt int64  // when timer fires, unix milliseconds; 0: it does not
	buf     []byte // for keys
	val     []byte // for values
}

func newQueue(e *Engine, d *descriptor, s *settings) *queue {
	q := &queue{engine: e, arn: d.arn(), id: d.ID, fifo: d.fifo(), byGroup: d.DedupByGroup, desc: d, rates: e.newRates(d.fifo()), last: kv.Durable}
	q.settings.Store(s)
	return q
}

// lock locks the queue, and brings it up to the present, which it returns in
// unix milliseconds. The caller must call unlock unless there is an error.
func (q *queue) lock() (now int64, err error) {
	q.mu.Lock()
	done := false
	defer abandon(&done, q)
	now = time.Now().UnixMilli()
	err = q.arrive(now)
	done = true
	if err != nil {
		q.mu.Unlock()
		return 0, err
	}
	return now, nil
}

// abandon is deferred while queues are locked. Unless what was to be done with
// them is done, a panic has cut it off: then it unlocks them, and what memory
// holds of them is read again. The wire answers a panic and goes on serving.
func abandon(done *bool, queues ...*queue) {
	if *done {
		return
	}
	for _, q := range queues {
		if q != nil {
			q.forget()
			q.mu.Unlock()
		}
	}
}

// lockBoth locks two different queues, in the order of their ids.
func lockBoth(a, b *queue) (now int64, err error) {
	if a.id > b.id {
		a, b = b, a
	}
	return lockAll(a, b)
}

// lockAll locks different queues, which are in the order of their ids.
func lockAll(queues ...*queue) (now int64, err error) {
	for _, q := range queues {
		q.mu.Lock()
	}
	done := false
	defer abandon(&done, queues...)
	now = time.Now().UnixMilli()
	for _, q := range queues {
		if err = q.arrive(now); err != nil {
			break
		}
	}
	done = true
	if err != nil {
		for _, q := range queues {
			q.mu.Unlock()
		}
	}
	return now, err
}

// arrive makes a locked queue ready for use.
func (q *queue) arrive(now int64) error {
	switch {
	case q.closed:
		return errClosed
	case q.gone:
		return errNoQueue()
	}
	if !q.loaded {
		if err := q.load(now); err != nil {
			q.forget()
			return err
		}
	}
	q.advance(now)
	return nil
}

// unlock wakes who can be served now and unlocks the queue.
func (q *queue) unlock() {
	q.wake()
	q.arm()
	q.mu.Unlock()
}

// forget drops what memory holds of the messages, because it may no longer be
// what the store holds. They are read again when the queue is next used.
func (q *queue) forget() {
	q.loaded = false
	q.line, q.known, q.due, q.inFlight, q.expired = nil, nil, heap[*message]{}, 0, nil
	q.dedup, q.attempts = dedup{}, attempts{}
}

// clear makes the queue one without messages. Deduplication is not affected.
func (q *queue) clear() {
	q.known = map[uint64]*message{}
	q.due = heap[*message]{
		less:  func(a, b *message) bool { return a.due < b.due || a.due == b.due && a.seq < b.seq },
		moved: func(m *message, at int) { m.dueAt = at },
	}
	q.inFlight, q.expired = 0, nil
	s := q.settings.Load()
	if q.fifo {
		q.line = newFIFO(s, q.engine.opts.FIFOWindow, q.adopt, q.expire)
	} else {
		q.line = newStandard(s, q.nextSeq-1, q.adopt, q.expire)
	}
}

// adopt makes a message known.
func (q *queue) adopt(m *message) {
	q.known[m.seq] = m
	m.due = m.sent + q.settings.Load().retention
	q.due.push(m)
}

// fly puts a message that the line gave out in flight until m.visibleAt.
func (q *queue) fly(m *message) {
	m.inFlight = true
	q.inFlight++
	q.line.fly(m)
	q.watch(m)
}

// watch says when the queue must look at a message.
func (q *queue) watch(m *message) {
	m.due = m.sent + q.settings.Load().retention
	if m.inFlight {
		m.due = min(m.due, m.visibleAt)
	}
	q.due.fix(m.dueAt)
}

// land puts a message that was in flight back in line.
func (q *queue) land(m *message, now int64) {
	m.inFlight = false
	q.inFlight--
	q.line.back(m, now)
	q.watch(m)
}

// drop takes a known message out of the queue.
func (q *queue) drop(m *message, now int64) {
	q.line.remove(m, now)
	if m.inFlight {
		m.inFlight = false
		q.inFlight--
	}
	q.due.remove(m.dueAt)
	delete(q.known, m.seq)
}

// advance lets happen what is due by now.
func (q *queue) advance(now int64) {
	retention := q.settings.Load().retention
	for q.due.len() > 0 && q.due.top().due <= now {
		if m := q.due.top(); m.sent+retention <= now {
			q.drop(m, now)
			q.expire(m.seq)
		} else {
			q.land(m, now)
		}
	}
	q.line.advance(now)
	q.dedup.advance(now)
	q.attempts.advance(now)
	q.sweep()
}

// span is a run of sequence numbers, the last one included.
type span struct{ first, last uint64 }

// expire notes that the rows of a message are to be swept. A backlog that
// expires in the order of sending is one span.
func (q *queue) expire(seq uint64) {
	if n := len(q.expired); n > 0 && q.expired[n-1].last+1 == seq {
		q.expired[n-1].last = seq
		return
	}
	q.expired = append(q.expired, span{seq, seq})
}

const (
	// sweepSpans is how many spans are swept at once. The rest waits until the
	// queue is next locked, so that nobody waits for a million messages that
	// expire at the same moment.
	sweepSpans = 200
	// sweepDedup is how many rows of deduplication ids are let gather.
	sweepDedup = 1000
)

// sweep deletes rows of what has expired. It need not be durable: what comes
// back after a crash is still expired.
func (q *queue) sweep() {
	if n := min(len(q.expired), sweepSpans); n > 0 {
		b := q.engine.store.NewBatch()
		for _, s := range q.expired[:n] {
			q.deleteSpan(b, s)
		}
		q.applyUnsynced(b)
		if q.expired = q.expired[n:]; len(q.expired) == 0 {
			q.expired = nil
		}
	}
	if q.dedup.stale >= sweepDedup {
		b := q.engine.store.NewBatch()
		b.DeleteRange(appendRow(nil, kindDedup, q.id, 0), appendRow(nil, kindDedup, q.id, q.dedup.floor))
		q.applyUnsynced(b)
		q.dedup.stale = 0
	}
}

// deleteSpan deletes the rows of a span of messages. A short span is deleted row
// by row, which stores keep shorter track of than of a range.
func (q *queue) deleteSpan(b kv.Batch, s span) {
	if s.last-s.first < 4 {
		for seq := s.first; seq <= s.last; seq++ {
			q.deleteRows(b, seq)
		}
		return
	}
	for _, kind := range []byte{kindMessage, kindContent} {
		b.DeleteRange(appendRow(nil, kind, q.id, s.first), appendRow(nil, kind, q.id, s.last+1))
	}
}

// applyUnsynced applies a batch whose loss does no harm. q.last stays what it is:
// nothing rests on this batch, and waiting for it would not be waiting for those
// before it.
func (q *queue) applyUnsynced(b kv.Batch) {
	_, _ = q.engine.store.Apply(b, kv.NoSync)
}

// deleteRows deletes what the store holds of a message.
func (q *queue) deleteRows(b kv.Batch, seq uint64) {
	b.Delete(q.row(kindMessage, seq))
	b.Delete(q.row(kindContent, seq))
}

// row returns the key of a row, which is valid until the next call.
func (q *queue) row(kind byte, seq uint64) []byte {
	q.buf = appendRow(q.buf[:0], kind, q.id, seq)
	return q.buf
}

// setState writes the state of a message.
func (q *queue) setState(b kv.Batch, seq uint64, s state) {
	q.val = s.append(q.val[:0])
	b.Set(q.row(kindMessage, seq), q.val)
}

// stamp is when a message that comes now was sent: never before one that came
// earlier, whatever the clock does.
func (q *queue) stamp(now int64) int64 {
	q.lastSent = max(q.lastSent, now)
	return q.lastSent
}

// configure replaces the settings of a locked queue.
func (q *queue) configure(s *settings, now int64) {
	q.settings.Store(s)
	for _, m := range q.known {
		m.due = m.sent + s.retention
		if m.inFlight {
			m.due = min(m.due, m.visibleAt)
		}
	}
	q.due.order()
	q.line.configure(s, now)
	q.advance(now)
}

// close ends all waiting.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.dismiss()
}
