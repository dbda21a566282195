package main

import (
	"testing"
	"time"
)

// stretch is a hundred latencies, of which some are a pause.
func stretch(most, pause time.Duration, pauses int) *histogram {
	var h histogram
	for i := range 100 {
		if i < pauses {
			h.add(pause)
		} else {
			h.add(most)
		}
	}
	return &h
}

// near is what a histogram can tell.
func near(got, want float64) bool { return got >= want && got <= want*growth*growth }

func TestStretches(t *testing.T) {
	s := stretches{
		stretch(time.Millisecond, 50*time.Millisecond, 9),
		stretch(2*time.Millisecond, 0, 0),
		stretch(3*time.Millisecond, 0, 0),
		stretch(4*time.Millisecond, 0, 0),
	}
	if p50, p99, all := s.p50(), s.p99(), s.p99OfAll(); !near(p50, 2.5) || !near(p99, 3.5) || !near(all, 50) {
		t.Errorf("p50 %.2f, p99 %.2f, p99 of all %.2f, not 2.5, 3.5 and 50", p50, p99, all)
	}
	if p99 := s[:3].p99(); !near(p99, 3) {
		t.Errorf("p99 of three is %.2f, not 3", p99)
	}
}
