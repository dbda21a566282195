package capacity

import (
	"math"
	"time"
)

// resource is a table or an index: what has throughput of its own.
type resource struct {
	params   *Params
	onDemand bool
	Config

	ceiling    [classes]bucket // of Config.Maximum
	throughput [classes]bucket // what is provisioned, or sustained so far
	warm       Rates
	memory     [classes]memory
	partitions partitions

	running, ended Minute
	decreases      Decreases
	scaling        [classes]*scaling
}

// Config is the throughput of a table or an index.
type Config struct {
	Provisioned Rates // in provisioned mode
	Maximum     Rates // in on-demand mode; 0 means none
	Warm        Rates // what it is warmed to, if that is more than it has anyway
}

// Minute is what was asked of a table or index in a minute.
type Minute struct {
	Consumed  Rates // units, not a second but in all
	Admitted  [classes]uint64
	Throttled [classes]Throttles
}

// Throttles counts refusals by what was short.
type Throttles [limits]uint64

func newResource(p *Params, cfg Config, onDemand, collect bool, now int64) *resource {
	r := &resource{params: p, onDemand: onDemand, Config: cfg, warm: warmed(p, cfg, onDemand)}
	r.partitions = newPartitions(p, r.need(), collect, now)
	for c := range r.throughput {
		r.ceiling[c] = unlimited()
		if onDemand && cfg.Maximum[c] > 0 {
			r.ceiling[c] = newBucket(cfg.Maximum[c], p.Window, p.Window, now)
		}
		rate, kept := r.sustained(Class(c))
		r.throughput[c] = newBucket(rate, kept, min(kept, p.InitialBurst), now)
	}
	return r
}

// warmed returns the warm throughput of something new.
func warmed(p *Params, cfg Config, onDemand bool) Rates {
	warm := cfg.Warm
	for c := range warm {
		warm[c] = max(warm[c], cfg.Provisioned[c])
		if onDemand {
			warm[c] = max(warm[c], p.OnDemandStart[c])
		}
	}
	return warm
}

// sustained returns the rate of the throughput and how much of it is kept.
func (r *resource) sustained(c Class) (rate float64, kept time.Duration) {
	if r.onDemand {
		return r.warm[c], r.params.Window
	}
	return r.Provisioned[c], max(r.params.Burst, r.params.Window)
}

// need returns how many partitions of equal size the throughput needs. A provisioned
// one needs the sum of what reads and writes need (DG, 2017, "Partitions and data
// distribution"), a warm one the larger.
func (r *resource) need() float64 {
	limit := &r.params.PartitionCap
	warm := max(r.warm[Read]/limit[Read], r.warm[Write]/limit[Write])
	if r.onDemand {
		return warm
	}
	need := r.Provisioned[Read]/limit[Read] + r.Provisioned[Write]/limit[Write]
	if r.Warm[Read] > 0 || r.Warm[Write] > 0 {
		need = max(need, warm) // it was warmed
	}
	return need
}

// set changes the throughput at once.
func (r *resource) set(cfg Config, onDemand bool, now int64) {
	for c := range cfg.Warm {
		cfg.Warm[c] = max(cfg.Warm[c], r.Warm[c])
		r.warm[c] = max(r.warm[c], warmed(r.params, cfg, onDemand)[c])
	}
	r.Config, r.onDemand = cfg, onDemand
	for c := range r.ceiling {
		switch {
		case !onDemand || cfg.Maximum[c] <= 0:
			r.ceiling[c] = unlimited()
		case math.IsInf(r.ceiling[c].most, 1):
			r.ceiling[c] = newBucket(cfg.Maximum[c], r.params.Window, r.params.Window, now)
		default:
			r.ceiling[c].set(cfg.Maximum[c], r.params.Window, now)
		}
	}
	r.grow(now)
}

// grow makes throughput and partitions what they are to be.
func (r *resource) grow(now int64) {
	for c := range r.throughput {
		rate, kept := r.sustained(Class(c))
		r.throughput[c].set(rate, kept, now)
	}
	r.partitions.ensure(r.need())
}

// check reports what is short for a demand, with the buckets filled.
func (r *resource) check(quota *bucket, p *partition, d *Demand, now int64) Limit {
	ceiling, throughput, partition := &r.ceiling[d.Class], &r.throughput[d.Class], &p.caps[d.Class]
	ceiling.fill(now)
	quota.fill(now)
	throughput.fill(now)
	partition.fill(now)
	switch {
	case !ceiling.has(d.Units):
		return MaxOnDemand
	case !quota.has(d.Units):
		return AccountLimit
	case !throughput.has(d.Units) && r.onDemand:
		return KeyRange
	case !throughput.has(d.Units):
		return ProvisionedThroughput
	case !partition.has(d.Units):
		p.refused[d.Class]++
		return KeyRange
	}
	return NoLimit
}

// take spends what check has admitted.
func (r *resource) take(quota *bucket, p *partition, d *Demand) {
	r.ceiling[d.Class].take(d.Units)
	quota.take(d.Units)
	r.throughput[d.Class].take(d.Units)
	p.caps[d.Class].take(d.Units)
	p.consumed[d.Class] += d.Units
	r.running.Consumed[d.Class] += d.Units
	r.running.Admitted[d.Class]++
}

// turn ends a minute.
func (r *resource) turn(now int64) {
	grown := false
	for c := range r.memory {
		m := &r.memory[c]
		m.observe(r.params, r.running.Consumed[c]/60, now)
		if m.turn(now) {
			if rate := r.params.OnDemandFactor * m.peak; rate > r.warm[c] {
				r.warm[c], grown = rate, true
			}
		}
	}
	if grown && r.onDemand {
		r.grow(now)
	}
	r.partitions.turn(r.params, now)
	r.ended, r.running = r.running, Minute{}
}
