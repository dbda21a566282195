package capacity

import (
	"slices"
	"time"
)

// Decreases counts those of the provisioned capacity of one table or index.
type Decreases struct {
	today int
	last  time.Time
}

// Allow counts a decrease, if one is allowed now.
func (d *Decreases) Allow(p *Params, now time.Time) bool {
	if !d.allowed(p, now) {
		return false
	}
	d.count(now)
	return true
}

func (d *Decreases) allowed(p *Params, now time.Time) bool {
	return d.Today(now) < p.FreeDecreases || now.Sub(d.last) >= p.DecreaseSpacing
}

func (d *Decreases) count(now time.Time) { d.today, d.last = d.Today(now)+1, now }

// Today returns how many there have been on the UTC day.
func (d *Decreases) Today(now time.Time) int {
	const day = 24 * time.Hour
	if !d.last.UTC().Truncate(day).Equal(now.UTC().Truncate(day)) {
		return 0
	}
	return d.today
}

// Switches counts those of a table to on-demand.
type Switches struct {
	times []time.Time // within the window
}

// Allow counts a switch, if one is allowed now.
func (s *Switches) Allow(p *Params, now time.Time) bool {
	s.times = slices.DeleteFunc(s.times, func(t time.Time) bool { return now.Sub(t) >= p.SwitchWindow })
	if len(s.times) >= p.Switches {
		return false
	}
	s.times = append(s.times, now)
	return true
}

// Fits reports whether tables may have their throughput provisioned together in one
// account, and each of them for itself.
func (p *Params) Fits(tables ...TableConfig) bool {
	var account Rates
	for i := range tables {
		if tables[i].OnDemand {
			continue
		}
		var table Rates
		for j := range len(tables[i].Indexes) + 1 {
			for c, rate := range tables[i].at(j).Provisioned {
				table[c] += rate
				account[c] += rate
			}
		}
		if exceeds(table, p.TableQuota) {
			return false
		}
	}
	return !exceeds(account, p.AccountQuota)
}

func exceeds(rates, quota Rates) bool {
	for c := range rates {
		if quota[c] > 0 && rates[c] > quota[c] {
			return true
		}
	}
	return false
}
