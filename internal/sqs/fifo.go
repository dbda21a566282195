package sqs

import (
	"cmp"
	"maps"
	"slices"
	"unique"
)

// fifo is the line of a FIFO queue. Each message group is a line of its own,
// which is closed while a message of it is in flight. Groups that are open and
// have a visible message take turns, so that a group with a million messages
// does not hide one with a single message.
//
// The delay of a FIFO queue belongs to the queue, is retroactive, and messages
// of a group are sent one after the other: so the delayed messages of a group
// are always its last ones, and when the first is delayed all are.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
type fifo struct {
	delay, retention int64 // ms

	groups map[string]*group
	// first and last are the ends of the list of groups whose turn will come:
	// open ones with a visible message, and during a receive the one that it
	// takes from, which is the first.
	first, last *group
	// waiting are open groups whose first message is delayed.
	waiting heap[*group]
	// expiring are the groups that have fresh messages, by group.bound.
	expiring heap[*group]
	// fresh is the number of messages that were never received, returned that of
	// those that came back, flying that of those in flight. What is outside the
	// window is in none of them.
	fresh, returned, flying int
	// closed is the number of groups with messages in flight.
	closed int
	window window
	// pending are the messages whose delay has not ended. It serves only to
	// count them.
	pending deque[entry]

	// adopt makes a message known to the queue, expire tells it of an entry that is
	// expired.
	adopt  func(m *message)
	expire func(seq uint64)
}

// group is one message group. It exists while it has messages. There may be as many as
// there are messages, so what it takes counts.
type group struct {
	name string
	// back is the first of the messages that came back, in order, linked by
	// message.after. They precede fresh and are 10 at most, since only the first ten of
	// a group can have been received.
	back  *message
	fresh shortDeque
	// bound is when the oldest fresh message was sent, or earlier. A bound that
	// is too early costs one look at the group when it falls due; keeping it
	// exact would cost a step in a heap for each message.
	bound int64

	prev, next *group
	waitAt     int32 // place in fifo.waiting; -1: none
	expireAt   int32 // place in fifo.expiring; -1: none
	flying     int32 // messages in flight
	listed     bool  // stands in the list of turns
}

func newFIFO(s *settings, size int, adopt func(*message), expire func(uint64)) *fifo {
	l := &fifo{
		delay: s.delay, retention: s.retention, groups: map[string]*group{}, window: window{size: size},
		adopt: adopt, expire: expire,
	}
	l.waiting.less = func(a, b *group) bool { return a.fresh.front().seq < b.fresh.front().seq }
	l.waiting.moved = func(g *group, at int) { g.waitAt = int32(at) }
	l.expiring.less = func(a, b *group) bool { return a.bound < b.bound }
	l.expiring.moved = func(g *group, at int) { g.expireAt = int32(at) }
	return l
}

// messages is how many messages a group has.
func (g *group) messages() int {
	n := int(g.flying) + g.fresh.len()
	for m := g.back; m != nil; m = m.after {
		n++
	}
	return n
}

// group returns the group of a name, which is made if there is none.
func (l *fifo) group(name string) *group {
	g := l.groups[name]
	if g == nil {
		g = &group{name: name, waitAt: -1, expireAt: -1}
		l.groups[name] = g
	}
	return g
}

func (l *fifo) add(e entry, name string, _, now int64) {
	if l.delayed(e, now) {
		l.pending.push(e)
	}
	if l.full() {
		l.window.outside.push(outsider{e, unique.Make(name)})
		return
	}
	l.enter(e, name, now)
}

// enter puts a message that was never received behind those of its group.
func (l *fifo) enter(e entry, name string, now int64) {
	g := l.group(name)
	g.fresh.push(e)
	l.fresh++
	if g.expireAt < 0 {
		g.bound = e.sent
		l.expiring.push(g)
	}
	if g.flying == 0 && !g.listed && g.waitAt < 0 {
		l.place(g, now)
	}
}

// delayed reports whether the delay of a message has not ended. Without a delay
// the clock has no say, which may have been set back since the message was sent.
func (l *fifo) delayed(e entry, now int64) bool { return l.delay > 0 && e.sent+l.delay > now }

// visible reports whether the first message of an open group can be handed out.
func (l *fifo) visible(g *group, now int64) bool {
	return g.back != nil || g.fresh.len() > 0 && !l.delayed(g.fresh.front(), now)
}

// place puts a group where it belongs: at the end of the list of turns, among
// the waiting, or nowhere.
func (l *fifo) place(g *group, now int64) {
	l.unlist(g)
	if g.waitAt >= 0 {
		l.waiting.remove(int(g.waitAt))
	}
	switch {
	case g.flying > 0: // closed
	case l.visible(g, now):
		l.list(g)
	case g.fresh.len() > 0:
		l.waiting.push(g)
	default:
		delete(l.groups, g.name)
		if g.expireAt >= 0 {
			l.expiring.remove(int(g.expireAt))
		}
	}
}

// replace places a group that is open, unless it keeps its turn.
func (l *fifo) replace(g *group, now int64) {
	if g.flying == 0 && !(g.listed && l.visible(g, now)) {
		l.place(g, now)
	}
}

