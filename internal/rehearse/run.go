package rehearse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/capacity"
)

// Result is what came of a scenario.
type Result struct {
	Scenario *Scenario
	Designs  []DesignResult
}

// DesignResult is what came of one design.
type DesignResult struct {
	Name     string
	Design   *Design
	Played   time.Duration // until nothing waited, or the limit
	Drained  time.Duration // after the end of the traffic that made it wait; 0 if nothing did
	All      Outcome
	Sources  []Outcome
	Reasons  []Reason // by how often
	Dead     int64    // letters
	Series   []Interval
	Interval time.Duration
	Heat     []Heat
	Cost     Cost
	Month    float64 // the cost if it went on like this
	Reached  bool    // the objective
	Misses   string  // what keeps it from that
}

// Reason is why something was refused, and how often.
type Reason struct {
	Reason string
	Count  int64
}

// Run plays all designs.
func Run(ctx context.Context, s *Scenario) (*Result, error) {
	r := &Result{Scenario: s}
	for i := range s.Designs {
		d, err := play(ctx, s, &s.Designs[i])
		if err != nil {
			return nil, err
		}
		r.Designs = append(r.Designs, d)
	}
	return r, nil
}

func play(ctx context.Context, s *Scenario, d *Design) (DesignResult, error) {
	p := capacity.Defaults()
	p.Seed = s.Seed
	m := newSimulation(s, d, p)
	if err := m.run(ctx); err != nil {
		return DesignResult{}, err
	}
	t := m.tally
	out := DesignResult{
		Name: d.Name, Design: d, Played: m.now, All: t.all, Sources: t.sources, Dead: t.letters,
		Series: t.series, Interval: t.interval, Heat: t.heat,
	}
	out.Reasons = byCount(t.reasons)
	out.Drained = drained(t.series)
	out.Cost = t.cost(d, prices().Regions[s.Region], m.now)
	out.Month = out.Cost.Running()*hoursInMonth/m.now.Hours() + out.Cost.Warm
	out.Misses = s.Objective.misses(&out)
	out.Reached = out.Misses == ""
	return out, nil
}

// byCount lists reasons, the most frequent first and those as frequent by name.
func byCount(counts map[string]int64) (list []Reason) {
	for name, n := range counts {
		list = append(list, Reason{name, n})
	}
	slices.SortFunc(list, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Reason, b.Reason))
	})
	return list
}

// drained is how long it took from the largest backlog until there was next to none.
func drained(series []Interval) time.Duration {
	top := 0
	for i := range series {
		if series[i].Backlog > series[top].Backlog {
			top = i
		}
	}
	if len(series) == 0 || series[top].Backlog < 2*series[top].Arrived {
		return 0
	}
	for i := top; i < len(series); i++ {
		if series[i].Backlog <= series[i].Arrived/100 {
			return series[i].At - series[top].At
		}
	}
	return series[len(series)-1].At - series[top].At
}

// misses says what keeps a design from the objective, "" if nothing does.
func (o *Objective) misses(d *DesignResult) string {
	of := &d.All
	for i := range d.Sources {
		if d.Sources[i].Source == o.Source {
			of = &d.Sources[i]
		}
	}
	var list []string
	if loss := float64(of.Lost) / max(1, float64(of.Arrived)); loss > o.Loss {
		list = append(list, fmt.Sprintf("%s of %s are lost", count(of.Lost), count(of.Arrived)))
	}
	if of.Waiting > 0 {
		list = append(list, fmt.Sprintf("%s still wait at the end", count(of.Waiting)))
	}
	if o.P99 > 0 && of.P99 > time.Duration(o.P99) {
		list = append(list, fmt.Sprintf("p99 is %s, not %s", short(of.P99), short(time.Duration(o.P99))))
	}
	return strings.Join(list, "; ")
}

// Best returns the cheapest design that reaches the objective, nil if none does.
func (r *Result) Best() *DesignResult {
	var best *DesignResult
	for i := range r.Designs {
		if d := &r.Designs[i]; d.Reached && (best == nil || d.Month < best.Month) {
			best = d
		}
	}
	return best
}

// Verdict says which design to take, in words.
func (r *Result) Verdict() string {
	best := r.Best()
	if best == nil {
		var b strings.Builder
		fmt.Fprintf(&b, "No design reaches the objective (%s).", r.Scenario.Objective)
		for i := range r.Designs {
			fmt.Fprintf(&b, " %s: %s.", r.Designs[i].Name, r.Designs[i].Misses)
		}
		return b.String()
	}
	text := fmt.Sprintf("%s reaches the objective (%s) for $%.2f a run, $%.0f a month", best.Name, r.Scenario.Objective, best.Cost.Total(), best.Month)
	reached := 0
	for i := range r.Designs {
		reached += btoi(r.Designs[i].Reached)
	}
	switch {
	case len(r.Designs) == 1:
	case reached == 1:
		text += "; no other does"
	default:
		text += fmt.Sprintf("; of the %d that do it is the cheapest", reached)
	}
	text += "."
	if best.Cost.WarmUnknown {
		text += " The one-time fee of pre-warming comes on top; no price of it is known here."
	}
	return text
}

// String says an objective.
func (o Objective) String() string {
	text := "no loss"
	if o.Loss > 0 {
		text = fmt.Sprintf("loss up to %g %%", 100*o.Loss)
	}
	if o.P99 > 0 {
		text = fmt.Sprintf("p99 up to %s, %s", short(time.Duration(o.P99)), text)
	}
	if o.Source != "" {
		text = o.Source + ": " + text
	}
	return text
}

// short is a time with few digits.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// count is a number with its thousands apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
