package capacity

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Many at once are admitted as so many one after another.
func TestAdmitManyIsAdmitAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1700000000, 0)
		cfg := TableConfig{OnDemand: rapid.Bool().Draw(t, "on-demand"), Indexes: make([]Config, 1)}
		cfg.Provisioned = Rates{500, float64(rapid.IntRange(1, 4000).Draw(t, "provisioned"))}
		cfg.Indexes[0].Provisioned = Rates{500, float64(rapid.IntRange(1, 4000).Draw(t, "of the index"))}
		one, many := NewTable(Defaults(), cfg, now), NewTable(Defaults(), cfg, now)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "milliseconds")) * time.Millisecond)
			demands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Demand {
				return Demand{
					Key: rapid.Uint64().Draw(t, "key"), Index: rapid.IntRange(0, 1).Draw(t, "index"),
					Class: Write, Units: float64(rapid.IntRange(1, 4).Draw(t, "units")),
				}
			}), 1, 3).Draw(t, "demands")
			n := rapid.IntRange(1, 300).Draw(t, "n")
			want := 0
			for range n {
				if one.AdmitAll(now, demands).Allowed {
					want++
				}
			}
			got, d := many.AdmitMany(now, demands, n)
			if got != want || d.Allowed != (got == n) {
				t.Fatalf("%d of %d admitted together (%+v), %d one by one", got, n, d, want)
			}
		}
	})
}

func TestCallMany(t *testing.T) {
	now := time.Unix(1700000000, 0)
	q := NewQueue(Defaults(), QueueConfig{FIFO: true}, now)
	if n := q.CallMany(now, Send, 1000); n != 300 || q.Throttled() != 700 {
		t.Errorf("%d of 1000 calls, %d throttled; want 300 a second", n, q.Throttled())
	}
	if n := q.CallMany(now.Add(time.Second/2), Send, 1000); n != 150 {
		t.Errorf("%d calls half a second later, want 150", n)
	}
	standard := NewQueue(Defaults(), QueueConfig{}, now)
	if n := standard.CallMany(now, Send, 1e6); n != 1e6 {
		t.Errorf("%d calls of a standard queue", n)
	}
}
