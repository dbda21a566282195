package capacity

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

const (
	// maxPartitions of one table or index; what would need more gets by with these.
	maxPartitions = 1 << 14
	// sampleSize is how many of its latest keys a partition remembers, to find out
	// where to split.
	sampleSize = 64
	// collectionBits are those of a key that are within an item collection.
	collectionBits = 32
)

// partition is a range of keys, from its own to the next partition's.
type partition struct {
	from  uint64
	caps  [classes]bucket
	bytes int64

	consumed [classes]float64 // this minute
	ended    [classes]float64 // in the minute that ended last
	refused  [classes]int     // this minute
	hot      int              // minutes in a row
	skip     uint32           // demands until the next is sampled
	sampled  int              // how many were
	sample   [sampleSize]uint64
}

// partitions are those of a table or index, in the order of their keys. Their ranges
// cover the whole space of keys at all times.
type partitions struct {
	list    []*partition
	starts  []uint64 // of list, where a search looks
	splits  []split  // for heat, that are under way
	random  uint64
	cap     Rates
	window  time.Duration
	collect bool // item collections stay together
}

// split is one that is under way: at a key, to be done at a time.
type split struct {
	key uint64
	at  int64
}

// newPartitions returns as many of equal size as throughput needs.
func newPartitions(p *Params, need float64, collect bool, now int64) partitions {
	n := min(max(1, int(math.Ceil(need-1e-9))), maxPartitions)
	ps := partitions{random: p.Seed*2685821657736338717 | 1, cap: p.PartitionCap, window: p.Window, collect: collect}
	for i := range n {
		from, _ := bits.Div64(uint64(i), 0, uint64(n))
		ps.insert(i, ps.fresh(from, now))
	}
	return ps
}

func (ps *partitions) fresh(from uint64, now int64) *partition {
	p := &partition{from: from}
	for c := range p.caps {
		p.caps[c] = newBucket(ps.cap[c], ps.window, ps.window, now)
	}
	return p
}

func (ps *partitions) insert(i int, p *partition) {
	ps.list = slices.Insert(ps.list, i, p)
	ps.starts = slices.Insert(ps.starts, i, p.from)
}

// of returns the partition of a key.
func (ps *partitions) of(key uint64) *partition { return ps.list[ps.find(key)] }

