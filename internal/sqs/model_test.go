package sqs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// slow is an obvious queue: a list of messages that is searched for everything.
// Each method is told what time it is; tick comes first.
type slow struct {
	fifo               bool
	window             int // of a FIFO queue; 0: none
	retention, timeout time.Duration
	delay              time.Duration  // of the queue
	most               int            // receives before a message is a dead letter; 0: no such queue
	list               []*slowMessage // in the order of sending, but for those sent to the back
	dead               []*slowMessage
	accepted           map[string]slowSend // deduplication, by body
	attempts           map[string]*slowAttempt
	tenants            map[string]time.Time // when consumers last had a message of each
	sent               int                  // messages so far
	work               []slowWork
}

type slowMessage struct {
	body, group string
	number      int // in the order of sending
	sent        time.Time
	ready       time.Time // standard: the end of its own delay
	inFlight    bool
	released    bool // the last receiver gave it back
	received    time.Time
	until       time.Time // in flight until then
	receives    int
	handle      string
	gone        bool
}

// slowSend is what was answered to a send.
type slowSend struct {
	at           time.Time
	id, sequence string
}

// slowAttempt is what a ReceiveRequestAttemptId was given.
type slowAttempt struct {
	at       time.Time
	messages []*slowMessage
	receives []int
	until    time.Time
}

// slowWork is time that consumers spent on a message of a tenant.
type slowWork struct {
	group string
	spent time.Duration
	at    time.Time // of its end
}

// tick lets happen what is due.
func (s *slow) tick(now time.Time) {
	due := slices.Clone(s.list)
	slices.SortStableFunc(due, func(a, b *slowMessage) int {
		return cmp.Or(a.until.Compare(b.until), cmp.Compare(a.number, b.number))
	})
	for _, m := range due {
		switch {
		case now.Sub(m.sent) >= s.retention:
			s.remove(m, now)
		case m.inFlight && !now.Before(m.until):
			s.land(m, now)
		}
	}
	s.dead = slices.DeleteFunc(s.dead, func(m *slowMessage) bool { return now.Sub(m.sent) >= deadRetention })
}

// deadRetention is how long the dead-letter queue keeps messages, the longest time
// there is.
const deadRetention = 14 * 24 * time.Hour

// land ends the flight of a message.
func (s *slow) land(m *slowMessage, now time.Time) {
	end := m.until
	if now.Before(end) {
		end = now
	}
	m.inFlight = false
	s.work = append(s.work, slowWork{m.group, end.Sub(m.received), now})
	if m.group != "" {
		s.tenants[m.group] = end
	}
	if s.stubborn(m) {
		s.toBack(m)
	}
}

// stubborn is the rule by which a standard queue sends a message to the back.
func (s *slow) stubborn(m *slowMessage) bool {
	return !s.fifo && m.receives >= 3 && (s.most == 0 || s.most > 3)
}

func (s *slow) toBack(m *slowMessage) {
	s.list = append(slices.DeleteFunc(s.list, func(o *slowMessage) bool { return o == m }), m)
}

// remove takes a message out of the queue. A tenant is forgotten with its last
// message; what it took of the consumers still counts among all.
func (s *slow) remove(m *slowMessage, now time.Time) {
	if m.inFlight {
		s.land(m, now)
	}
	m.gone = true
	s.list = slices.DeleteFunc(s.list, func(o *slowMessage) bool { return o == m })
	if s.has(m.group) {
		return
	}
	delete(s.tenants, m.group)
	s.forgetWork(m.group)
}

// forgetWork makes the past work of a tenant nobody's.
func (s *slow) forgetWork(group string) {
	for i := range s.work {
		if s.work[i].group == group {
			s.work[i].group = ""
		}
	}
}

// idle reports whether consumers had nothing of a tenant for five minutes.
func (s *slow) idle(group string, now time.Time) bool {
	return s.flying(group) == 0 && now.Sub(s.tenants[group]) >= 5*time.Minute
}

func (s *slow) has(group string) bool {
	return slices.ContainsFunc(s.list, func(m *slowMessage) bool { return m.group == group })
}

// add puts a message at the end. Work that was done while there was no tenant
// does not count.
func (s *slow) add(body, group string, delay time.Duration, now time.Time) {
	if len(s.tenants) == 0 {
		s.work = nil
	}
	if _, ok := s.tenants[group]; !ok && group != "" {
		s.tenants[group] = time.Time{}
	}
	s.sent++
	s.list = append(s.list, &slowMessage{body: body, group: group, number: s.sent, sent: now, ready: now.Add(delay)})
}

// repeats returns what was answered to the send that a FIFO queue recognizes.
func (s *slow) repeats(body string, now time.Time) (slowSend, bool) {
	first, ok := s.accepted[body]
	return first, s.fifo && ok && now.Sub(first.at) < 5*time.Minute
}

// restart forgets what the store does not have: of the messages at the back, in which
// order they came there.
func (s *slow) restart() {
	s.work, s.tenants, s.attempts = nil, map[string]time.Time{}, map[string]*slowAttempt{}
	list := slices.Clone(s.list)
	slices.SortFunc(list, func(a, b *slowMessage) int { return cmp.Compare(a.number, b.number) })
	for _, m := range list {
		if m.group != "" {
			s.tenants[m.group] = time.Time{}
		}
		if s.stubborn(m) {
			s.toBack(m)
		}
	}
}

func (s *slow) purge() {
	for _, m := range s.list {
		m.gone = true
	}
	s.list, s.work, s.tenants = nil, nil, map[string]time.Time{}
}

