package sqs

// backlog is the visible messages of a standard queue, or of one of its tenants,
// in the order of sending but for those that were sent to the back.
type backlog struct {
	// fresh are those that were never received.
	fresh deque[entry]
	// late are those that cannot stand in fresh: those that came back, those whose
	// delay ended after that of messages sent later, and those that were moved here
	// and are older than they should be at their place.
	late heap[*message]
}

func newBacklog() backlog {
	return backlog{late: heap[*message]{
		less:  func(a, b *message) bool { return a.place.before(b.place) },
		moved: func(m *message, at int) { m.turnAt = at },
	}}
}

func (b *backlog) len() int { return b.fresh.len() + b.late.len() }

// fits reports whether an entry can stand at the end of fresh.
func (b *backlog) fits(e entry) bool {
	return b.fresh.len() == 0 || b.fresh.back().seq < e.seq && b.fresh.back().sent <= e.sent
}

// isLate reports whether the first message of a backlog is a late one.
func (b *backlog) isLate() bool {
	return b.late.len() > 0 && (b.fresh.len() == 0 || b.late.top().place.before(place{seq: b.fresh.front().seq}))
}

// first is the place of the first message of a backlog that has one.
func (b *backlog) first() place {
	if b.isLate() {
		return b.late.top().place
	}
	return place{seq: b.fresh.front().seq}
}

// pop takes out the first message of a backlog that has one: a late one, or an
// entry.
func (b *backlog) pop() (m *message, e entry) {
	if b.isLate() {
		return b.late.pop(), entry{}
	}
	return nil, b.fresh.pop()
}