// find is a binary search for the last partition that begins at key or before it.
func (ps *partitions) find(key uint64) int {
	low, high := 0, len(ps.starts)
	for high-low > 1 {
		middle := int(uint(low+high) >> 1)
		if ps.starts[middle] <= key {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// last returns the last key of a partition.
func (ps *partitions) last(i int) uint64 {
	if i+1 == len(ps.starts) {
		return math.MaxUint64
	}
	return ps.starts[i+1] - 1
}

// share returns the part of all keys that a partition has.
func (ps *partitions) share(i int) float64 {
	return (float64(ps.last(i)-ps.starts[i]) + 1) / (1 << 64)
}

// see remembers about every 16th key.
func (ps *partitions) see(p *partition, key uint64) {
	if p.skip > 0 {
		p.skip--
		return
	}
	ps.random ^= ps.random << 13
	ps.random ^= ps.random >> 7
	ps.random ^= ps.random << 17
	p.skip = 8 + uint32(ps.random>>32)&15
	p.sample[p.sampled%sampleSize] = key
	p.sampled++
}

// cut splits a partition before a key, which becomes the first of the new one. The
// room that both have of the caps is that of the old one: they are served by
// different machines.
func (ps *partitions) cut(i int, key uint64) {
	old := ps.list[i]
	if key <= old.from || key > ps.last(i) || len(ps.list) >= maxPartitions {
		return
	}
	p := &partition{from: key, caps: old.caps}
	p.bytes = int64(float64(old.bytes) * (float64(ps.last(i)-key) + 1) / (float64(ps.last(i)-old.from) + 1))
	p.bytes = min(p.bytes, old.bytes)
	old.bytes -= p.bytes
	old.hot, old.sampled = 0, 0
	ps.insert(i+1, p)
}

// middle returns the key at which a partition is cut in half; ok is false if there is
// none.
func (ps *partitions) middle(i int) (key uint64, ok bool) {
	key = ps.starts[i] + (ps.last(i)-ps.starts[i])/2 + 1
	if ps.collect {
		key = key >> collectionBits << collectionBits
	}
	return key, key > ps.starts[i]
}

// ensure splits until the partitions give a throughput that needs so many of equal
// size: each whose share is more than one partition's.
func (ps *partitions) ensure(need float64) {
	for i := 0; i < len(ps.list); {
		key, ok := ps.middle(i)
		if ps.share(i)*need <= 1+1e-9 || !ok || len(ps.list) >= maxPartitions {
			i++
			continue
		}
		ps.cut(i, key)
	}
}

// turn ends a minute: it splits what has grown, carries out the splits that are due,
// and begins those of what has been hot for long.
func (ps *partitions) turn(params *Params, now int64) {
	ps.finish(now)
	for i := 0; i < len(ps.list); i++ {
		p := ps.list[i]
		if key, ok := ps.middle(i); ok && p.bytes >= params.PartitionBytes {
			ps.cut(i, key)
		}
		if p.turn(params, ps.cap); p.hot < params.HeatMinutes {
			continue
		}
		if key, ok := ps.heatPoint(i); ok && !ps.splitting(i) {
			ps.splits = append(ps.splits, split{key, now + int64(params.SplitTakes)})
		}
	}
}

// finish carries out the splits that are due.
func (ps *partitions) finish(now int64) {
	ps.splits = slices.DeleteFunc(ps.splits, func(s split) bool {
		if s.at > now {
			return false
		}
		ps.cut(ps.find(s.key), s.key)
		return true
	})
}

// splitting reports whether a split of a partition is under way.
func (ps *partitions) splitting(i int) bool {
	return slices.ContainsFunc(ps.splits, func(s split) bool { return ps.find(s.key) == i })
}

// turn ends the minute of one partition and finds out whether it was hot: it refused
// something, and gave about what it can.
func (p *partition) turn(params *Params, limit Rates) {
	hot := false
	for c := range p.consumed {
		hot = hot || p.refused[c] > 0 && p.consumed[c] >= params.HeatShare*limit[c]*60
	}
	if hot {
		p.hot++
	} else {
		p.hot = 0
	}
	p.ended = p.consumed
	p.consumed, p.refused = [classes]float64{}, [classes]int{}
}

// heatPoint returns the key at which a split divides a partition's traffic best; ok
// is false where no split helps: all of it is to one key, or to an item collection
// that stays together, or to one whose sort key ever rises.
func (ps *partitions) heatPoint(i int) (key uint64, ok bool) {
	p := ps.list[i]
	seen := slices.Clone(p.latest())
	if len(seen) < sampleSize || rising(seen) {
		return 0, false
	}
	if ps.collect {
		for j := range seen {
			seen[j] = seen[j] >> collectionBits << collectionBits
		}
	}
	slices.Sort(seen)
	best := len(seen)
	for j := 1; j < len(seen); j++ {
		if off := max(j, len(seen)-j) - len(seen)/2; seen[j] != seen[j-1] && off < best && seen[j] > p.from {
			key, best, ok = seen[j], off, true
		}
	}
	return key, ok
}

// latest returns the sample in the order in which the keys came.
func (p *partition) latest() []uint64 {
	if p.sampled <= sampleSize {
		return p.sample[:p.sampled]
	}
	at := p.sampled % sampleSize
	return slices.Concat(p.sample[at:], p.sample[:at])
}

// rising reports whether keys are of one item collection and each comes after the one
// before it: what is written next will then be behind any split.
func rising(keys []uint64) bool {
	for i := 1; i < len(keys); i++ {
		if keys[i]>>collectionBits != keys[0]>>collectionBits || keys[i] <= keys[i-1] {
			return false
		}
	}
	return true
}
