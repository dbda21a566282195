package rehearse

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/levee-io/levee/internal/capacity"
)

// simulation is one design while it is played.
type simulation struct {
	scenario *Scenario
	design   *Design
	streams  []*stream
	table    *capacity.Table
	params   capacity.Params

	now     time.Duration
	step    time.Duration
	retries *wheel[retry]
	line    *line // nil without a queue
	tally   *tally
	turn    int // of the steps, so that no cell is always first
	random  *rand.Rand
	tries   []try // of the running step, in no order
	late    bool  // of a long step, something is left for the short ones of it
	later   int
	// switches is when the table is switched to on-demand; 0: no more.
	switches time.Duration
}

// try is what is to be done in a step: a request, or batches that workers have.
type try struct {
	retry
	job *job
}

// calmStep is how long a step may be while nothing waits and nothing is refused.
const calmStep = time.Second

func newSimulation(s *Scenario, d *Design, p capacity.Params) *simulation {
	m := &simulation{scenario: s, design: d, params: p, step: time.Duration(s.Step), tally: newTally(s)}
	m.table, m.switches = d.Table.model(p, s.begin), time.Duration(d.Table.Switch)
	for i := range s.Traffic {
		m.streams = append(m.streams, newStream(s, i, d))
	}
	if d.Queue != nil {
		m.line = newLine(m)
		m.step = m.line.step(m.step)
	}
	m.random = rand.New(rand.NewPCG(s.Seed, math.MaxUint64))
	m.retries = newWheel(m.step, max(time.Duration(d.Client.Most), calmStep), retry.key, (*retry).join)
	return m
}

// model returns the table as the capacity model has it.
func (t *Table) model(p capacity.Params, begin time.Time) *capacity.Table {
	rates := func(r ReadWrite) capacity.Rates {
		return capacity.Rates{capacity.Read: r.Read, capacity.Write: r.Write}
	}
	cfg := capacity.TableConfig{OnDemand: t.Mode == "on-demand"}
	cfg.Provisioned, cfg.Maximum, cfg.Warm = rates(t.Provisioned), rates(t.Maximum), rates(t.Warm)
	for i := range t.Indexes {
		provisioned := t.Indexes[i].Provisioned
		if provisioned == (ReadWrite{}) {
			provisioned = t.Provisioned
		}
		cfg.Indexes = append(cfg.Indexes, capacity.Config{Provisioned: rates(provisioned), Maximum: cfg.Maximum, Warm: cfg.Warm})
	}
	table := capacity.NewTable(p, cfg, begin)
	if t.Scaling != nil {
		for i := 0; i <= len(t.Indexes); i++ {
			t.scale(table, begin, i, capacity.Write, func(r ReadWrite) float64 { return r.Write })
			t.scale(table, begin, i, capacity.Read, func(r ReadWrite) float64 { return r.Read })
		}
	}
	return table
}

func (t *Table) scale(table *capacity.Table, begin time.Time, index int, class capacity.Class, of func(ReadWrite) float64) {
	c := t.Scaling
	if of(c.Max) == 0 {
		return
	}
	var actions []capacity.Action
	for _, a := range t.Scheduled {
		actions = append(actions, capacity.Action{Schedule: a.Schedule.when, Min: of(a.Min), Max: of(a.Max)})
	}
	table.Scale(begin, index, class, &capacity.Policy{Min: max(1, of(c.Min)), Max: of(c.Max), Target: c.Target}, actions...)
}

// run plays the design to its end.
func (m *simulation) run(ctx context.Context) error {
	duration, limit := time.Duration(m.scenario.Duration), time.Duration(m.scenario.Limit)
	for m.now < limit {
		if m.turn++; m.turn%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if m.now >= duration && m.idle() {
			break
		}
		m.advance(min(duration, limit))
	}
	m.tally.finish(m)
	return nil
}

// idle reports whether nothing waits.
func (m *simulation) idle() bool { return m.retries.count == 0 && (m.line == nil || m.line.idle()) }

// advance plays one step. Nothing arrives after end.
func (m *simulation) advance(end time.Duration) {
	step := m.step
	long := calmStep / step * step // steps stay multiples of the short one
	calm := long > step && m.tally.calm(m.now) && m.idle() && m.now+long <= end
	if calm {
		step = long
	}
	if m.switches > 0 && m.now >= m.switches {
		m.switchOver()
	}
	m.tries, m.late = m.tries[:0], false
	for _, r := range m.retries.due(m.now) {
		m.tries = append(m.tries, try{retry: r})
	}
	if m.line != nil {
		m.tries = m.line.work(m.tries)
	}
	for i := range m.streams {
		st := m.streams[(i+m.turn)%len(m.streams)]
		if m.now >= end {
			break
		}
		n := st.counts.until(min(end, m.now+step))
		if n == 0 {
			continue
		}
		m.tally.arrived(m.now, st.number, n)
		m.accept(st, n, step, calm)
	}
	m.random.Shuffle(len(m.tries), func(i, j int) { m.tries[i], m.tries[j] = m.tries[j], m.tries[i] })
	for i := range m.tries {
		m.try(&m.tries[i], calm)
	}
	if m.line != nil {
		m.line.receive()
	}
	if m.late {
		step = m.step
	}
	m.now += step
	m.tally.passed(m)
}

