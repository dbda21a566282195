package dynamodb

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The guarantees of the algorithm: a count is never too low, too high by no more
// than it says, and what is frequent enough is there.
func TestSketchFindsFrequentKeys(t *testing.T) {
	var s sketch
	r := rand.New(rand.NewPCG(1, 2))
	real := map[string]int64{}
	const hits = 50_000
	for range hits {
		key := fmt.Sprintf("rare %d", r.IntN(5000))
		if r.IntN(4) == 0 {
			key = fmt.Sprintf("hot %d", r.IntN(10))
		}
		real[key]++
		s.hit([]byte(key))
	}
	list := s.top(hits)
	if len(list) != sketchSize {
		t.Errorf("%d entries, want %d", len(list), sketchSize)
	}
	found := map[string]bool{}
	for _, e := range list {
		found[e.key] = true
		if e.count < real[e.key] || e.count-e.over > real[e.key] {
			t.Errorf("%s: %d (%d too many at most), really %d", e.key, e.count, e.over, real[e.key])
		}
	}
	for key, n := range real {
		if n > hits/sketchSize && !found[key] {
			t.Errorf("%s, with %d hits, is missing", key, n)
		}
	}
	for _, e := range s.top(10) {
		if e.key[:3] != "hot" {
			t.Errorf("%s is among the ten most frequent", e.key)
		}
	}
}