func (l *fifo) list(g *group) {
	g.listed, g.prev, g.next = true, l.last, nil
	if l.last == nil {
		l.first = g
	} else {
		l.last.next = g
	}
	l.last = g
}

func (l *fifo) unlist(g *group) {
	if !g.listed {
		return
	}
	if g.prev == nil {
		l.first = g.next
	} else {
		g.prev.next = g.next
	}
	if g.next == nil {
		l.last = g.prev
	} else {
		g.next.prev = g.prev
	}
	g.listed, g.prev, g.next = false, nil, nil
}

func (l *fifo) next(now int64) *message {
	for g := l.first; g != nil; g = l.first {
		if m := l.pop(g, now); m != nil {
			return m
		}
		l.place(g, now)
	}
	return nil
}

// pop takes out the first message of a group, nil if it is not visible.
func (l *fifo) pop(g *group, now int64) *message {
	if !l.visible(g, now) {
		return nil
	}
	if m := g.back; m != nil {
		l.unlink(m)
		return m
	}
	l.fresh--
	m := newMessage(g.fresh.pop(), g)
	l.adopt(m)
	return m
}

func (l *fifo) fly(m *message) {
	if m.group.flying == 0 {
		l.closed++
	}
	m.group.flying++
	l.flying++
}

// landed says that a message of a group is no longer in flight.
func (l *fifo) landed(g *group) {
	g.flying--
	l.flying--
	if g.flying == 0 {
		l.closed--
	}
}

// done closes the group that the receive took from last; those before it were
// closed when they had nothing more to give.
func (l *fifo) done(now int64) {
	if g := l.first; g != nil && (g.flying > 0 || !l.visible(g, now)) {
		l.place(g, now)
	}
}

func (l *fifo) back(m *message, now int64) {
	l.landed(m.group)
	l.undo(m, now)
}

func (l *fifo) restore(m *message, group string) { m.group = l.group(group) }

func (l *fifo) undo(m *message, now int64) {
	at := &m.group.back
	for *at != nil && (*at).seq < m.seq {
		at = &(*at).after
	}
	m.after, *at = *at, m
	l.returned++
	l.replace(m.group, now)
}

// unlink takes a message out of those of its group that came back, if it is there.
func (l *fifo) unlink(m *message) {
	at := &m.group.back
	for *at != nil && *at != m {
		at = &(*at).after
	}
	if *at == m {
		*at, m.after = m.after, nil
		l.returned--
	}
}

func (l *fifo) remove(m *message, now int64) {
	g := m.group
	if m.inFlight {
		l.landed(g)
	} else {
		l.unlink(m)
	}
	l.replace(g, now)
	l.widen(now)
}

func (l *fifo) advance(now int64) {
	for l.expiring.len() > 0 && l.expiring.top().bound+l.retention <= now {
		l.expireFresh(l.expiring.pop(), now)
		l.widen(now)
	}
	for l.waiting.len() > 0 && l.visible(l.waiting.top(), now) {
		l.place(l.waiting.top(), now)
	}
	for l.pending.len() > 0 && l.pending.front().sent+min(l.delay, l.retention) <= now {
		l.pending.pop()
	}
}

// expireFresh takes out the expired fresh messages of a group.
func (l *fifo) expireFresh(g *group, now int64) {
	for g.fresh.len() > 0 && g.fresh.front().sent+l.retention <= now {
		l.expire(g.fresh.pop().seq)
		l.fresh--
	}
	if g.waitAt >= 0 { // its key in the heap has changed
		l.waiting.remove(int(g.waitAt))
	}
	if g.fresh.len() > 0 {
		g.bound = g.fresh.front().sent
		l.expiring.push(g)
	}
	l.replace(g, now)
}

func (l *fifo) ready() bool { return l.first != nil }

func (l *fifo) nextDue() int64 {
	if l.waiting.len() == 0 {
		return 0
	}
	return l.waiting.top().fresh.front().sent + l.delay
}

func (l *fifo) counts() (visible, delayed int) {
	return l.fresh + l.returned + l.window.outside.len() - l.pending.len(), l.pending.len()
}

// configure applies a changed retention or delay.
func (l *fifo) configure(s *settings, now int64) {
	l.retention = s.retention
	if l.delay == s.delay {
		return
	}
	l.delay = s.delay
	l.pending = deque[entry]{}
	for _, e := range l.stillDelayed(now) {
		l.pending.push(e)
	}
	for _, g := range slices.SortedFunc(maps.Values(l.groups), func(a, b *group) int { return cmp.Compare(a.bound, b.bound) }) {
		l.replace(g, now)
	}
}

// stillDelayed returns the messages whose delay has not ended, in order.
func (l *fifo) stillDelayed(now int64) (list []entry) {
	take := func(e entry) {
		if l.delayed(e, now) {
			list = append(list, e)
		}
	}
	for _, g := range l.groups {
		g.fresh.each(take)
	}
	l.window.outside.each(func(o outsider) { take(o.entry) })
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.seq, b.seq) })
	return list
}

func (l *fifo) oldest() (sent int64, ok bool) {
	if l.expiring.len() == 0 {
		return 0, false
	}
	return l.expiring.top().bound, true
}
