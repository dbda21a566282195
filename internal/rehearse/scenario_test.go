package rehearse

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWrongScenarios(t *testing.T) {
	const design = "\ndesigns: [{name: d}]"
	for text, want := range map[string]string{
		"":                     "EOF",
		"traffic: []" + design: "traffic: want",
		"traffic: [{rate: 1}]": "designs: want",
		"nonsense: 1":          "field nonsense not found",
		"traffic: [{rate: 1, ramp: {from: 1, to: 2}}]" + design:                                                        "want one of rate",
		"traffic: [{rate: 1, arrivals: odd}]" + design:                                                                 "neither even nor poisson",
		"traffic: [{name: x}]" + design:                                                                                "x: want one of rate",
		"duration: soon":                                                                                               `"soon" is no time`,
		"traffic: [{rate: 1, items: [{size: 500KB}]}]" + design:                                                        "400KB",
		"traffic: [{rate: 1, items: [{size: many}]}]" + design:                                                         `"many" is no size`,
		"traffic: [{rate: 1, groups: -1}]" + design:                                                                    "groups: want",
		"traffic: [{csv: {file: none.csv}}]" + design:                                                                  "none.csv",
		"traffic: [{rate: 1, items: [{keys: {kind: odd}}]}]" + design:                                                  "the kind is",
		"traffic: [{rate: 1, items: [{keys: {kind: hot, hot: 1, share: 2}}]}]" + design:                                "hot wants",
		"traffic: [{rate: 1}]\ndesigns: [{name: d}, {name: d}]":                                                        "two of the name",
		"traffic: [{rate: 1}]\ndesigns: [{queue: {}}]":                                                                 "consumers or a function",
		"traffic: [{rate: 1}]\ndesigns: [{function: {}}]":                                                              "need a queue",
		"traffic: [{rate: 1}]\ndesigns: [{table: {mode: odd}}]":                                                        "neither on-demand",
		"traffic: [{rate: 1}]\ndesigns: [{table: {mode: provisioned}}]":                                                "how much",
		"traffic: [{rate: 1}]\ndesigns: [{table: {mode: provisioned, provisioned: {write: 1}, scaling: {target: 5}}}]": "20 to 90",
		"traffic: [{rate: 1}]\ndesigns:\n- table: {mode: provisioned, provisioned: {write: 1}, scaling: {max: {write: 9}}, scheduled: [\n{schedule: cron(0 8 * *)}]}": "scheduled: line 4: schedule \"cron(0 8 * *)\": a cron expression has six fields",
		"traffic: [{rate: 1}]\ndesigns: [{table: {scheduled: [{schedule: rate(1 hour)}]}}]":                                                                           "scaling, and there is none",
		"traffic: [{rate: 1}]\ndesigns: [{table: {mode: provisioned, provisioned: {write: 1}, scaling: {max: {write: 9}}, scheduled: [{min: {write: 3}}]}}]":          "none of the forms",
		"traffic: [{rate: 1}]\ndesigns: [{table: {switch: 5m}}]":                                                                                                      "switch: it is for provisioned",
		"region: mars\ntraffic: [{rate: 1}]" + design:                                                                                                                 `no prices of "mars", only of ap-northeast-1, ap-northeast-2, `,
		"limit: 1m\nduration: 2m\ntraffic: [{rate: 1}]" + design:                                                                                                      "limit: it is shorter",
		"step: 1ms\nduration: 1000h\ntraffic: [{rate: 1}]" + design:                                                                                                   "more than",
		"traffic: [{spike: {from: -1, to: 2}}]" + design:                                                                                                              "want 0 to",
	} {
		if _, err := Read(strings.NewReader(text), FilesIn(t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

func TestCurves(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"m.csv": "time,requests\n2026-01-01T00:00:00Z,600\n2026-01-01T00:01:00Z,1200\n",
		"l.log": "2026-01-01T00:00:00Z GET\n2026-01-01T00:00:02Z PUT\n2026-01-01T00:00:02Z PUT\n",
		"keys":  "a\t6\nb\t3\nc\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]map[time.Duration]float64{
		"rate: 10": {time.Second: 10, time.Minute: 600},
		"spike: {from: 1, to: 100, at: 10s, for: 2s}":    {10 * time.Second: 10, 11 * time.Second: 110, 12 * time.Second: 210, 20 * time.Second: 218},
		"ramp: {from: 0, to: 100, at: 10s, over: 10s}":   {10 * time.Second: 0, 15 * time.Second: 125, 20 * time.Second: 500, 21 * time.Second: 600},
		"ramp: {from: 0, to: 100, over: 10s}":            {5 * time.Second: 125, 10 * time.Second: 500},
		"spike: {from: 5, to: 100, for: 10s}":            {5 * time.Second: 500, 20 * time.Second: 1050},
		"campaign: {recipients: 600, at: 1m, over: 60s}": {time.Minute: 0, 90 * time.Second: 300, 5 * time.Minute: 600},
		"daily: {low: 0, high: 100, peak: \"12:00\"}":    {24 * time.Hour: 50 * 86400, 12 * time.Hour: 25 * 86400},
		"csv: {file: m.csv, column: requests}":           {30 * time.Second: 300, time.Minute: 600, 90 * time.Second: 1200, time.Hour: 1800},
		"log: {file: l.log}":                             {time.Second: 1, 2 * time.Second: 1, 3 * time.Second: 3},
	} {
		s, err := Read(strings.NewReader("start: 2026-01-05T00:00:00Z\ntraffic: [{"+text+"}]\ndesigns: [{name: d}]"), FilesIn(dir))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for at, total := range want {
			if got := s.Traffic[0].curve.total(at); math.Abs(got-total) > 0.001*max(1, total) {
				t.Errorf("%s: %.2f until %s, want %.2f", text, got, at, total)
			}
		}
	}
	s, err := Read(strings.NewReader("traffic: [{rate: 1, items: [{keys: {kind: sample, file: keys}}]}]\ndesigns: [{name: d}]"), FilesIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	if cells := s.Traffic[0].Items[0].Keys.cells; len(cells) != 3 || cells[0].weight != 0.6 || cells[2].weight != 0.1 {
		t.Errorf("cells of a sample: %+v", cells)
	}
}

// The weights of cells make one, and what is dealt out is all, in their proportion.
func TestDeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Keys{Kind: rapid.SampledFrom([]string{"uniform", "zipf", "hot", "sequential"}).Draw(t, "kind"), Count: 1000, Hot: 3, Share: 0.5}
		if err := k.load(&Scenario{Seed: rapid.Uint64().Draw(t, "seed")}); err != nil {
			t.Fatal(err)
		}
		s, total, sums := newSplit(k.cells), 0, make([]int, len(k.cells))
		if whole := s.sums[len(s.sums)-1]; math.Abs(whole-1) > 1e-6 {
			t.Fatalf("the weights make %g", whole)
		}
		for range 200 {
			n := rapid.IntRange(0, 500).Draw(t, "n")
			total += n
			got := 0
			for i, c := range s.deal(n) {
				if c < 0 {
					t.Fatalf("cell %d got %d", i, c)
				}
				got += c
				sums[i] += c
			}
			if got != n {
				t.Fatalf("%d of %d were dealt out", got, n)
			}
		}
		for i, c := range k.cells {
			if off := math.Abs(float64(sums[i]) - c.weight*float64(total)); off > 2+float64(len(k.cells))/50 {
				t.Fatalf("cell %d of weight %g got %d of %d", i, c.weight, sums[i], total)
			}
		}
	})
}

// A few requests are as spread over the space of keys as many are: no part of it has
// all of them for a while.
func TestDealsOfOne(t *testing.T) {
	for _, c := range []struct{ cells, step int }{{64, 1}, {64, 3}, {63, 1}, {7, 1}, {1, 1}, {65, 2}} {
		list := make([]cell, c.cells)
		for i := range list {
			list[i].weight = 1 / float64(c.cells)
		}
		s, seen := newSplit(list), []int(nil)
		for range 300 {
			for i, n := range s.deal(c.step) {
				for range n {
					seen = append(seen, btoi(i*2 >= c.cells))
				}
			}
		}
		const window = 12
		for i := 0; i+window < len(seen) && c.cells > 2; i++ {
			upper := 0
			for _, half := range seen[i : i+window] {
				upper += half
			}
			if upper < window/2-3 || upper > window/2+3 {
				t.Fatalf("%d cells: of %d requests in a row %d are in the upper half", c.cells, window, upper)
			}
		}
	}
}

// Keys that are dealt out one by one are spread as those of whole cells: however many
// equal parts the space of keys has, each gets as many as its size says.
func TestOne(t *testing.T) {
	for _, parts := range []int{4, 40, 64, 100} {
		k := Keys{}
		if err := k.load(&Scenario{}); err != nil {
			t.Fatal(err)
		}
		s, counts := newSplit(k.cells), make([]int, parts)
		const n = 100_000
		for i := range uint64(n) {
			counts[int(float64(s.one(i))/(1<<64)*float64(parts))]++
		}
		for i, got := range counts {
			if want := float64(n) / float64(parts); math.Abs(float64(got)-want) > 0.05*want {
				t.Errorf("part %d of %d has %d of %d keys", i, parts, got, n)
			}
		}
	}
}

// Whatever the scenario, requests are stored, lost or waiting, and no longer than
// there is time.
func TestNothingIsLostFromSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, list ...string) string { return rapid.SampledFrom(list).Draw(t, name) }
		text := "duration: 30s\nlimit: 90s\ntraffic:\n  - {rate: " + pick("rate", "50", "900", "4000") + ", direct: " + pick("direct", "true", "false") + "}\n" +
			"  - {campaign: {recipients: " + pick("recipients", "10", "3000", "20000") + ", at: 10s, over: " + pick("over", "1s", "20s") + "}, groups: " + pick("groups", "1", "30", "100000") +
			", items: [{size: 2KB, keys: {kind: " + pick("keys", "uniform", "hot, hot: 1, share: 0.9", "sequential") + "}}]}\n" +
			"designs:\n  - table: {mode: provisioned, provisioned: {write: " + pick("write", "10", "1000", "20000") + "}}\n    client: {attempts: " + pick("attempts", "1", "4", "12") + "}\n" +
			"    queue: {fifo: " + pick("fifo", "true", "false") + ", highThroughput: " + pick("high", "true", "false") + ", receives: " + pick("receives", "1", "3") + ", visibility: 10s}\n" +
			pick("workers", "    consumers: {count: 3}\n", "    function: {}\n", "    consumers: {count: 200, takes: 1ms}\n")
		s, err := Read(strings.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		d := r.Designs[0]
		if d.All.Arrived == 0 || d.All.Stored < 0 || d.All.Lost < 0 || d.All.Waiting < 0 || d.Played > 91*time.Second {
			t.Fatalf("%s\n%+v", text, d.All)
		}
	})
}
