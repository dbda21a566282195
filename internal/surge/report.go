package surge

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Report is the outcome of a run, as `levee surge --json` prints it.
type Report struct {
	OK       bool   `json:"ok"`
	Run      int    `json:"run"`
	Resumed  bool   `json:"resumed"`
	Endpoint string `json:"endpoint"`
	Plan     Plan   `json:"plan"`
	Design   Design `json:"design"`

	Audit []Line `json:"audit"`

	Sent       int64 `json:"sent"`       // messages, by all processes of the run
	Everyday   int64 `json:"everyday"`   // of which everyday traffic of this process
	Propagated int64 `json:"propagated"` // rows in the search table

	// Of this process:
	Elapsed      float64  `json:"elapsed_seconds"`
	SendSeconds  float64  `json:"send_seconds"`      // until the queue had accepted the surge
	SendRate     float64  `json:"sent_per_second"`   // messages the queue accepted in this time
	DrainSeconds float64  `json:"drain_seconds"`     // until its backlog was gone
	DrainRate    float64  `json:"stored_per_second"` // messages stored in this time
	Latency      Latency  `json:"send_to_stored"`
	Trouble      Trouble  `json:"trouble"`
	Consumers    int      `json:"consumers"`
	Requests     Requests `json:"requests"`
}

// Latency is the time from the moment a message was handed to the queue to the acknowledgement of its transaction.
type Latency struct {
	Messages int64   `json:"messages"`
	P50      float64 `json:"p50_seconds"`
	P99      float64 `json:"p99_seconds"`
	Max      float64 `json:"max_seconds"`
}

// Requests counts the requests of producers and of whoever stores messages: not those of the stream's reader, of the
// audit and of the display, nor what the pollers of a function receive and delete.
type Requests struct {
	Made      int64 `json:"made"`
	Retried   int64 `json:"retried"`   // of which the SDK sent again
	Throttled int64 `json:"throttled"` // of which were refused for their rate
}

// Trouble counts what went wrong, on purpose or not, and what came of it.
type Trouble struct {
	Share             float64 `json:"share"`
	SendsRepeated     int64   `json:"sends_repeated"`
	SendsSuppressed   int64   `json:"sends_suppressed"`
	KilledBefore      int64   `json:"consumers_killed_before_storing"`
	KilledDuring      int64   `json:"consumers_killed_while_storing"`
	KilledAfter       int64   `json:"consumers_killed_before_deleting"`
	ReceivesTimedOut  int64   `json:"receives_timed_out"`
	CommitRepliesLost int64   `json:"commit_replies_lost"`
	Redelivered       int64   `json:"messages_redelivered"`
	Suppressed        int64   `json:"redelivered_messages_suppressed"`
	Conflicts         int64   `json:"transactions_in_conflict"`
	Revised           int64   `json:"transactions_revised"`
	Retried           int64   `json:"requests_retried_by_error"`
	Unreadable        int64   `json:"messages_unreadable"`
}

func (r *run) report(lines []Line) *Report {
	c := &r.counters
	rep := &Report{
		OK: true, Run: r.record.Run, Resumed: r.resumed, Endpoint: r.Endpoint, Plan: r.record.Plan, Audit: lines,
		Sent: c.sentSoFar(), Everyday: c.everyday.Load(), Propagated: c.propagated.Load(), Consumers: r.Consumers,
		Design:       r.Design,
		Requests:     Requests{r.traffic.requests.Load(), r.traffic.retries.Load(), r.traffic.throttled.Load()},
		Elapsed:      time.Since(r.began).Seconds(),
		DrainSeconds: r.drained.Sub(r.surged).Seconds(),
		SendSeconds:  r.sentAll.Sub(r.surged).Seconds(),
		Latency: Latency{
			Messages: c.latency.count(),
			P50:      c.latency.quantile(0.50).Seconds(), P99: c.latency.quantile(0.99).Seconds(), Max: c.latency.longest().Seconds(),
		},
		Trouble: r.troubles(),
	}
	for _, l := range lines {
		rep.OK = rep.OK && l.OK
	}
	rep.SendRate = perSecond(c.sentInSurge.Load(), rep.SendSeconds)
	rep.DrainRate = perSecond(r.storedThen-r.storedBefore, rep.DrainSeconds)
	return rep
}

