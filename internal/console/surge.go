package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// SurgeSettings are what a surge is played with.
type SurgeSettings struct {
	Messages  int     // one-off messages, of all companies together
	Companies int     // that send at the same moment
	Segment   int     // chats of each
	BaseRate  int     // messages a second of everyday traffic
	Rate      int     // limit of one-off messages a second; 0: none
	Consumers int     // of the queue
	Trouble   float64 // share of operations that go wrong
	Seed      uint64
}

// SurgeProgress is how far a surge is.
type SurgeProgress struct {
	Phase                        string // preparing, calm, surge, draining, settling, audit
	Elapsed                      time.Duration
	Planned                      int64
	Sent, Stored, Propagated     int64
	SentRate, StoredRate, Copied float64 // a second
	Waiting, InFlight            int64   // messages in the queue
	Oldest                       time.Duration
	Killed, Lost                 int64 // consumers, replies
	Resent, Dropped              int64 // sends repeated, duplicates dropped
}

// SurgeReport is how a surge ended.
type SurgeReport struct {
	OK    bool // nothing was lost, doubled or reordered
	Audit []SurgeLine
	// Figures are names (keys of texts) and what they are.
	Figures []SurgeFigure
	// Queue and Tables are names of what is there to be looked at, in the default
	// namespace.
	Queue  string
	Tables []string
}

// SurgeLine is one finding of the audit.
type SurgeLine struct {
	OK         bool
	Name, Text string
	Examples   []string
}

// SurgeFigure is a figure of the report.
type SurgeFigure struct{ Name, Value string }

const (
	// surgeLimit is how long a surge may take.
	surgeLimit = 15 * time.Minute
	// maxSurgePoints is how many snapshots are kept of a surge: two a second.
	maxSurgePoints = int(surgeLimit/time.Second)*2 + 100
)

// surgeFields are the settings in the form, with their defaults and bounds: what one
// machine plays in minutes beside everything else.
var surgeFields = []struct {
	name            string
	value, min, max int
	at              func(*SurgeSettings) *int
}{
	{"messages", 20_000, 1, 500_000, func(s *SurgeSettings) *int { return &s.Messages }},
	{"companies", 30, 1, 200, func(s *SurgeSettings) *int { return &s.Companies }},
	{"segment", 250, 1, 5_000, func(s *SurgeSettings) *int { return &s.Segment }},
	{"consumers", 16, 1, 64, func(s *SurgeSettings) *int { return &s.Consumers }},
	{"baserate", 100, 0, 2_000, func(s *SurgeSettings) *int { return &s.BaseRate }},
	{"rate", 0, 0, 100_000, func(s *SurgeSettings) *int { return &s.Rate }},
}

// maxTrouble is the largest share of operations that go wrong, in percent.
const maxTrouble = 50

// surges is the surge that runs, or ran last: one at a time.
type surges struct {
	log *slog.Logger

	mu      sync.Mutex // guards what follows
	started time.Time
	points  []surgePoint
	cancel  context.CancelFunc // nil while none runs
	done    chan struct{}      // closed when the last one has ended
	report  *SurgeReport       // of the last one, nil if it had none
	err     error
	closed  bool
}

// surgePoint is a snapshot with its time.
type surgePoint struct {
	at float64 // unix seconds
	SurgeProgress
}

var errPanicked = errors.New("an internal error; the log of the server has it")

// errBusy says that something of which there is one at a time runs already.
var errBusy = errors.New("one runs already")

// start begins a surge, if none runs.
func (s *surges) start(settings SurgeSettings, play playFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil || s.closed {
		return errBusy
	}
	ctx, cancel := context.WithTimeout(context.Background(), surgeLimit)
	s.started, s.points, s.report, s.err = time.Now(), nil, nil, nil
	s.cancel, s.done = cancel, make(chan struct{})
	s.log.Info("surge started from the console", "messages", settings.Messages, "companies", settings.Companies, "consumers", settings.Consumers)
	go func() {
		defer cancel()
		report, err := s.played(ctx, settings, play)
		s.end(report, err)
	}()
	return nil
}

type playFunc = func(context.Context, SurgeSettings, func(SurgeProgress)) (*SurgeReport, error)

// played plays a surge. It is beside all requests, so nobody else is there to catch a
// panic.
func (s *surges) played(ctx context.Context, settings SurgeSettings, play playFunc) (report *SurgeReport, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("surge panicked", "cause", cause, "stack", string(debug.Stack()))
			report, err = nil, errPanicked
		}
	}()
	return play(ctx, settings, s.note)
}

// note keeps how far the surge is.
func (s *surges) note(p SurgeProgress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.points) < maxSurgePoints {
		s.points = append(s.points, surgePoint{float64(time.Now().UnixMilli()) / 1000, p})
	}
}

func (s *surges) end(report *SurgeReport, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report, s.err, s.cancel = report, err, nil
	close(s.done)
	s.log.Info("surge ended", "took", time.Since(s.started), "held", report != nil && report.OK, "err", err)
}

// stop cancels the surge that runs, and waits until it has ended.
func (s *surges) stop() {
	s.mu.Lock()
	cancel, done := s.cancel, s.done
	s.mu.Unlock()
	if cancel != nil {
		s.log.Info("surge cancelled")
		cancel()
		<-done
	}
}

// close is stop for good.
func (s *surges) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
}

