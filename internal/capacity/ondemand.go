package capacity

// memory is what a table or index remembers of its traffic of one class: the highest
// rate over a minute that was long enough ago to count as its previous peak.
type memory struct {
	peak    float64
	waiting []reached // in the order of time, and of rate
}

// reached is a rate, and when it becomes the previous peak.
type reached struct {
	rate float64
	at   int64
}

// observe takes the rate of a minute that has ended.
func (m *memory) observe(p *Params, rate float64, now int64) {
	highest := m.peak
	if n := len(m.waiting); n > 0 {
		highest = m.waiting[n-1].rate
	}
	if rate > highest {
		m.waiting = append(m.waiting, reached{rate, now + int64(p.PeakDelay)})
	}
}

// turn reports whether there is a new previous peak.
func (m *memory) turn(now int64) bool {
	n := 0
	for n < len(m.waiting) && m.waiting[n].at <= now {
		m.peak = m.waiting[n].rate
		n++
	}
	m.waiting = m.waiting[:copy(m.waiting, m.waiting[n:])]
	return n > 0
}