func (r *run) troubles() Trouble {
	c := &r.counters
	return Trouble{
		Share: r.Trouble, SendsRepeated: c.resent.Load(), SendsSuppressed: c.suppressed.Load(),
		KilledBefore: c.killed[diesBefore].Load(), KilledDuring: c.killed[diesDuring].Load(), KilledAfter: c.killed[diesAfter].Load(),
		ReceivesTimedOut: c.lostReceives.Load(), CommitRepliesLost: c.lostCommits.Load(),
		Redelivered: c.redelivered.Load(), Suppressed: c.duplicates.Load(),
		Conflicts: c.conflicts.Load(), Revised: c.revised.Load(), Retried: c.retried.Load(), Unreadable: c.poison.Load(),
	}
}

func perSecond(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(n) / seconds
}

// WriteText prints the report for people.
func (rep *Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line("Audit of run %d%s", rep.Run, rep.Design.aside())
	for _, l := range rep.Audit {
		p.line("  %s %-15s %s", l.mark(), l.Name, l.Text)
		for _, e := range l.Examples {
			p.line("      %s", e)
		}
	}
	t, l := rep.Trouble, rep.Latency
	p.line("")
	p.line("Speed")
	p.line("  surge sent      in %.1f s, %s messages/s", rep.SendSeconds, group(int64(rep.SendRate)))
	p.line("  backlog gone    in %.1f s, %s messages/s stored", rep.DrainSeconds, group(int64(rep.DrainRate)))
	p.line("  send to stored  p50 %s, p99 %s, longest %s (%s messages)", seconds(l.P50), seconds(l.P99), seconds(l.Max), group(l.Messages))
	p.line("  requests        %s, of which %s sent again by the SDK and %s throttled", group(rep.Requests.Made), group(rep.Requests.Retried), group(rep.Requests.Throttled))
	p.line("")
	p.line("Trouble")
	p.line("  consumers killed      %s before, %s during, %s after their transaction", group(t.KilledBefore), group(t.KilledDuring), group(t.KilledAfter))
	p.line("  replies lost          %s of receives, %s of transactions", group(t.ReceivesTimedOut), group(t.CommitRepliesLost))
	p.line("  sends repeated        %s messages, %s suppressed", group(t.SendsRepeated), group(t.SendsSuppressed))
	p.line("  messages redelivered  %s, of which %s were stored already", group(t.Redelivered), group(t.Suppressed))
	if t.Conflicts+t.Revised+t.Retried > 0 {
		p.line("  tried again           %s transactions in conflict, %s revised, %s requests", group(t.Conflicts), group(t.Revised), group(t.Retried))
	}
	p.line("")
	if rep.OK {
		what := "lost, doubled or reordered"
		if !rep.Design.ordered() {
			what = "lost or doubled"
		}
		p.line("Held: %s messages, nothing %s, in %.0f s.", group(rep.Sent), what, rep.Elapsed)
	} else {
		p.line("NOT held: see the lines marked ✗.")
	}
	return p.err
}

// mark is how a line ended.
func (l Line) mark() string {
	switch {
	case !l.OK:
		return "✗"
	case l.Unpromised:
		return "–"
	}
	return "✓"
}

// aside names a design that is not the usual one.
func (d Design) aside() string {
	if d.inFull() == FIFO {
		return ""
	}
	return ", " + string(d)
}

// printer writes lines until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// seconds shows a duration with a precision that fits it.
func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.1f s", s)
}

// group writes n with its digits in groups of three.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