// surgeData is the page of surges.
type surgeData struct {
	Available bool
	Running   bool
	Fields    []surgeField
	Trouble   string
	Now       SurgeProgress
	Seen      bool // there are points to plot
	Report    *SurgeReport
	Failed    string // why it could not be played to its end
	Cancelled bool
	Base      string // of the default namespace
}

// surgeField is a setting in the form.
type surgeField struct {
	Name, Value string
	Min, Max    int
}

func (v *visit) showSurge() error { return v.showSurgeWith(v.r.Form) }

func (v *visit) showSurgeWith(form url.Values) error {
	s := &v.c.surges
	d := &surgeData{Available: v.c.opts.Surge != nil, Trouble: "2", Base: base(defaultSpace)}
	for _, f := range surgeFields {
		field := surgeField{f.name, strconv.Itoa(f.value), f.min, f.max}
		if typed := form.Get(f.name); typed != "" {
			field.Value = typed
		}
		d.Fields = append(d.Fields, field)
	}
	if typed := form.Get("trouble"); typed != "" {
		d.Trouble = typed
	}
	s.describe(d)
	return v.show("surge", "surge.title", d)
}

// describe fills in the surge that runs, or ran last.
func (s *surges) describe(d *surgeData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Running, d.Report = s.cancel != nil, s.report
	if n := len(s.points); n > 0 {
		d.Seen, d.Now = true, s.points[n-1].SurgeProgress
	}
	if d.Cancelled = errors.Is(s.err, context.Canceled); s.err != nil && !d.Cancelled {
		d.Failed = s.err.Error()
	}
}

// startSurge starts a surge with the settings of the form.
func (v *visit) startSurge() error {
	if v.c.opts.Surge == nil {
		return refusal{status: http.StatusNotFound, key: "surge.none"}
	}
	settings, err := readSurge(v.r.PostForm)
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.showSurgeWith(v.r.PostForm)
	}
	if err := v.c.surges.start(settings, v.c.opts.Surge); err != nil {
		v.problem, v.status = v.text("surge.busy"), http.StatusConflict
		return v.showSurgeWith(v.r.PostForm)
	}
	return v.redirect(Path + "surge")
}

func readSurge(form url.Values) (s SurgeSettings, err error) {
	s.Seed = 1
	for _, f := range surgeFields {
		n, err := strconv.Atoi(strings.TrimSpace(form.Get(f.name)))
		if err != nil || n < f.min || n > f.max {
			return s, api.Validation("%s: want a whole number from %d to %d", f.name, f.min, f.max)
		}
		*f.at(&s) = n
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(form.Get("trouble")), 64)
	if err != nil || !(percent >= 0 && percent <= maxTrouble) {
		return s, api.Validation("trouble: want a number from 0 to %d, in percent", maxTrouble)
	}
	s.Trouble = percent / 100
	return s, nil
}

func (v *visit) cancelSurge() error {
	v.c.surges.stop()
	return v.redirect(Path + "surge")
}

// surgeLive answers what the script of the page asks: the points after since, and
// texts by the name of where they stand.
func (v *visit) surgeLive() error {
	since, _ := strconv.ParseFloat(v.r.Form.Get("since"), 64) // 0 is all
	s := &v.c.surges
	s.mu.Lock()
	answer := liveAnswer{Plot: make([][]float64, 1+surgeColumns), Over: s.cancel == nil}
	for i := range answer.Plot {
		answer.Plot[i] = []float64{}
	}
	for _, p := range s.points {
		if p.at > since {
			for i, value := range p.columns() {
				answer.Plot[i] = append(answer.Plot[i], value)
			}
		}
	}
	if n := len(s.points); n > 0 {
		answer.Texts, answer.Bars = s.points[n-1].texts(v.lang), s.points[n-1].bars()
	}
	s.mu.Unlock()
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(answer)
}

const surgeColumns = 6

// columns are a point in the order of the plots: the time; sent, stored and
// propagated a second; waiting and in flight; the age of the oldest in seconds.
func (p *surgePoint) columns() [1 + surgeColumns]float64 {
	return [...]float64{p.at, p.SentRate, p.StoredRate, p.Copied, float64(p.Waiting), float64(p.InFlight), p.Oldest.Seconds()}
}

// texts are what the page says of a point, by the name of where it stands.
func (p *SurgeProgress) texts(l *language) map[string]string {
	return map[string]string{
		"phase": l.text("phase." + p.Phase), "elapsed": fmt.Sprintf("%.0f s", p.Elapsed.Seconds()),
		"sent": count(p.Sent), "stored": count(p.Stored), "propagated": count(p.Propagated),
		"waiting": count(p.Waiting), "inflight": count(p.InFlight), "oldest": fmt.Sprintf("%.1f s", p.Oldest.Seconds()),
		"killed": count(p.Killed), "lost": count(p.Lost), "resent": count(p.Resent), "dropped": count(p.Dropped),
	}
}

// bars are how full the bars of the page are, from 0 to 1.
func (p *SurgeProgress) bars() map[string]float64 {
	planned := float64(max(p.Planned, 1))
	return map[string]float64{
		"sent": min(float64(p.Sent)/planned, 1), "stored": min(float64(p.Stored)/planned, 1), "propagated": min(float64(p.Propagated)/planned, 1),
	}
}

// Bars are those of the moment, for a page that is being made.
func (d *surgeData) Bars() map[string]float64 { return d.Now.bars() }
