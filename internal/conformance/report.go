package conformance

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report says how a suite went.
type Report struct {
	Passed     int      `json:"passed"`
	Total      int      `json:"total"`
	Operations []Score  `json:"operations"`
	Results    []Result `json:"results"`
}

// Score is how the cases of one operation went.
type Score struct {
	Service   string  `json:"service"`
	Operation string  `json:"operation"`
	Passed    int     `json:"passed"`
	Total     int     `json:"total"`
	Score     float64 `json:"score"` // passed of total, in percent
}

func newReport(results []Result) *Report {
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name+a.Protocol, b.Name+b.Protocol))
	})
	rep := &Report{Results: results}
	for _, r := range results {
		last := len(rep.Operations) - 1
		if last < 0 || rep.Operations[last].Service != r.Service || rep.Operations[last].Operation != r.Operation {
			rep.Operations = append(rep.Operations, Score{Service: r.Service, Operation: r.Operation})
			last++
		}
		rep.Total++
		rep.Operations[last].Total++
		if r.OK {
			rep.Passed++
			rep.Operations[last].Passed++
		}
	}
	for i := range rep.Operations {
		s := &rep.Operations[i]
		s.Score = percent(s.Passed, s.Total)
	}
	return rep
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// WriteText writes the scores as a table.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "service\toperation\tpassed\tscore")
	for _, s := range r.Operations {
		fmt.Fprintf(t, "%s\t%s\t%d/%d\t%.1f%%\n", s.Service, s.Operation, s.Passed, s.Total, s.Score)
	}
	fmt.Fprintf(t, "\tall\t%d/%d\t%.1f%%\n", r.Passed, r.Total, percent(r.Passed, r.Total))
	return t.Flush()
}

// WriteFailures writes what failed and how.
func (r *Report) WriteFailures(w io.Writer) {
	for _, res := range r.Results {
		if !res.OK {
			fmt.Fprintln(w, res.String())
		}
	}
}

// String is a result with its differences.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s", r.File, r.Line, r.Name[strings.LastIndex(r.Name, "/")+1:])
	if r.Protocol != "" {
		fmt.Fprintf(&b, " (%s)", r.Protocol)
	}
	for _, d := range r.Diff {
		b.WriteString("\n    " + d)
	}
	if r.Doc != "" {
		b.WriteString("\n    see " + r.Doc)
	}
	return b.String()
}
