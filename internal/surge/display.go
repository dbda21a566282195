package surge

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	redrawEvery = 200 * time.Millisecond // on a terminal
	lineEvery   = 3 * time.Second        // elsewhere
	watchEvery  = 500 * time.Millisecond // of Config.Watch
	rateWindow  = 2 * time.Second
)

// view is what the display shows at one moment.
type view struct {
	title, phase                  string
	elapsed                       time.Duration
	planned                       int64 // messages, as far as is known
	sent, stored, propagated      int64
	sentRate, storedRate, copied  float64 // per second
	waiting, inFlight             int64
	oldest                        time.Duration
	killed, lost, resent, dropped int64
}

// lines draws the view for a terminal of the given width.
func (v view) lines(width int) []string {
	lines := []string{
		fmt.Sprintf("%s · %s · %.0f s", v.title, v.phase, v.elapsed.Seconds()),
		bar("sent", v.sent, v.planned, v.sentRate, width),
		bar("stored", v.stored, v.planned, v.storedRate, width),
		bar("propagated", v.propagated, v.planned, v.copied, width),
		fmt.Sprintf("queue       %s waiting, %s in flight, oldest %s", group(v.waiting), group(v.inFlight), seconds(v.oldest.Seconds())),
		fmt.Sprintf("trouble     %s killed, %s replies lost, %s sends repeated, %s duplicates dropped",
			group(v.killed), group(v.lost), group(v.resent), group(v.dropped)),
	}
	for i, l := range lines {
		lines[i] = cut(l, width-1)
	}
	return lines
}

// plain is the view in one line.
func (v view) plain() string {
	return fmt.Sprintf("%4.0f s  %-9s sent %s  stored %s (%s/s)  propagated %s  queue %s + %s in flight, oldest %s  killed %s, replies lost %s, repeated %s, dropped %s",
		v.elapsed.Seconds(), v.phase, group(v.sent), group(v.stored), group(int64(v.storedRate)), group(v.propagated),
		group(v.waiting), group(v.inFlight), seconds(v.oldest.Seconds()), group(v.killed), group(v.lost), group(v.resent), group(v.dropped))
}

// bar is a row of blocks between a name and the figures.
func bar(name string, n, of int64, rate float64, width int) string {
	figures := fmt.Sprintf(" %9s %9s/s", group(n), group(int64(rate)))
	room := min(max(width-1-12-len(figures), 5), 50)
	full := room
	if of > 0 && n < of {
		full = int(n * int64(room) / of)
	}
	return fmt.Sprintf("%-12s%s%s%s", name, strings.Repeat("█", full), strings.Repeat("░", room-full), figures)
}

// cut shortens s to width characters.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	r := []rune(s)
	return string(r[:max(width-1, 0)]) + "…"
}

// display shows the run until the returned function is called.
func (r *run) display() (stop func()) {
	if r.Watch != nil {
		return r.repeat(watchEvery, func(v view) { r.Watch(v.snapshot()) })
	}
	if r.Progress == nil {
		return func() {}
	}
	every, show := lineEvery, func(v view) { fmt.Fprintln(r.Progress, v.plain()) }
	if r.Terminal {
		painter := &painter{w: r.Progress}
		every, show = redrawEvery, func(v view) { painter.paint(v.lines(r.Width)) }
	} else {
		fmt.Fprintln(r.Progress, r.title())
	}
	end := r.repeat(every, show)
	return func() { end(); fmt.Fprintln(r.Progress) }
}

// repeat shows the view again and again until the returned function is called, which shows it a last time.
func (r *run) repeat(every time.Duration, show func(view)) (stop func()) {
	rates := &rates{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			show(r.view(rates, time.Now()))
			select {
			case <-tick.C:
			case <-done:
				show(r.view(rates, time.Now()))
				return
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// view takes the figures of this moment.
func (r *run) view(rates *rates, now time.Time) view {
	c := &r.counters
	v := view{
		title: r.title(), phase: r.phase.Load().(string), elapsed: now.Sub(r.began), planned: r.total.Load(),
		sent: c.sentSoFar(), stored: c.storedSoFar(), propagated: c.propagated.Load(),
		waiting: c.waiting.Load(), inFlight: c.inFlight.Load(),
		oldest: time.Duration(c.oldest.Swap(0)) * time.Microsecond,
		killed: c.kills(), lost: c.lostReceives.Load() + c.lostCommits.Load(), resent: c.resent.Load(), dropped: c.duplicates.Load() + c.suppressed.Load(),
	}
	if v.planned == 0 {
		v.planned = int64(r.script.plan().Messages) + c.everyday.Load()
	}
	v.sentRate, v.storedRate, v.copied = rates.add(sample{now, v.sent, v.stored, v.propagated})
	return v
}

func (r *run) title() string {
	what := fmt.Sprintf("%d companies × %d chats", r.Companies, r.Segment)
	if r.Input != "" {
		what = filepath.Base(r.Input)
	}
	again := ""
	if r.resumed {
		again = ", resumed"
	}
	return fmt.Sprintf("surge %d%s%s: %s, %d consumers", r.record.Run, r.Design.aside(), again, what, r.Consumers)
}

// sample is the flow at one moment; rates keeps those of the last two seconds.
type sample struct {
	at                       time.Time
	sent, stored, propagated int64
}

type rates struct{ samples []sample }

// add returns the rates per second over the window that ends with s.
func (r *rates) add(s sample) (sent, stored, propagated float64) {
	r.samples = append(r.samples, s)
	for len(r.samples) > 2 && s.at.Sub(r.samples[1].at) >= rateWindow {
		r.samples = r.samples[1:]
	}
	first := r.samples[0]
	t := s.at.Sub(first.at).Seconds()
	return perSecond(s.sent-first.sent, t), perSecond(s.stored-first.stored, t), perSecond(s.propagated-first.propagated, t)
}

// painter draws lines over those it drew before. Each drawing is one write, so that nothing flickers.
type painter struct {
	w     io.Writer
	drawn int
}

func (p *painter) paint(lines []string) {
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, l := range lines {
		b.WriteString("\r" + l + "\x1b[K\n")
	}
	p.drawn = len(lines)
	_, _ = io.WriteString(p.w, b.String())
}
