package rehearse

import (
	"math"
	"testing"
	"time"
)

// Requests of independent clients have a Poisson distribution: over equal times their
// number varies by its own mean. What is evenly spread does not vary.
func TestPoisson(t *testing.T) {
	for _, c := range []struct {
		source   string
		variance float64 // as a share of the mean
	}{
		{"rate: 20", 1}, {"rate: 3000", 1}, {"rate: 20, arrivals: even", 0}, {"campaign: {recipients: 8000, over: 400s}", 0},
	} {
		s := read(t, "seed: 3\nduration: 400s\ntraffic: [{"+c.source+"}]\ndesigns: [{name: d}]")
		counts, sum := make([]float64, 400), 0.0
		for at := range s.Arrivals {
			counts[at/time.Second]++
			sum++
		}
		mean, variance := sum/400, 0.0
		for _, n := range counts {
			variance += (n - mean) * (n - mean) / 400
		}
		if share := variance / mean; math.Abs(share-c.variance) > 0.25 {
			t.Errorf("%s: the variance is %.2f of the mean %.0f, want %.0f", c.source, share, mean, c.variance)
		}
	}
}

// Whatever the design and its steps, the same requests arrive; with another seed other
// ones do.
func TestSameArrivals(t *testing.T) {
	const text = `
duration: 3m
traffic:
  - ramp: {from: 10, to: 900, over: 2m}
  - {rate: 40, groups: 10}
designs:
  - table: {mode: provisioned, provisioned: {write: 200, read: 1}}
  - {table: {mode: on-demand}, queue: {fifo: true}, consumers: {takes: 77ms}}
  - {table: {mode: on-demand}, queue: {}, function: {takes: 30ms}}
`
	count := func(seed string) (list [2]int64) {
		for _, i := range read(t, seed+text).Arrivals {
			list[i]++
		}
		return list
	}
	want := count("seed: 1")
	if want == count("seed: 2") {
		t.Errorf("with another seed the same %v arrive", want)
	}
	for _, d := range run(t, read(t, "seed: 1"+text)).Designs {
		if got := [2]int64{d.Sources[0].Arrived, d.Sources[1].Arrived}; got != want {
			t.Errorf("%s: %v arrived, want %v", d.Name, got, want)
		}
	}
}
