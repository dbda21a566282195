package rehearse

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Summary writes what came of a scenario for a terminal.
func (r *Result) Summary(w io.Writer) error {
	s := r.Scenario
	fmt.Fprintf(w, "%s: %s of traffic, objective %s\n\n", s.Name, s.Duration, s.Objective)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "design\tarrived\tstored\tlost\tthrottled\tp50\tp99\tlongest\tdrained in\t$ a run\t$ a month\tobjective\t")
	for i := range r.Designs {
		d := &r.Designs[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%.0f\t%s\t\n", d.Name, count(d.All.Arrived), count(d.All.Stored),
			count(d.All.Lost), count(d.Throttles()), short(d.All.P50), short(d.All.P99), short(d.All.Longest), short(d.Drained),
			d.Cost.Total(), d.Month, map[bool]string{true: "reached", false: "missed"}[d.Reached])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range r.Designs {
		d := &r.Designs[i]
		if len(d.Reasons) == 0 && d.Misses == "" {
			continue
		}
		fmt.Fprintf(w, "\n%s:", d.Name)
		if d.Misses != "" {
			fmt.Fprintf(w, " misses the objective, as %s.", d.Misses)
		}
		for _, reason := range d.Reasons {
			fmt.Fprintf(w, "\n  %s %s", count(reason.Count), reason.Reason)
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Verdict())
	return err
}

// Throttles is how often anything was refused.
func (d *DesignResult) Throttles() int64 {
	sum := int64(0)
	for _, r := range d.Reasons {
		sum += r.Count
	}
	return sum
}
