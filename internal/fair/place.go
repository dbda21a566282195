package fair

import (
	"context"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api/about"
)

// line is what is under way of a table or queue, and what waits.
type line struct {
	weight      int // of what is under way; some is whenever something waits
	first, last *waiter
	moved       time.Time // when something of it last ended, at first when it began
}

type waiter struct {
	weight int
	since  time.Time
	ready  chan struct{} // closed when it is counted as under way
	next   *waiter
}

// place is a request's among those under way, and its context.
type place struct {
	context.Context
	gate    *Gate
	at      about.Resource
	weight  int
	patient bool // nobody else is to be spared on its account
	left    sync.Once
}

// take waits until the request may go on, and counts it.
func (p *place) take() {
	now := time.Now()
	w := p.count(now)
	if p.gate.isTime(now) {
		p.gate.measure()
	}
	if w != nil {
		p.gate.held.Add(1)
		<-w.ready
	}
}

// count counts the request, or returns how it waits.
func (p *place) count(now time.Time) *waiter {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if !p.patient {
		g.note(p.at, now)
	}
	l := g.busy[p.at]
	if l == nil {
		l = &line{moved: now}
		g.busy[p.at] = l
	}
	if !g.use.shared(now) || l.first == nil && l.fits(p.weight, g.limit) {
		l.weight += p.weight
		return nil
	}
	w := &waiter{weight: p.weight, since: now, ready: make(chan struct{})}
	if l.first == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	return w
}

// Done implements context.Context. Whoever asks for the end of a request is about to
// wait for something.
func (p *place) Done() <-chan struct{} {
	p.leave()
	return p.Context.Done()
}

// leave ends the request, as far as others are concerned, and lets go on who may.
func (p *place) leave() { p.left.Do(p.uncount) }

func (p *place) uncount() {
	g, now := p.gate, time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.busy[p.at]
	l.weight -= p.weight
	stalled := now.Sub(l.moved) > stall
	l.moved = now
	for w := l.first; w != nil && (stalled || now.Sub(w.since) > longest || l.fits(w.weight, g.limit)); w = l.first {
		l.weight += w.weight
		l.first = w.next
		close(w.ready)
	}
	if l.weight == 0 {
		delete(g.busy, p.at)
	}
}

// fits reports whether a request may go on. One always may.
func (l *line) fits(weight, limit int) bool { return l.weight == 0 || l.weight+weight <= limit }
