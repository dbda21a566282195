package capacity

import (
	"math"
	"time"
)

// AdmitMany decides about n equal sets of demands, each of which is admitted or
// refused together, as AdmitAll does for one. It returns how many are admitted, and
// why not the others. It is for who has many at a moment and need not tell them
// apart, as a simulation has.
func (t *Table) AdmitMany(now time.Time, demands []Demand, n int) (int, Decision) {
	at := now.UnixNano()
	if at >= t.minute {
		t.turnTo(at)
	}
	admitted, limit, short := n, NoLimit, 0
	t.places = t.places[:0]
	for i := range demands {
		d := &demands[i]
		r := t.resources[d.Index]
		p := r.partitions.of(d.Key)
		p.skip -= min(p.skip, uint32(min(n-1, math.MaxUint16)))
		r.partitions.see(p, d.Key)
		r.fill(&t.quota[d.Class], p, d.Class, at)
		t.places = append(t.places, place{demand: d, resource: r, partition: p})
	}
	for i := range t.places {
		if k, l := t.room(i, admitted); k < admitted {
			admitted, limit, short = k, l, i
		}
	}
	for i := range t.places {
		t.places[i].takeMany(&t.quota[demands[i].Class], admitted)
	}
	if admitted == n {
		return n, Decision{Allowed: true}
	}
	refuser := &t.places[short]
	if c := refuser.demand.Class; limit == KeyRange {
		refuser.partition.refused[c] += n - admitted
	}
	refuser.resource.running.Throttled[refuser.demand.Class][limit] += uint64(n - admitted)
	return admitted, Decision{Limit: limit, Class: refuser.demand.Class, Index: refuser.demand.Index, Demand: short}
}

// room returns how many of n sets the buckets of one of their demands have room for,
// and which bucket has no more.
func (t *Table) room(i, n int) (int, Limit) {
	was := &t.places[i]
	c, r, p := was.demand.Class, was.resource, was.partition
	ofTable, ofResource, ofPartition := 0.0, 0.0, 0.0 // units of one set
	for j := range t.places {
		other := &t.places[j]
		if other.demand.Class != c {
			continue
		}
		ofTable += other.demand.Units
		if other.resource == r {
			ofResource += other.demand.Units
		}
		if other.partition == p {
			ofPartition += other.demand.Units
		}
	}
	short := ProvisionedThroughput
	if r.onDemand {
		short = KeyRange
	}
	limit := NoLimit
	for _, b := range [...]struct {
		bucket *bucket
		units  float64
		limit  Limit
	}{
		{&r.ceiling[c], ofResource, MaxOnDemand}, {&t.quota[c], ofTable, AccountLimit},
		{&r.throughput[c], ofResource, short}, {&p.caps[c], ofPartition, KeyRange},
	} {
		if k := b.bucket.fits(b.units, n); k < n {
			n, limit = k, b.limit
		}
	}
	return n, limit
}

// fits returns how many of n demands for units a filled bucket admits.
func (b *bucket) fits(units float64, n int) int {
	if units <= 0 || math.IsInf(b.tokens, 1) {
		return n
	}
	k := min(float64(n), math.Floor(b.tokens/units+slack))
	if k == 0 && b.has(units) {
		return min(n, 1)
	}
	return int(k)
}

// fill lets the tokens come that a demand may spend.
func (r *resource) fill(quota *bucket, p *partition, c Class, now int64) {
	r.ceiling[c].fill(now)
	quota.fill(now)
	r.throughput[c].fill(now)
	p.caps[c].fill(now)
}

func (w *place) takeMany(quota *bucket, n int) {
	if n == 0 {
		return
	}
	c, r, p := w.demand.Class, w.resource, w.partition
	units := w.demand.Units * float64(n)
	r.ceiling[c].take(units)
	quota.take(units)
	r.throughput[c].take(units)
	p.caps[c].take(units)
	p.consumed[c] += units
	r.running.Consumed[c] += units
	r.running.Admitted[c] += uint64(n)
}

// CallMany decides about n calls of an action for one message group, or for none, and
// returns how many are admitted.
func (q *Queue) CallMany(now time.Time, action QueueAction, n int, groups ...uint32) int {
	at := now.UnixNano()
	if at >= q.minute {
		q.turn(at)
	}
	b := &q.whole[action]
	if len(q.parts) > 0 && len(groups) > 0 {
		b = &q.parts[q.partition(groups[0])].calls[action]
	}
	b.fill(at)
	k := b.fits(1, n)
	b.take(float64(k))
	if k < n {
		q.short = q.short || len(q.parts) > 0 && len(groups) > 0
		q.throttled += uint64(n - k)
	}
	return k
}
