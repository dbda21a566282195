package surge

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations with a relative error below 1/32, from a microsecond to centuries, in fixed memory.
// It may be used by many goroutines at once.
type histogram struct {
	counts [64 * buckets]atomic.Int64
	n      atomic.Int64
	max    atomic.Int64 // microseconds
}

// buckets divide each power of two.
const buckets = 32

// record counts d n times; a negative duration (a clock that stepped back) counts as zero.
func (h *histogram) record(d time.Duration, n int64) {
	us := max(d.Microseconds(), 0)
	h.counts[bucketOf(uint64(us))].Add(n)
	h.n.Add(n)
	atLeast(&h.max, us)
}

func (h *histogram) count() int64           { return h.n.Load() }
func (h *histogram) longest() time.Duration { return time.Duration(h.max.Load()) * time.Microsecond }

// quantile is the duration that the share q of the recorded ones does not exceed, zero if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q*float64(h.n.Load()) + 0.5)
	var seen int64
	for i := range h.counts {
		c := h.counts[i].Load()
		if seen += c; c > 0 && seen >= rank {
			return min(time.Duration(upperBound(i))*time.Microsecond, h.longest())
		}
	}
	return h.longest()
}

// bucketOf is exact below buckets; above, a value keeps its five bits after the leading one.
func bucketOf(v uint64) int {
	if v < buckets {
		return int(v)
	}
	shift := bits.Len64(v) - 6
	return (shift+1)*buckets + int(v>>shift) - buckets
}

// upperBound is the largest value in bucket i.
func upperBound(i int) uint64 {
	if i < buckets {
		return uint64(i)
	}
	shift := i/buckets - 1
	return (uint64(i%buckets+buckets)+1)<<shift - 1
}
