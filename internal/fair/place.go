package fair

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api/about"
)

// line is what is under way of a table or queue, and what waits.
//
// Who waits goes on in rounds: as many as fit, when all of the round before have ended.
// They share syncs, which come less often than if each went on when one has ended, and
// the processors rest between them. Between two rounds those have their turn who are under
// way by then without having been held back: see visits.
type line struct {
	weight      int // of what is under way; if none is though something waits, the next round is due
	round       uint64
	group       int // weight of what is under way of this round
	first, last *waiter
	spares      uint64      // visits up to this one end before the next round begins; 0: none is due
	moved       time.Time   // when something of it last ended, at first when it began
	late        *time.Timer // begins the next round without the last ones of this; nil until something waits
}

type waiter struct {
	weight int
	since  time.Time
	ready  chan struct{} // closed when it is counted as under way
	round  uint64        // of which it is then
	next   *waiter
}

// place is a request's among those under way, and its context.
type place struct {
	context.Context
	gate    *Gate
	at      about.Resource
	weight  int
	round   uint64
	visit   visit // unless it had to wait
	patient bool  // nobody else is to be spared on its account
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
		p.round = w.round
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
		l.group += p.weight
		p.round = l.round
		g.visits.begin(&p.visit, l, now)
		g.noteCrowd()
		return nil
	}
	w := &waiter{weight: p.weight, since: now, ready: make(chan struct{})}
	if l.first == nil {
		l.first = w
		g.watch(l)
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
	if p.round == l.round {
		l.group -= p.weight
	}
	stalled := now.Sub(l.moved) > stall
	l.moved = now
	switch {
	case stalled:
		g.next(l, now, true)
	case l.group == 0 && l.first != nil && l.spares == 0:
		l.spares = g.visits.last
		g.sparing = append(g.sparing, l)
	}
	g.visits.end(&p.visit)
	g.goOnAfterVisits(now)
	if l.weight == 0 && l.first == nil {
		delete(g.busy, p.at)
		if l.late != nil {
			l.late.Stop()
		}
	}
	g.noteCrowd()
}

// goOnAfterVisits begins the next rounds of the lines that have spared whom they had to.
func (g *Gate) goOnAfterVisits(now time.Time) {
	under := g.visits.oldest(now.Add(-g.patience))
	for len(g.sparing) > 0 && g.sparing[0].spares < under {
		g.next(g.sparing[0], now, false)
	}
}

// next begins the next round of a line: of all who wait, or of as many as fit.
func (g *Gate) next(l *line, now time.Time, all bool) {
	if l.spares > 0 {
		g.sparing = slices.DeleteFunc(g.sparing, func(o *line) bool { return o == l })
	}
	l.round++
	l.group, l.spares = 0, 0
	for w := l.first; w != nil && (all || now.Sub(w.since) > longest || l.fits(w.weight, g.limit)); w = l.first {
		l.weight += w.weight
		l.group += w.weight
		l.first, w.round = w.next, l.round
		close(w.ready)
	}
	if l.first != nil {
		g.watch(l)
	}
}

// watch sees to it that who waits does not wait for long for the last ones of a round.
func (g *Gate) watch(l *line) {
	if l.late == nil {
		l.late = time.AfterFunc(g.patience, func() { g.goOn(l) })
		return
	}
	l.late.Reset(g.patience)
}

// goOn begins the next round beside what is left of this one, if there is room, or who
// waits has waited for too long.
func (g *Gate) goOn(l *line) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case l.first == nil:
	case l.fits(l.first.weight, g.limit), now.Sub(l.first.since) > longest:
		g.next(l, now, false)
	default:
		g.watch(l)
	}
}

// fits reports whether a request may go on. One always may.
func (l *line) fits(weight, limit int) bool { return l.weight == 0 || l.weight+weight <= limit }
