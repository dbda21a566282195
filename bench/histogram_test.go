package main

import (
	"testing"
	"time"
)

func TestQuantilesAreWithinABucket(t *testing.T) {
	var h, other histogram
	for i := 1; i <= 1000; i++ {
		part := &h
		if i%2 == 0 {
			part = &other
		}
		part.add(time.Duration(i) * time.Millisecond)
	}
	h.merge(&other)
	for _, c := range []struct{ q, want float64 }{{0.5, 500}, {0.99, 990}, {1, 1000}} {
		if got := h.quantile(c.q); got < c.want || got > c.want*growth*growth {
			t.Errorf("quantile %v = %v ms, want about %v", c.q, got, c.want)
		}
	}
	if h.count != 1000 || h.max != 1000 {
		t.Errorf("count %d, max %v", h.count, h.max)
	}
}
