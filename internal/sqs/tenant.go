package sqs

import "math"

// A standard queue whose messages name a message group is a fair queue: a group is
// a tenant, and no tenant makes the others wait. Messages of tenants that are
// noisy come after those of all others; of several noisy ones that with the least
// in flight comes first. A message without a group is a tenant of its own, which
// cannot be noisy.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
const (
	// noisyShare is the part of the messages in flight, or of the recent processing
	// time, above which a tenant is noisy.
	noisyShare = 0.1
	// rounding is how far processing times may be off, as a part of them: what decays
	// step by step is not exactly what it is in one. A tenant with exactly its share,
	// one of ten with as much each, shall not be noisy or quiet by that.
	rounding = 1e-9
	// noisyInFlight is how many messages in flight make a tenant noisy at least.
	noisyInFlight = 30
	// noisyWork is how much processing time makes a tenant noisy at least, in
	// milliseconds. The service does not say; less than that delays nobody.
	noisyWork = 10_000
	// silence is how long a tenant has nothing in flight until it is quiet, in
	// milliseconds.
	silence = 5 * 60_000
	// workHalfLife is the time after which past processing counts half, in
	// milliseconds. The service speaks of recent processing.
	workHalfLife = 60_000
)

// tenant is one message group of a standard queue. It exists while it has messages.
type tenant struct {
	name     string
	messages int // that are not deleted
	backlog      // those that are visible
	// bound is when the oldest fresh message was sent, or earlier, as that of a FIFO
	// queue's group.
	bound int64
	// idleSince is when consumers last had a message of it, in unix milliseconds, unless
	// they have one now.
	idleSince int64
	load      load

	isNoisy  bool // stands among the noisy, if anywhere
	at       int  // place in tenants.quiet or tenants.noisy; -1: none
	expireAt int  // place in tenants.expiring; -1: none
}

// load is how much of its consumers a tenant, or a whole queue, occupies.
type load struct {
	inFlight int
	received int64   // the sum of when those in flight were received
	work     float64 // past processing, as it counts at the time of workAt
	workAt   int64
}

func (l *load) begin(received int64) {
	l.inFlight++
	l.received += received
}

func (l *load) end(received int64) {
	l.inFlight--
	l.received -= received
}

func (l *load) worked(spent float64, now int64) {
	l.work, l.workAt = l.past(now)+spent, now
}

func (l *load) past(now int64) float64 {
	if l.work == 0 || now <= l.workAt {
		return l.work
	}
	return l.work * math.Exp2(-float64(now-l.workAt)/workHalfLife)
}

// processing is the recent processing time, that of what is in flight included.
func (l *load) processing(now int64) float64 {
	return l.past(now) + float64(int64(l.inFlight)*now-l.received)
}

// isIdle reports whether a tenant has had nothing in flight for so long that what it
// took of the consumers before is forgotten.
func (t *tenant) isIdle(now int64) bool { return t.load.inFlight == 0 && t.idleSince+silence <= now }

// noisy reports whether a tenant occupies more of the consumers than its share.
func (t *tenant) noisy(all *load, now int64) bool {
	if t.isIdle(now) {
		return false
	}
	if t.load.inFlight >= noisyInFlight && float64(t.load.inFlight) > noisyShare*float64(all.inFlight) {
		return true
	}
	work := t.load.processing(now)
	return work >= noisyWork && work > noisyShare*(1+rounding)*all.processing(now)
}

// tenants are those of one queue.
type tenants struct {
	byName map[string]*tenant
	// quiet and noisy are the tenants that have visible messages.
	quiet, noisy heap[*tenant]
	expiring     heap[*tenant] // those that have fresh messages, by bound
	visible      int           // messages
}

func newTenants() tenants {
	var ts tenants
	ts.byName = map[string]*tenant{}
	moved := func(t *tenant, at int) { t.at = at }
	ts.quiet = heap[*tenant]{less: func(a, b *tenant) bool { return a.first().before(b.first()) }, moved: moved}
	ts.noisy = heap[*tenant]{less: lessInFlight, moved: moved}
	ts.expiring = heap[*tenant]{
		less:  func(a, b *tenant) bool { return a.bound < b.bound },
		moved: func(t *tenant, at int) { t.expireAt = at },
	}
	return ts
}

