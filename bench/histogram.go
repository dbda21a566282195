package main

import (
	"math"
	"time"
)

// histogram counts durations in buckets that grow by 2 %, from a microsecond
// to minutes.
type histogram struct {
	buckets [1024]int
	count   int
	max     float64 // milliseconds
}

const growth = 1.02

func (h *histogram) add(d time.Duration) {
	us := max(1, float64(d)/float64(time.Microsecond))
	i := min(len(h.buckets)-1, int(math.Log(us)/math.Log(growth)))
	h.buckets[i]++
	h.count++
	h.max = max(h.max, us/1000)
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
	h.count += o.count
	h.max = max(h.max, o.max)
}

// quantile returns the duration in milliseconds below which a share q of the
// samples lies, to the width of a bucket.
func (h *histogram) quantile(q float64) float64 {
	want := int(math.Ceil(q * float64(h.count)))
	seen := 0
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen >= want {
			return min(h.max, math.Pow(growth, float64(i+1))/1000)
		}
	}
	return 0
}