func (s *slow) delayed(m *slowMessage, now time.Time) bool {
	if s.fifo {
		return m.receives == 0 && now.Before(m.sent.Add(s.delay))
	}
	return now.Before(m.ready)
}

// counts returns the numbers of visible, not visible and delayed messages.
func (s *slow) counts(now time.Time) [3]string {
	var n [3]int
	for _, m := range s.list {
		switch {
		case m.inFlight:
			n[1]++
		case s.delayed(m, now):
			n[2]++
		default:
			n[0]++
		}
	}
	return [3]string{fmt.Sprint(n[0]), fmt.Sprint(n[1]), fmt.Sprint(n[2])}
}

// available returns, for each group of a FIFO queue, the messages that a receive
// may return.
func (s *slow) available(now time.Time) map[string][]*slowMessage {
	out, closed := map[string][]*slowMessage{}, map[string]bool{}
	for i, m := range s.list {
		switch {
		case s.window > 0 && i >= s.window:
		case m.inFlight:
			closed[m.group] = true
			delete(out, m.group)
		case closed[m.group], s.delayed(m, now):
		default:
			out[m.group] = append(out[m.group], m)
		}
	}
	return out
}

// receive takes up to n messages of a standard queue.
func (s *slow) receive(n int, timeout time.Duration, now time.Time) (list []*slowMessage) {
	for len(list) < n {
		m := s.next(now)
		switch {
		case m == nil:
			return list
		case s.most > 0 && m.receives >= s.most:
			s.remove(m, now)
			s.dead = append(s.dead, m)
		default:
			if s.idle(m.group, now) {
				s.forgetWork(m.group)
			}
			m.take(timeout, now)
			list = append(list, m)
		}
	}
	return list
}

func (m *slowMessage) take(timeout time.Duration, now time.Time) {
	m.receives++
	m.inFlight, m.released, m.received, m.until = true, false, now, now.Add(timeout)
}

// next is the oldest visible message of a standard queue that is not of a noisy
// tenant; if there is none, the oldest of the noisy tenant with the least in flight.
func (s *slow) next(now time.Time) *slowMessage {
	var noisy *slowMessage
	for _, m := range s.list {
		switch {
		case m.inFlight || s.delayed(m, now):
		case !s.noisy(m.group, now):
			return m
		case noisy == nil || s.flying(m.group) < s.flying(noisy.group):
			noisy = m
		}
	}
	return noisy
}

func (s *slow) flying(group string) (n int) {
	for _, m := range s.list {
		if m.inFlight && m.group == group {
			n++
		}
	}
	return n
}

// noisy is the rule of fair queues.
func (s *slow) noisy(group string, now time.Time) bool {
	if group == "" || s.idle(group, now) {
		return false
	}
	var flying, all int
	var work, allWork float64 // ms
	count := func(of string, n int, spent float64) {
		all, allWork = all+n, allWork+spent
		if of == group {
			flying, work = flying+n, work+spent
		}
	}
	for _, m := range s.list {
		if m.inFlight {
			count(m.group, 1, float64(now.Sub(m.received).Milliseconds()))
		}
	}
	for _, w := range s.work {
		count(w.group, 0, float64(w.spent.Milliseconds())*math.Exp2(-now.Sub(w.at).Minutes()))
	}
	return flying >= 30 && float64(flying) > 0.1*float64(all) || work >= 10_000 && work > 0.100_000_000_1*allWork
}

// repeat returns the messages of an earlier receive with the same attempt id, if
// all are as it left them.
func (s *slow) repeat(id string, timeout time.Duration, now time.Time) []*slowMessage {
	a := s.attempts[id]
	if a == nil || now.Sub(a.at) >= 5*time.Minute {
		return nil
	}
	for i, m := range a.messages {
		if m.gone || !m.inFlight || m.receives != a.receives[i] || !m.until.Equal(a.until) {
			return nil
		}
	}
	a.until = now.Add(timeout)
	for _, m := range a.messages {
		m.until = a.until
	}
	return a.messages
}

func (s *slow) attempt(id string, list []*slowMessage, now time.Time) {
	a := &slowAttempt{at: now, messages: list, until: list[0].until}
	for _, m := range list {
		a.receives = append(a.receives, m.receives)
	}
	s.attempts[id] = a
}

// slowHandle is a receipt handle: a message and which of its receives.
type slowHandle struct {
	text     string
	message  *slowMessage
	receives int
}

func (h slowHandle) isOld() bool { return !h.message.inFlight || h.message.receives != h.receives }

func (h slowHandle) refused(reason string) error {
	return errParameter(h.text, "ReceiptHandle", "%s", reason)
}

func (s *slow) refusesDelete(h slowHandle) error {
	if s.fifo && !h.message.gone && h.isOld() {
		return h.refused("The receipt handle has expired.")
	}
	return nil
}

func (s *slow) setVisibility(h slowHandle, seconds int64, now time.Time) error {
	m, end := h.message, now.Add(time.Duration(seconds)*time.Second)
	switch {
	case s.fifo && !m.gone && h.isOld():
		return h.refused("The receipt handle has expired.")
	case m.gone || m.receives != h.receives:
		return h.refused("Message does not exist or is not available for visibility timeout change.")
	case m.released:
		return api.Errorf(model.CodeMessageNotInflight, "The specified message isn't in flight.")
	case !m.inFlight: // its time was over
	case end.After(m.received.Add(12 * time.Hour)):
		return errParameter(seconds, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	case seconds == 0:
		m.until, m.released = now, true
		s.land(m, now)
	default:
		m.until = end
	}
	return nil
}