func lessInFlight(a, b *tenant) bool {
	if a.load.inFlight != b.load.inFlight {
		return a.load.inFlight < b.load.inFlight
	}
	return a.first().before(b.first())
}

// join returns the tenant of a message that the queue gets, nil for one without a
// group.
func (ts *tenants) join(name string) *tenant {
	if name == "" {
		return nil
	}
	t := ts.byName[name]
	if t == nil {
		t = &tenant{name: name, backlog: newBacklog(), at: -1, expireAt: -1}
		ts.byName[name] = t
	}
	t.messages++
	return t
}

// leave says that a message of a tenant is gone.
func (ts *tenants) leave(t *tenant) {
	if t.messages--; t.messages == 0 {
		delete(ts.byName, t.name)
	}
}

// place puts a tenant where it belongs after something about it has changed.
func (ts *tenants) place(t *tenant) {
	h := &ts.quiet
	if t.isNoisy {
		h = &ts.noisy
	}
	switch {
	case t.len() == 0 && t.at >= 0:
		h.remove(t.at)
		t.isNoisy = false
	case t.len() == 0:
	case t.at < 0:
		h.push(t)
	default:
		h.fix(t.at)
	}
}

// mark makes a tenant that has visible messages quiet or noisy.
func (ts *tenants) mark(t *tenant, noisy bool) {
	if t.isNoisy {
		ts.noisy.remove(t.at)
	} else {
		ts.quiet.remove(t.at)
	}
	t.isNoisy = noisy
	ts.place(t)
}

// turn returns the tenant whose message is next, nil if none has any. quiet is
// false if only noisy ones have.
func (ts *tenants) turn(all *load, now int64) (t *tenant, quiet bool) {
	// There are no more than twice nine noisy ones.
	for i := len(ts.noisy.items) - 1; i >= 0; i-- {
		if t := ts.noisy.items[i]; !t.noisy(all, now) {
			ts.mark(t, false)
		}
	}
	for ts.quiet.len() > 0 {
		t := ts.quiet.top()
		if !t.noisy(all, now) {
			return t, true
		}
		ts.mark(t, true)
	}
	if ts.noisy.len() == 0 {
		return nil, false
	}
	return ts.noisy.top(), false
}

// show puts in a visible message that was never received, unless it stands better
// among the late ones.
func (ts *tenants) show(t *tenant, e entry) (fresh bool) {
	if !t.fits(e) {
		return false
	}
	t.fresh.push(e)
	ts.visible++
	switch {
	case t.expireAt < 0:
		t.bound = e.sent
		ts.expiring.push(t)
	case e.sent < t.bound: // its delay was longer than that of a message sent later
		t.bound = e.sent
		ts.expiring.fix(t.expireAt)
	}
	ts.place(t)
	return true
}

// back puts in a visible message of which more is known.
func (ts *tenants) back(m *message) {
	m.tenant.late.push(m)
	ts.visible++
	ts.place(m.tenant)
}

// take takes out the first message of a tenant: a message, or an entry.
func (ts *tenants) take(t *tenant) (m *message, e entry) {
	m, e = t.pop()
	ts.visible--
	ts.place(t)
	return m, e
}

// remove takes a message out of the late ones.
func (ts *tenants) remove(m *message) {
	m.tenant.late.remove(m.turnAt)
	ts.visible--
	ts.place(m.tenant)
}

// expire takes out the fresh messages that are expired.
func (ts *tenants) expire(retention, now int64, expired func(seq uint64)) {
	for ts.expiring.len() > 0 && ts.expiring.top().bound+retention <= now {
		t := ts.expiring.pop()
		for t.fresh.len() > 0 && t.fresh.front().sent+retention <= now {
			expired(t.fresh.pop().seq)
			ts.visible--
			ts.leave(t)
		}
		if t.fresh.len() > 0 {
			t.bound = t.fresh.front().sent
			ts.expiring.push(t)
		}
		ts.place(t)
	}
}
