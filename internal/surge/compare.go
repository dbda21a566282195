package surge

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Comparison is a run of each design on the same traffic, as `levee surge --design all --json` prints it. Everyday
// traffic goes on until a backlog is gone, so a slower design has more of it.
type Comparison struct {
	OK      bool      `json:"ok"`
	Designs []*Report `json:"designs"`
}

// RunAll is Run for one design after the other. If it is interrupted, the next RunAll with the same Config and
// Endpoint goes on with the design that was being played; Config.Design does not matter.
func RunAll(ctx context.Context, c Config) (*Comparison, error) {
	all := &Comparison{OK: true}
	for _, c.Design = range Designs {
		if err := c.Validate(); err != nil {
			return nil, err
		}
	}
	for _, c.Design = range Designs {
		rep, err := hold(ctx, c, true)
		if err != nil {
			return nil, err
		}
		all.OK = all.OK && rep.OK
		all.Designs = append(all.Designs, rep)
	}
	return all, nil
}

// figure is one line of the comparison, with a cell for each design.
type figure struct {
	name string
	of   func(*Report) string
}

// WriteText prints the designs side by side, and below what the audits found.
func (all *Comparison) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line("%s", all.cells(figure{"", func(r *Report) string { return string(r.Design) }}))
	p.line("Audit")
	for _, name := range all.audited() {
		p.line("%s", all.cells(figure{name, func(r *Report) string { return r.marked(name) }}))
	}
	p.line("Speed")
	for _, r := range speedRows {
		p.line("%s", all.cells(r))
	}
	p.line("Work")
	for _, r := range workRows {
		p.line("%s", all.cells(r))
	}
	p.line("")
	all.remarks(p)
	if all.OK {
		p.line("Held: each design keeps what it promises.")
	} else {
		p.line("NOT held: see the lines marked ✗.")
	}
	return p.err
}

var speedRows = []figure{
	{"surge sent", func(r *Report) string { return seconds(r.SendSeconds) }},
	{"backlog gone", func(r *Report) string { return seconds(r.DrainSeconds) }},
	{"stored/s", func(r *Report) string { return group(int64(r.DrainRate)) }},
	{"send to stored p50", func(r *Report) string { return seconds(r.Latency.P50) }},
	{"  p99", func(r *Report) string { return seconds(r.Latency.P99) }},
	{"  longest", func(r *Report) string { return seconds(r.Latency.Max) }},
}

var workRows = []figure{
	{"messages", func(r *Report) string { return group(r.Sent) }},
	{"requests", func(r *Report) string { return group(r.Requests.Made) }},
	{"  throttled", func(r *Report) string { return group(r.Requests.Throttled) }},
	{"  sent again by SDK", func(r *Report) string { return group(r.Requests.Retried) }},
	{"killed", func(r *Report) string {
		return group(r.Trouble.KilledBefore + r.Trouble.KilledDuring + r.Trouble.KilledAfter)
	}},
	{"conflicts", func(r *Report) string { return group(r.Trouble.Conflicts) }},
	{"redelivered", func(r *Report) string { return group(r.Trouble.Redelivered) }},
	{"duplicates stopped", func(*Report) string { return "" }},
	{"  by the queue", func(r *Report) string { return group(r.Trouble.SendsSuppressed) }},
	{"  by the application", func(r *Report) string { return group(r.Trouble.Suppressed) }},
}

// cells lays out a row.
func (all *Comparison) cells(r figure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %-20s", r.name)
	for _, rep := range all.Designs {
		cell := r.of(rep)
		b.WriteString(strings.Repeat(" ", max(14-utf8.RuneCountInString(cell), 1)) + cell)
	}
	return strings.TrimRight(b.String(), " ")
}

// audited are the names of the lines of all audits, in the order of the longest.
func (all *Comparison) audited() []string {
	var longest []Line
	for _, rep := range all.Designs {
		if len(rep.Audit) > len(longest) {
			longest = rep.Audit
		}
	}
	names := make([]string, len(longest))
	for i, l := range longest {
		names[i] = l.Name
	}
	return names
}

// marked is how a line of the audit ended, empty if the design has none of that name.
func (rep *Report) marked(name string) string {
	for _, l := range rep.Audit {
		if l.Name == name {
			return l.mark()
		}
	}
	return ""
}

// remarks says what is behind the marks that are not a plain yes.
func (all *Comparison) remarks(p *printer) {
	for _, rep := range all.Designs {
		for _, l := range rep.Audit {
			if l.OK && !l.Unpromised {
				continue
			}
			p.line("%s %s, %s: %s", l.mark(), rep.Design, l.Name, l.Text)
			for _, e := range l.Examples {
				p.line("      %s", e)
			}
		}
	}
}
