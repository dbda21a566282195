package rehearse

import (
	"fmt"
	"math"
	"time"

	"github.com/levee-io/levee/internal/capacity"
)

// latencies is a histogram of times: each bucket is about 3 % wide, 32 for each
// doubling.
type latencies struct {
	counts [maxBuckets]int64
	total  int64
}

const (
	maxBuckets = 32 * 30
	firstNanos = 1e5 // 0.1 ms
	// mantissaBits of a float64 are left out of the number of its bucket.
	mantissaBits = 52 - 5
	oneBits      = 1023 << 5 // what is left of 1.0
)

func (h *latencies) add(nanos float64, n int) {
	i := 0
	if nanos > firstNanos {
		i = min(maxBuckets-1, int(math.Float64bits(nanos/firstNanos)>>mantissaBits)-oneBits)
	}
	h.counts[i] += int64(n)
	h.total += int64(n)
}

// upper is the end of a bucket.
func upper(i int) time.Duration {
	return time.Duration(firstNanos * math.Float64frombits(uint64(i+1+oneBits)<<mantissaBits))
}

// percentile returns the upper end of the bucket in which a percentile is; 0 if there
// is nothing.
func (h *latencies) percentile(p float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := int64(math.Ceil(p / 100 * float64(h.total)))
	sum := int64(0)
	for i, n := range h.counts {
		if sum += n; sum >= rank && n > 0 {
			return upper(i)
		}
	}
	return 0
}

// Interval is a part of the time of a run.
type Interval struct {
	At        time.Duration
	Arrived   int64
	Stored    int64
	Throttled int64 // writes and reads that the table refused
	Refused   int64 // messages that the queue refused
	Lost      int64
	Backlog   int64 // at its end: arrived, neither stored nor lost
	P50, P99  time.Duration
	Consumed  float64 // write units a second of the table
	Capacity  float64 // write units a second that the table has

	times latencies
}

// Heat is the write units a second of each partition of the table in one minute.
type Heat struct {
	At         time.Duration
	Partitions []PartitionHeat
}

// PartitionHeat is one of them, as a part of the space of keys from 0 to 1.
type PartitionHeat struct {
	From, To, Rate float64
}

// Outcome is what became of one source's requests.
type Outcome struct {
	Source        string
	Arrived       int64
	Stored        int64
	Lost          int64
	Waiting       int64 // when the time was up
	P50, P90, P99 time.Duration
	Longest       time.Duration

	times latencies
}

// tally counts what becomes of traffic.
type tally struct {
	scenario *Scenario
	sources  []Outcome
	all      Outcome
	series   []Interval
	interval time.Duration
	heat     []Heat
	reasons  map[string]int64
	calls    int64 // of the queue, in requests that are paid for
	letters  int64 // dead ones
	refused  int64
	quiet    time.Duration // when something was refused last
	minute   time.Duration // the next one to look at the table
	units    [2]float64    // consumed on demand
	hours    [2]float64    // provisioned unit-hours
	busyTime time.Duration // of workers
	batches  int64         // that workers took
	drained  time.Duration // when the last request was stored
}

func newTally(s *Scenario) *tally {
	t := &tally{scenario: s, reasons: map[string]int64{}, quiet: -time.Hour, minute: time.Minute}
	t.interval = max(time.Second, (time.Duration(s.Duration) / 200).Round(time.Second))
	for i := range s.Traffic {
		t.sources = append(t.sources, Outcome{Source: s.Traffic[i].Name})
	}
	return t
}

// calm reports whether nothing was refused for a while.
func (t *tally) calm(now time.Duration) bool { return now-t.quiet > 2*time.Second }

func (t *tally) at(now time.Duration) *Interval {
	i := int(now / t.interval)
	for len(t.series) <= i {
		t.series = append(t.series, Interval{At: time.Duration(len(t.series)) * t.interval})
	}
	return &t.series[i]
}

func (t *tally) arrived(now time.Duration, source, n int) {
	t.at(now).Arrived += int64(n)
	t.sources[source].Arrived += int64(n)
	t.all.Arrived += int64(n)
}

// stored counts requests that are done after takes.
func (t *tally) stored(now time.Duration, source, n int, arrival float64, takes time.Duration) {
	if n == 0 {
		return
	}
	waited := math.Max(0, float64(now)-arrival) + float64(takes)
	x := t.at(now)
	x.Stored += int64(n)
	x.times.add(waited, n)
	for _, o := range [...]*Outcome{&t.sources[source], &t.all} {
		o.Stored += int64(n)
		o.times.add(waited, n)
		o.Longest = max(o.Longest, time.Duration(waited))
	}
	t.drained = max(t.drained, now)
}

