package sqs

import "slices"

// stubborn is how many receives that did not end with a deletion send a message to
// the back of a standard queue each time that it returns, so that it does not stand in
// the way of those that can be processed. A queue that soon makes such a message a dead
// letter does not.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
const stubborn = 3

// standard is the line of a standard queue: the oldest visible message first, but
// for stubborn ones and for tenants that are noisy.
type standard struct {
	retention int64  // ms
	most      uint32 // receives before a message is a dead letter; 0: no such queue
	last      uint64 // the last sequence number that was given
	laps      uint64 // how many messages were sent to the back

	// alone are the visible messages without a group.
	alone backlog
	// delayed are messages whose delay has not ended.
	delayed heap[delayedEntry]

	tenants tenants
	load    load // of all messages

	// adopt makes a message known to the queue, expire tells it of an entry that is
	// expired.
	adopt  func(m *message)
	expire func(seq uint64)
}

type delayedEntry struct {
	entry
	visibleAt int64
	tenant    *tenant // nil without a group
}

// newStandard returns an empty line, given the last sequence number that may be used.
func newStandard(s *settings, last uint64, adopt func(*message), expire func(uint64)) *standard {
	l := &standard{last: last, alone: newBacklog(), tenants: newTenants(), adopt: adopt, expire: expire}
	l.apply(s)
	l.delayed.less = func(a, b delayedEntry) bool { return l.matures(a) < l.matures(b) }
	return l
}

// matures is when a delayed message becomes visible or expires.
func (l *standard) matures(e delayedEntry) int64 { return min(e.visibleAt, e.sent+l.retention) }

func (l *standard) add(e entry, group string, visibleAt, now int64) {
	l.last = max(l.last, e.seq)
	t := l.join(group)
	if visibleAt > now {
		l.delayed.push(delayedEntry{e, visibleAt, t})
		return
	}
	l.show(e, t)
}

// join returns the tenant of a message that comes, nil for one without a group.
// What was done before there was a tenant is held against none.
func (l *standard) join(group string) *tenant {
	if group != "" && len(l.tenants.byName) == 0 {
		l.load.work = 0
	}
	return l.tenants.join(group)
}

// show puts in a visible message.
func (l *standard) show(e entry, t *tenant) {
	switch {
	case t != nil:
		if l.tenants.show(t, e) {
			return
		}
	case l.alone.fits(e):
		l.alone.fresh.push(e)
		return
	}
	m := newMessage(e, nil)
	m.tenant = t
	l.adopt(m)
	l.undo(m, 0)
}

func (l *standard) next(now int64) *message {
	t := l.turn(now)
	var m *message
	var e entry
	switch {
	case t != nil:
		m, e = l.tenants.take(t)
	case l.alone.len() > 0:
		m, e = l.alone.pop()
	default:
		return nil
	}
	if m == nil {
		m = newMessage(e, nil)
		m.tenant = t
		l.adopt(m)
	}
	return m
}

// turn returns the tenant whose message is next, nil if it is one without a group.
func (l *standard) turn(now int64) *tenant {
	if l.tenants.visible == 0 {
		return nil
	}
	t, quiet := l.tenants.turn(&l.load, now)
	if l.alone.len() > 0 && (!quiet || l.alone.first().before(t.first())) {
		return nil
	}
	return t
}

func (l *standard) fly(m *message) {
	l.load.begin(m.received)
	if t := m.tenant; t != nil {
		if t.isIdle(m.received) {
			t.load.work = 0
		}
		t.load.begin(m.received)
		l.tenants.place(t)
	}
}

func (l *standard) done(int64) {}

// landed counts what the consumers of a message have spent on it.
func (l *standard) landed(m *message, now int64) {
	l.load.end(m.received)
	if len(l.tenants.byName) == 0 {
		return
	}
	until := now
	if m.visibleAt > 0 {
		until = min(now, m.visibleAt)
	}
	spent := float64(max(until-m.received, 0))
	l.load.worked(spent, now)
	if m.tenant != nil {
		m.tenant.load.end(m.received)
		m.tenant.load.worked(spent, now)
		m.tenant.idleSince = until
		l.tenants.place(m.tenant)
	}
}

func (l *standard) back(m *message, now int64) {
	l.landed(m, now)
	if l.isStubborn(m) {
		l.toBack(m)
	}
	l.undo(m, now)
}

func (l *standard) isStubborn(m *message) bool {
	return m.counted() >= stubborn && (l.most == 0 || l.most > stubborn)
}

func (l *standard) toBack(m *message) {
	l.laps++
	m.place = place{l.last, l.laps}
}

func (l *standard) undo(m *message, _ int64) {
	if m.tenant != nil {
		l.tenants.back(m)
		return
	}
	l.alone.late.push(m)
}

func (l *standard) remove(m *message, now int64) {
	switch {
	case m.inFlight:
		l.landed(m, now)
	case m.turnAt < 0: // it was just taken out
	case m.tenant != nil:
		l.tenants.remove(m)
	default:
		l.alone.late.remove(m.turnAt)
	}
	if m.tenant != nil {
		l.tenants.leave(m.tenant)
	}
}

// restore makes a message that was received before one of its tenant.
func (l *standard) restore(m *message, group string) {
	m.tenant = l.join(group)
	if l.isStubborn(m) {
		l.toBack(m)
	}
}

func (l *standard) advance(now int64) {
	for l.delayed.len() > 0 && l.matures(l.delayed.top()) <= now {
		if e := l.delayed.pop(); e.sent+l.retention <= now {
			l.expire(e.seq)
			if e.tenant != nil {
				l.tenants.leave(e.tenant)
			}
		} else {
			l.show(e.entry, e.tenant)
		}
	}
	l.tenants.expire(l.retention, now, l.expire)
	for l.alone.fresh.len() > 0 && l.alone.fresh.front().sent+l.retention <= now {
		l.expire(l.alone.fresh.pop().seq)
	}
}

func (l *standard) ready() bool { return l.alone.len()+l.tenants.visible > 0 }

func (l *standard) nextDue() int64 {
	if l.delayed.len() == 0 {
		return 0
	}
	return l.matures(l.delayed.top())
}

func (l *standard) counts() (visible, delayed int) {
	return l.alone.len() + l.tenants.visible, l.delayed.len()
}

// configure applies changed settings. The delay of a queue is not retroactive here.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
func (l *standard) configure(s *settings, _ int64) {
	l.apply(s)
	l.delayed.order()
}

func (l *standard) apply(s *settings) {
	l.retention, l.most = s.retention, 0
	if s.redrive != nil {
		l.most = s.redrive.most
	}
}

func (l *standard) oldest() (sent int64, ok bool) {
	var times [3]int64
	list := times[:0]
	if l.alone.fresh.len() > 0 {
		list = append(list, l.alone.fresh.front().sent)
	}
	if l.tenants.expiring.len() > 0 {
		list = append(list, l.tenants.expiring.top().bound)
	}
	if l.delayed.len() > 0 {
		list = append(list, l.delayed.top().sent)
	}
	if len(list) == 0 {
		return 0, false
	}
	return slices.Min(list), true
}
