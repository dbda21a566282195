package sqs

// standard is the line of a standard queue: the oldest visible message first.
type standard struct {
	retention int64 // ms

	// fresh are visible messages that were never received, in the order of
	// sending.
	fresh deque[entry]
	// late are visible messages that cannot stand in fresh: those that came back,
	// those whose delay ended after that of messages sent later, and those that
	// were moved here and are older than they should be at their place.
	late heap[*message]
	// delayed are messages whose delay has not ended.
	delayed heap[delayedEntry]

	// adopt makes a message known to the queue, expire tells it of an entry that is
	// expired.
	adopt  func(m *message)
	expire func(seq uint64)
}

type delayedEntry struct {
	entry
	visibleAt int64
}

func newStandard(s *settings, adopt func(*message), expire func(uint64)) *standard {
	l := &standard{retention: s.retention, adopt: adopt, expire: expire}
	l.late.less = func(a, b *message) bool { return a.seq < b.seq }
	l.late.moved = func(m *message, at int) { m.turnAt = at }
	l.delayed.less = func(a, b delayedEntry) bool { return l.matures(a) < l.matures(b) }
	return l
}

// matures is when a delayed message becomes visible or expires.
func (l *standard) matures(e delayedEntry) int64 { return min(e.visibleAt, e.sent+l.retention) }

func (l *standard) add(e entry, _ string, visibleAt, now int64) {
	if visibleAt > now {
		l.delayed.push(delayedEntry{e, visibleAt})
		return
	}
	l.show(e)
}

// show puts in a visible message.
func (l *standard) show(e entry) {
	if l.fresh.len() == 0 || l.fresh.back().seq < e.seq && l.fresh.back().sent <= e.sent {
		l.fresh.push(e)
		return
	}
	m := newMessage(e, nil)
	l.adopt(m)
	l.late.push(m)
}

func (l *standard) next(int64) *message {
	if l.late.len() > 0 && (l.fresh.len() == 0 || l.late.top().seq < l.fresh.front().seq) {
		return l.late.pop()
	}
	if l.fresh.len() == 0 {
		return nil
	}
	m := newMessage(l.fresh.pop(), nil)
	l.adopt(m)
	return m
}

func (l *standard) fly(*message)             {}
func (l *standard) done(int64)               {}
func (l *standard) back(m *message, _ int64) { l.late.push(m) }

func (l *standard) remove(m *message, _ int64) {
	if m.turnAt >= 0 {
		l.late.remove(m.turnAt)
	}
}

func (l *standard) advance(now int64) {
	for l.delayed.len() > 0 && l.matures(l.delayed.top()) <= now {
		if e := l.delayed.pop(); e.sent+l.retention <= now {
			l.expire(e.seq)
		} else {
			l.show(e.entry)
		}
	}
	for l.fresh.len() > 0 && l.fresh.front().sent+l.retention <= now {
		l.expire(l.fresh.pop().seq)
	}
}

func (l *standard) ready() bool { return l.fresh.len()+l.late.len() > 0 }

func (l *standard) nextDue() int64 {
	if l.delayed.len() == 0 {
		return 0
	}
	return l.matures(l.delayed.top())
}

func (l *standard) counts() (visible, delayed int) {
	return l.fresh.len() + l.late.len(), l.delayed.len()
}

// configure applies a changed retention. The delay of a queue is not
// retroactive here.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
func (l *standard) configure(s *settings, _ int64) {
	l.retention = s.retention
	l.delayed.order()
}