// switchOver begins the switch of the table to on-demand, which takes minutes.
func (m *simulation) switchOver() {
	m.switches = 0
	cfg := m.table.Config()
	cfg.OnDemand = true
	if err := m.table.Change(m.at(), cfg); err != nil {
		panic(err) // nothing else changes such a table
	}
}

// accept takes what has arrived where it goes first.
func (m *simulation) accept(st *stream, n int, step time.Duration, calm bool) {
	arrival := float64(m.now)
	switch {
	case st.direct:
		m.spread(st, n, func(c, k int) {
			m.tries = append(m.tries, try{retry: retry{stream: st.number, cell: c, n: k, arrival: arrival}})
		})
	case calm && m.line.keepsUp(n, step):
		m.line.pass(st, n, arrival)
	default:
		m.tries = append(m.tries, try{retry: retry{stream: st.number, send: true, n: n, arrival: arrival}})
	}
}

// try does what is to be done. Within a step that is in no order, as in a moment of
// real traffic: who comes again is served neither first nor last.
func (m *simulation) try(t *try, calm bool) {
	switch {
	case t.job != nil:
		m.line.finish(*t.job)
	case t.send:
		m.line.send(t.retry)
	default:
		m.write(t.retry, calm)
	}
}

// spread deals n out to the cells of keys, and begins with another one each time.
func (m *simulation) spread(st *stream, n int, do func(cell, n int)) {
	counts := st.keys.deal(n)
	for i := range counts {
		c := (i + m.turn) % len(counts)
		if counts[c] > 0 {
			do(c, counts[c])
		}
	}
}

// at is the moment on the clock of the model.
func (m *simulation) at() time.Time { return m.scenario.begin.Add(m.now) }

// lump is how many requests stand on one representative key, where each has one of
// its own. It is small against what a partition takes in a second, so that chance
// makes no partition hot.
const lump = 16

// admit asks the table for n requests of a cell, and returns how many it took. In a
// long step the others are not refused: they come later in it.
func (m *simulation) admit(st *stream, c, n int, long bool) int {
	taken := 0
	for n > 0 {
		k := n
		if st.keys.cells[c].width > 1 {
			k = min(n, lump)
		}
		n -= k
		taken += m.admitAt(st.place(c), st, k, long)
	}
	return taken
}

func (m *simulation) admitAt(demands []capacity.Demand, st *stream, n int, long bool) int {
	k, d := m.table.AdmitMany(m.at(), demands, n)
	if st.bytes > 0 && k > 0 {
		m.table.Store(demands[0].Key, capacity.Itself, st.bytes*int64(k))
	}
	switch {
	case k == n:
	case long:
		m.late = true
	default:
		m.tally.throttled(m.now, d, n-k)
	}
	return k
}

// retry is a number of requests that their client makes, perhaps again.
type retry struct {
	stream, cell, attempt int
	send                  bool // to the queue, not to the table
	n                     int
	arrival               float64 // the mean, in nanoseconds since the beginning
}

// key is the same for those that may become one. The numbers are bounded by what a
// scenario may have.
func (r retry) key() uint64 {
	return uint64(r.stream)<<40 | uint64(r.cell)<<16 | uint64(r.attempt)<<1 | uint64(btoi(r.send))
}

func (r *retry) join(o retry) {
	r.arrival = (r.arrival*float64(r.n) + o.arrival*float64(o.n)) / float64(r.n+o.n)
	r.n += o.n
}

// write has requests go straight to the table.
func (m *simulation) write(r retry, long bool) {
	st := m.streams[r.stream]
	k := m.admit(st, r.cell, r.n, long)
	m.tally.stored(m.now, r.stream, k, r.arrival, time.Duration(m.design.Table.Takes))
	r.n -= k
	if long {
		m.postpone(r)
		return
	}
	m.backOff(r)
}

// postpone spreads requests of a long step, which the table could not take all at
// once, over the short steps of it, where they arrive then.
func (m *simulation) postpone(r retry) {
	steps := int(calmStep/m.step) - 1
	for left := r.n; left > 0; {
		m.later = m.later%steps + 1
		r.n = min(left, (left+steps-1)/steps)
		left -= r.n
		at := m.now + time.Duration(m.later)*m.step
		r.arrival = float64(at)
		m.retries.add(at, r)
	}
}

// backOff has clients make requests again, or give up.
func (m *simulation) backOff(r retry) {
	if r.n == 0 {
		return
	}
	if r.attempt+1 >= m.design.Client.Attempts {
		m.tally.lost(m.now, r.stream, r.n)
		return
	}
	most := m.design.Client.delay(r.attempt)
	r.attempt++
	for i, n := range quarters(r.n, m.random.IntN(4)) {
		if n > 0 {
			part := r
			part.n = n
			m.retries.add(m.now+jitter(most, i), part)
		}
	}
}

// delay is the longest that a client waits after an attempt.
func (c *Client) delay(attempt int) time.Duration {
	d := time.Duration(c.Base)
	for ; attempt > 0 && d < time.Duration(c.Most); attempt-- {
		d *= 2
	}
	return min(d, time.Duration(c.Most))
}

// quarters divides n as evenly as it goes, and what is left over from the first on.
func quarters(n, first int) (out [4]int) {
	for i := range out {
		out[(first+i)%4] = (n + 3 - i) / 4
	}
	return out
}

// jitter is the middle of one of four quarters of a delay: full jitter is uniform
// from nothing to all of it.
func jitter(most time.Duration, quarter int) time.Duration {
	return most * time.Duration(2*quarter+1) / 8
}
