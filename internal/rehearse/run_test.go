package rehearse

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, path, dir string) *Scenario {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Read(f, FilesIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T, s *Scenario) *Result {
	t.Helper()
	r, err := Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Read(strings.NewReader(text), FilesIn(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// near reports whether a number is that wanted, up to a share of it.
func near(got, want, share float64) bool { return got >= want*(1-share) && got <= want*(1+share) }

// The three designs of the story, and what is to be expected of them.
func TestCampaign(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of simulation")
	}
	s := open(t, "../../examples/campaign.yaml", "../../examples")
	r := run(t, s)
	direct, queued, fifo, warmed := r.Designs[0], r.Designs[1], r.Designs[2], r.Designs[3]
	for _, d := range r.Designs {
		if d.Sources[1].Arrived != 500_000 || d.Sources[0].Arrived != direct.Sources[0].Arrived || !near(float64(d.Sources[0].Arrived), 20*60*4500, 0.002) ||
			d.All.Stored+d.All.Lost+d.All.Waiting != d.All.Arrived {
			t.Errorf("%s: %d of the base and %d of the campaign arrived, %d stored, %d lost", d.Name, d.Sources[0].Arrived, d.Sources[1].Arrived, d.All.Stored, d.All.Lost)
		}
	}
	if lost := direct.Sources[1].Lost; lost < 250_000 || direct.Reached {
		t.Errorf("straight to the table %d are lost", lost)
	}
	if queued.All.P99 < time.Minute || fifo.Sources[1].Lost != 0 || fifo.Sources[0].Lost != 0 || !fifo.Reached || !warmed.Reached {
		t.Errorf("queue p99 %s; FIFO lost %d, reached %v; pre-warmed reached %v", queued.All.P99, fifo.All.Lost, fifo.Reached, warmed.Reached)
	}
}

const small = `
seed: 7
duration: 2m
objective: {p99: 1s}
traffic:
  - name: base
    rate: 500
    items: [{size: 1KB}, {size: 100B, keys: {kind: hot, hot: 2, share: 0.5}}]
  - name: <script>alert(1)</script>
    campaign: {recipients: 30000, at: 30s, over: 5s}
    groups: 30
designs:
  - name: direct & <b>bold</b>
    table: {mode: provisioned, provisioned: {write: 2000, read: 10}}
  - name: queued
    table: {mode: provisioned, provisioned: {write: 4000, read: 10}}
    queue: {fifo: true}
    consumers: {count: 10}
`

// The same scenario gives the same report, byte for byte, and nothing in it is more
// than text.
func TestReport(t *testing.T) {
	var first, second bytes.Buffer
	if err := run(t, read(t, small)).HTML(&first); err != nil {
		t.Fatal(err)
	}
	if err := run(t, read(t, small)).HTML(&second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two reports of one scenario differ")
	}
	text := first.String()
	for _, bad := range []string{"<script", "<b>bold", "http://", "https://", "src=", "<link", "url(", "@import", "NaN", "Inf"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the report", bad)
		}
	}
	var other bytes.Buffer
	if err := run(t, read(t, strings.Replace(small, "seed: 7", "seed: 8", 1))).HTML(&other); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.Bytes(), other.Bytes()) {
		t.Error("another seed changes nothing")
	}
}

// The reasons of throttles are counted in a map, but listed in one order: by how often,
// then by name. With this many, a map has that order by chance next to never.
func TestReasonsAreInOrder(t *testing.T) {
	counts := map[string]int64{"z most": 5_000_000_000, "a rare": 1}
	want := []Reason{{"z most", 5_000_000_000}}
	for c := 'b'; c < 'r'; c++ {
		name := string(c) + " as frequent"
		counts[name] = 7
		want = append(want, Reason{name, 7})
	}
	if got := byCount(counts); !slices.Equal(got, append(want, Reason{"a rare", 1})) {
		t.Errorf("reasons %v", got)
	}
}

// A report with several reasons is the same, byte for byte, however often it is made.
func TestReportOfReasons(t *testing.T) {
	const text = `
duration: 10s
traffic:
  - rate: 400
    items: [{size: 1KB}]
  - rate: 400
    items: [{size: 4KB, read: true}]
  - rate: 3000
    items: [{size: 1KB, keys: {kind: hot, hot: 1, share: 1}}]
designs:
  - name: direct
    table:
      mode: provisioned
      provisioned: {write: 1800, read: 100}
      indexes: [{size: 1KB, provisioned: {write: 900}}]
  - name: capped
    table: {maximum: {write: 200, read: 100}}
`
	var first bytes.Buffer
	for i := range 30 {
		r := run(t, read(t, text))
		for _, d := range r.Designs {
			if len(d.Reasons) < 2 {
				t.Fatalf("%s: reasons %v, want several", d.Name, d.Reasons)
			}
		}
		var out bytes.Buffer
		if err := errors.Join(r.HTML(&out), r.Summary(&out)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = out
		} else if !bytes.Equal(first.Bytes(), out.Bytes()) {
			t.Fatal("two reports of one scenario differ")
		}
	}
}

func TestSummary(t *testing.T) {
	var out bytes.Buffer
	r := run(t, read(t, small))
	if err := r.Summary(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"queued", "throttled", r.Verdict()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// A scheduled action raises the minimum before the traffic comes.
func TestScheduled(t *testing.T) {
	r := run(t, read(t, `
duration: 30m
start: 2026-01-05T09:50:00Z
traffic: [{spike: {from: 10, to: 400, at: 20m, for: 10m}}]
designs:
  - name: scaled
    table: &table
      mode: provisioned
      provisioned: {write: 100, read: 1}
      scaling: {min: {write: 100}, max: {write: 1000}}
    client: {attempts: 1}
  - name: scheduled
    table: {<<: *table , scheduled: [{schedule: "cron(0 10 * * ? *)", min: {write: 500}}]}
    client: {attempts: 1}
`))
	scaled, scheduled := r.Designs[0], r.Designs[1]
	if scaled.All.Lost == 0 || scheduled.All.Lost > 0 {
		t.Errorf("%d lost without the schedule and %d with it", scaled.All.Lost, scheduled.All.Lost)
	}
	for _, x := range scheduled.Series {
		if x.At == 5*time.Minute && x.Capacity != 100 || x.At == 18*time.Minute && x.Capacity != 500 {
			t.Errorf("%g provisioned after %s", x.Capacity, x.At)
		}
	}
}

// Costs add up: of what was stored on demand, and of what was provisioned.
func TestCost(t *testing.T) {
	r := run(t, read(t, `
duration: 1h
traffic: [{rate: 100, items: [{size: 2KB}]}]
designs:
  - {name: on-demand, table: {mode: on-demand}}
  - {name: provisioned, table: {mode: provisioned, provisioned: {write: 400, read: 100}}}
`))
	if want := 3600.0 * 100 * 2 / 1e6 * 0.625; !near(r.Designs[0].Cost.Table, want, 0.001) {
		t.Errorf("on demand $%.4f, want $%.4f", r.Designs[0].Cost.Table, want)
	}
	if want := 400*0.00065 + 100*0.00013; !near(r.Designs[1].Cost.Table, want, 0.02) {
		t.Errorf("provisioned $%.4f, want $%.4f", r.Designs[1].Cost.Table, want)
	}
	if best := r.Best(); best == nil || best.Name != "provisioned" {
		t.Errorf("the best is %v", best)
	}
}

// Pre-warming is paid once, not again each month, and for what is beyond what a new
// table has.
func TestCostOfWarming(t *testing.T) {
	p := &Prices{WarmWrite: 0.5, WarmRead: 0.25}
	price := func(t Table, p *Prices) Cost { return new(tally).cost(&Design{Table: t}, p, time.Hour) }
	for _, c := range []struct {
		table Table
		want  float64
	}{
		{Table{Mode: "on-demand"}, 0},
		{Table{Mode: "on-demand", Warm: ReadWrite{Read: 12004, Write: 4010}}, 6},
		{Table{Mode: "on-demand", Warm: ReadWrite{Write: 4010}, Indexes: []Index{{}, {}}}, 15},
		{Table{Mode: "provisioned", Provisioned: ReadWrite{Write: 100}, Warm: ReadWrite{Write: 110}}, 5},
	} {
		if got := price(c.table, p); got.Warm != c.want || got.WarmUnknown {
			t.Errorf("%+v: $%g, want $%g; unknown: %v", c.table, got.Warm, c.want, got.WarmUnknown)
		}
		if got := price(c.table, new(Prices)); got.Warm != 0 || got.WarmUnknown != (c.want > 0) {
			t.Errorf("%+v without a price: $%g, unknown: %v", c.table, got.Warm, got.WarmUnknown)
		}
	}
	c := Cost{Table: 1, Queue: 2, Function: 3, Consumers: 4, Warm: 5}
	if c.Total() != 15 || c.Running() != 10 {
		t.Errorf("%+v: $%g in all, $%g running", c, c.Total(), c.Running())
	}
}

func TestOptimize(t *testing.T) {
	list, err := Optimize(t.Context(), read(t, `
duration: 10m
objective: {p99: 1s}
traffic: [{rate: 300}]
designs: [{name: d, table: {mode: provisioned, provisioned: {write: 1000, read: 1}}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	f := list[0]
	if got := f.Result.Design.Table.Provisioned.Write; !f.Result.Reached || got < 250 || got > 600 {
		t.Errorf("%g write units are best for 300 a second: %v", got, f.Settings)
	}
}

// A day of the story's base and a campaign an hour.
func BenchmarkDay(b *testing.B) {
	s, err := Read(strings.NewReader(`
duration: 24h
limit: 25h
traffic:
  - {name: base, daily: {low: 2000, high: 6000}, items: [{size: 700B}]}
  - {name: campaign, spike: {from: 0, to: 8333, at: 10h, for: 60s}, items: [{size: 900B}]}
designs: [{name: d, table: {mode: on-demand, warm: {write: 12000}}}]
`), nil)
	if err != nil {
		b.Fatal(err)
	}
	arrived := int64(0)
	for b.Loop() {
		r, err := Run(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		arrived += r.Designs[0].All.Arrived
	}
	b.ReportMetric(float64(arrived)/b.Elapsed().Seconds(), "requests/s")
}
