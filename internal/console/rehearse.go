package console

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Rehearsal is what came of a scenario.
type Rehearsal struct {
	Name, Verdict string
	OK            bool   // a design reaches the objective
	Report        []byte // a page of HTML that needs nothing else
}

//go:embed scenario.yaml
var exampleScenario string

const (
	// maxScenario is the largest scenario in bytes, rehearsalLimit how long one may
	// be played, maxReport how large its report may be, in bytes.
	maxScenario    = 64 << 10
	rehearsalLimit = 30 * time.Second
	maxReport      = 4 << 20
	// maxReports is how many reports are kept, the newest.
	maxReports = 20
	// reportPolicy lets a report have the styles that it brings, and nothing else: it
	// is a page without an origin, without scripts, and loads nothing.
	reportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

// rehearsals are the reports of this process. One scenario is played at a time.
type rehearsals struct {
	playing sync.Mutex

	mu     sync.Mutex // guards what follows
	number int
	list   []rehearsed // the newest last
}

// rehearsed is a report that was made.
type rehearsed struct {
	*Rehearsal
	Number int
	At     time.Time
	Took   time.Duration
}

func (r *rehearsals) add(one rehearsed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	one.Number = r.number
	r.list = append(r.list, one)
	if over := len(r.list) - maxReports; over > 0 {
		r.list = append([]rehearsed(nil), r.list[over:]...)
	}
}

// newest returns the reports, the newest first.
func (r *rehearsals) newest() []rehearsed {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]rehearsed, len(r.list))
	for i := range list {
		list[len(list)-1-i] = r.list[i]
	}
	return list
}

// rehearseData is the page of rehearsals.
type rehearseData struct {
	Available bool
	Scenario  string
	Reports   []rehearsed
	Limit     int // of a scenario, in KB
	Seconds   int
}

func (v *visit) showRehearse() error {
	scenario := v.r.Form.Get("scenario")
	if scenario == "" {
		scenario = exampleScenario
	}
	return v.show("rehearse", "rehearse.title", &rehearseData{
		Available: v.c.opts.Rehearse != nil, Scenario: scenario, Reports: v.c.rehearsals.newest(),
		Limit: maxScenario >> 10, Seconds: int(rehearsalLimit.Seconds()),
	})
}

// rehearse plays the scenario of the form, and shows the page with its report in the
// list.
func (v *visit) rehearse() error {
	if v.c.opts.Rehearse == nil {
		return refusal{status: http.StatusNotFound, key: "rehearse.none"}
	}
	err := v.playScenario(v.r.PostForm.Get("scenario"))
	var known refusal
	switch {
	case err == nil:
		return v.done(Path+"rehearse", "rehearsed")
	case errors.As(err, &known):
		v.problem, v.status = v.text(known.key), known.status
	default:
		v.problem, v.status = err.Error(), http.StatusUnprocessableEntity
	}
	return v.showRehearse()
}

func (v *visit) playScenario(scenario string) error {
	if len(scenario) > maxScenario {
		return refusal{http.StatusRequestEntityTooLarge, "rehearse.large", nil}
	}
	r := &v.c.rehearsals
	if !r.playing.TryLock() {
		return refusal{http.StatusConflict, "rehearse.busy", nil}
	}
	defer r.playing.Unlock()
	ctx, cancel := context.WithTimeout(v.r.Context(), rehearsalLimit)
	defer cancel()
	start := time.Now()
	result, err := v.c.opts.Rehearse(ctx, scenario)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return refusal{http.StatusUnprocessableEntity, "rehearse.long", err}
	case err != nil:
		return err
	case len(result.Report) > maxReport:
		return refusal{http.StatusUnprocessableEntity, "rehearse.large", nil}
	}
	took := time.Since(start)
	v.c.log.Info("scenario rehearsed from the console", "name", result.Name, "took", took)
	r.add(rehearsed{Rehearsal: result, At: start, Took: took.Round(time.Millisecond)})
	return nil
}

// showReport answers with a report, as a page of its own that can do nothing.
func (v *visit) showReport() error {
	number, _ := strconv.Atoi(v.r.PathValue("report")) // 0 is none
	for _, one := range v.c.rehearsals.newest() {
		if one.Number == number {
			h := v.w.Header()
			h.Set("Content-Security-Policy", reportPolicy)
			h.Set("Content-Type", "text/html; charset=utf-8")
			_, _ = v.w.Write(one.Report) // the client went away
			return nil
		}
	}
	return refusal{http.StatusNotFound, "rehearse.gone", nil}
}