func (t *tally) throttled(now time.Duration, d capacity.Decision, n int) {
	t.at(now).Throttled += int64(n)
	t.reasons[d.Reason()] += int64(n)
	t.quiet = now
}

func (t *tally) refusedSends(now time.Duration, n int) {
	t.at(now).Refused += int64(n)
	t.refused += int64(n)
	t.reasons["RequestThrottled (queue)"] += int64(n)
	t.quiet = now
}

func (t *tally) lost(now time.Duration, source, n int) {
	t.at(now).Lost += int64(n)
	t.sources[source].Lost += int64(n)
	t.all.Lost += int64(n)
}

func (t *tally) dead(now time.Duration, source, n int) {
	t.letters += int64(n)
	t.lost(now, source, n)
}

// called counts requests of a queue, each of so many bytes: 64 KB are one.
func (t *tally) called(n, bytes int) {
	const chunk = 64 << 10
	t.calls += int64(n) * int64(max(1, (bytes+chunk-1)/chunk))
}

// passed ends a step.
func (t *tally) passed(m *simulation) {
	x := t.at(m.now)
	x.Backlog = t.all.Arrived - t.all.Stored - t.all.Lost
	if m.line != nil {
		t.busyTime += time.Duration(m.line.busy) * m.step
	}
	for t.minute <= m.now {
		t.look(m)
		t.minute += time.Minute
	}
}

// look notes what the table is like after a minute.
func (t *tally) look(m *simulation) {
	state := m.table.State(m.scenario.begin.Add(t.minute))
	played := (min(t.minute, m.now) - (t.minute - time.Minute)).Hours() // less than the minute at the end
	for i := range state.Resources {
		r := &state.Resources[i]
		for c := range t.units {
			if state.OnDemand {
				t.units[c] += r.Minute.Consumed[c]
			} else {
				t.hours[c] += r.Provisioned[c] * played
			}
		}
	}
	r := &state.Resources[0]
	have := r.Provisioned[capacity.Write]
	if state.OnDemand {
		if have = r.Warm[capacity.Write]; r.Maximum[capacity.Write] > 0 {
			have = min(have, r.Maximum[capacity.Write])
		}
	}
	from := int((t.minute - time.Minute) / t.interval)
	for i := from; i <= int((t.minute-1)/t.interval) && i < len(t.series); i++ {
		t.series[i].Consumed, t.series[i].Capacity = r.Minute.Consumed[capacity.Write]/60, have
	}
	t.heat = append(t.heat, heatOf(t.minute-time.Minute, r))
}

// maxHeat is of how many partitions the heat is kept; of more, the mean of neighbours.
const maxHeat = 64

func heatOf(at time.Duration, r *capacity.ResourceState) Heat {
	h := Heat{At: at}
	n := len(r.Partitions)
	join := (n + maxHeat - 1) / maxHeat
	for i := 0; i < n; i += join {
		end, rate := 1.0, 0.0
		last := min(i+join, n)
		if last < n {
			end = float64(r.Partitions[last].From) / (1 << 64)
		}
		for _, p := range r.Partitions[i:last] {
			rate = max(rate, p.Ended[capacity.Write]/60)
		}
		h.Partitions = append(h.Partitions, PartitionHeat{float64(r.Partitions[i].From) / (1 << 64), end, rate})
	}
	return h
}

// finish sums up.
func (t *tally) finish(m *simulation) {
	for t.minute < m.now+time.Minute {
		t.look(m)
		t.minute += time.Minute
	}
	if last := len(t.series) - 1; last > 0 && t.series[last].Arrived == 0 && t.series[last].Stored == 0 {
		t.series = t.series[:last] // it has only begun
	}
	for i := range t.series {
		x := &t.series[i]
		x.P50, x.P99 = x.times.percentile(50), x.times.percentile(99)
	}
	t.all.Source = "all"
	for i := range t.sources {
		t.sources[i].finish()
	}
	t.all.finish()
	if t.all.Stored+t.all.Lost+t.all.Waiting != t.all.Arrived {
		panic(fmt.Sprintf("rehearse: of %d requests %d were stored, %d lost, %d wait", t.all.Arrived, t.all.Stored, t.all.Lost, t.all.Waiting))
	}
}

func (o *Outcome) finish() {
	o.P50, o.P90, o.P99 = o.times.percentile(50), o.times.percentile(90), o.times.percentile(99)
	o.Waiting = o.Arrived - o.Stored - o.Lost
}
