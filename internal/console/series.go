package console

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what became of one request.
type outcome struct {
	took                       time.Duration
	untimed, failed, throttled bool
}

// depth is what is in a queue, or in all.
type depth struct{ visible, inFlight, delayed, oldest uint32 }

func (d *depth) add(e depth) {
	d.visible += e.visible
	d.inFlight += e.inFlight
	d.delayed += e.delayed
	d.oldest = max(d.oldest, e.oldest)
}

// groups are the message groups of a queue, and who waits at it.
type groups struct{ open, closed, receivers uint32 }

// units are what a table consumes a second, and may.
type units struct{ reads, writes, allowedReads, allowedWrites float32 }

func (u *units) add(o units) {
	u.reads, u.writes = u.reads+o.reads, u.writes+o.writes
	u.allowedReads, u.allowedWrites = u.allowedReads+o.allowedReads, u.allowedWrites+o.allowedWrites
}

// point is one second of a resource.
type point struct {
	at                          int64 // unix seconds; the end of the second
	requests, failed, throttled uint32
	p99                         float32 // milliseconds; 0 without a timed request
	depth
	units
}

// series is the last hour of a resource. Requests are counted without a lock.
type series struct {
	requests, failed, throttled atomic.Uint32 // of the second that is not over
	times                       [buckets]atomic.Uint32

	mu     sync.Mutex // guards what follows
	depth  depth      // the last one measured, like the next two
	groups groups
	units  units
	past   []point // a ring once it has an hour of them
	next   int     // where the next point goes in a full ring
	used   int64   // the last second with anything in it
}

func (s *series) note(o outcome) {
	s.requests.Add(1)
	if !o.untimed {
		s.times[bucketOf(o.took)].Add(1)
	}
	if o.failed {
		s.failed.Add(1)
	}
	if o.throttled {
		s.throttled.Add(1)
	}
}

func (s *series) measure(d depth, g groups) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.depth, s.groups = d, g
}

func (s *series) consume(u units) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units = u
}

// take returns what was counted since it was last called.
func (s *series) take() (p point, h histogram) {
	p.requests, p.failed, p.throttled = s.requests.Swap(0), s.failed.Swap(0), s.throttled.Swap(0)
	if p.requests > 0 {
		for i := range s.times {
			h.addN(i, s.times[i].Swap(0))
		}
	}
	p.p99 = h.p99()
	return p, h
}

// end adds the point of a second, and returns for how many nothing has happened.
func (s *series) end(p point) (idle int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.depth, p.units = s.depth, s.units // which hold until the next sample
	if p.requests > 0 || p.depth != (depth{}) || s.used == 0 {
		s.used = p.at
	}
	if len(s.past) < hour {
		s.past = append(s.past, p)
	} else {
		s.past[s.next] = p
		s.next = (s.next + 1) % hour
	}
	return p.at - s.used
}

// since returns the points after a time, the oldest first.
func (s *series) since(at int64) []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]point, 0, min(len(s.past), 64))
	for i := range s.past {
		if p := s.past[(s.next+i)%len(s.past)]; p.at > at {
			list = append(list, p)
		}
	}
	return list
}

// last returns the newest point.
func (s *series) last() point {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.past) == 0 {
		return point{}
	}
	return s.past[(s.next+len(s.past)-1)%len(s.past)]
}

// histogram counts durations in buckets that are an eighth wider from one to the
// next: eight to each doubling, from a microsecond on.
type histogram struct {
	counts [buckets]uint32
	total  uint32
}

const (
	perDoubling = 8
	buckets     = 27 * perDoubling
)

// addN adds n durations of one bucket.
func (h *histogram) addN(bucket int, n uint32) {
	h.counts[bucket] += n
	h.total += n
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.addN(i, n)
	}
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 1))
	octave := bits.Len64(us) - 1
	within := int(us<<3>>octave) & (perDoubling - 1)
	return min(octave*perDoubling+within, buckets-1)
}

// p99 returns the upper bound of the bucket that the 99th of each hundred
// requests is in, in milliseconds.
func (h *histogram) p99() float32 {
	if h.total == 0 {
		return 0
	}
	above := h.total / 100 // so many are slower
	for i := len(h.counts) - 1; i >= 0; i-- {
		if h.counts[i] > above {
			octave, within := i/perDoubling, i%perDoubling
			return float32(float64(uint64(1)<<octave) * float64(perDoubling+within+1) / perDoubling / 1000)
		}
		above -= h.counts[i]
	}
	return 0
}
