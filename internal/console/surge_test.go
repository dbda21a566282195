package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func surgeForm(changes ...string) url.Values {
	form := url.Values{"messages": {"100"}, "companies": {"3"}, "segment": {"5"}, "consumers": {"2"}, "baserate": {"0"}, "rate": {"0"}, "trouble": {"2.5"}}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func TestSurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan error)
		var got SurgeSettings
		b := newBrowser(t, Options{Surge: func(ctx context.Context, s SurgeSettings, watch func(SurgeProgress)) (*SurgeReport, error) {
			got = s
			watch(SurgeProgress{Phase: "surge", Elapsed: time.Second, Planned: 100, Sent: 50, Stored: 25, SentRate: 50, Waiting: 20, InFlight: 5, Oldest: time.Second})
			select {
			case err := <-end:
				return &SurgeReport{OK: true, Audit: []SurgeLine{{true, "lost", "no <message>", nil}}, Queue: "surge-1.fifo"}, err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}})
		b.get(Path+"surge", 200)
		b.says(`name="messages"`, `value="20000"`)
		for _, bad := range [][]string{{"messages", "500001"}, {"messages", "many"}, {"companies", "0"}, {"trouble", "51"}, {"trouble", "NaN"}, {"consumers", "65"}} {
			b.post(Path+"surge", surgeForm(bad...), 422)
			b.says(bad[0] + ": want")
		}
		b.post(Path+"surge", surgeForm(), 303)
		synctest.Wait()
		if want := (SurgeSettings{Messages: 100, Companies: 3, Segment: 5, Consumers: 2, Trouble: 0.025, Seed: 1}); got != want {
			t.Errorf("played with %+v", got)
		}
		b.get(Path+"surge", 200)
		b.says(`data-from="/_levee/surge/live"`, "/_levee/surge/cancel", `value="0.5" data-bar="sent"`)
		b.post(Path+"surge", surgeForm(), 409)
		live := func(since string) (a liveAnswer) {
			b.get(Path+"surge/live?since="+since, 200)
			if err := json.Unmarshal([]byte(b.page), &a); err != nil {
				t.Fatal(err)
			}
			return a
		}
		a := live("0")
		if len(a.Plot[0]) != 1 || a.Plot[1][0] != 50 || a.Plot[6][0] != 1 || a.Texts["sent"] != "50" || a.Bars["stored"] != 0.25 || a.Over {
			t.Errorf("%+v", a)
		}
		if a := live("9e9"); len(a.Plot[0]) != 0 {
			t.Errorf("after the last: %+v", a)
		}
		end <- nil
		synctest.Wait()
		if !live("0").Over {
			t.Error("it has ended")
		}
		b.get(Path+"surge", 200)
		b.says("Held", "no &lt;message&gt;", "queues/surge-1.fifo", "data-still")

		b.post(Path+"surge", surgeForm(), 303)
		b.post(Path+"surge/cancel", url.Values{}, 303)
		b.get(Path+"surge", 200)
		b.says("was cancelled")
		b.post(Path+"surge", surgeForm(), 303)
		end <- errors.New("<it> broke")
		synctest.Wait()
		b.get(Path+"surge", 200)
		b.says("could not be played", "&lt;it&gt; broke")
		b.post(Path+"surge", surgeForm(), 303)
		b.c.Close()
		b.post(Path+"surge", surgeForm(), 409)
	})
}

// A surge that panics ends like one that fails, and another can be started.
func TestSurgePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, Options{Surge: func(context.Context, SurgeSettings, func(SurgeProgress)) (*SurgeReport, error) { panic("secret") }})
		b.get(Path+"surge", 200)
		for range 2 {
			b.post(Path+"surge", surgeForm(), 303)
			synctest.Wait()
			b.get(Path+"surge", 200)
			b.says("an internal error")
			if strings.Contains(b.page, "secret") {
				t.Error("the page tells the cause")
			}
		}
	})
}

func TestNoSurge(t *testing.T) {
	b := newBrowser(t, Options{})
	b.get(Path+"surge", 200)
	b.says("levee surge")
	b.post(Path+"language", url.Values{"language": {"en"}}, 303)
	b.post(Path+"surge", surgeForm(), 404)
}

func TestRehearse(t *testing.T) {
	fail := error(nil)
	b := newBrowser(t, Options{Rehearse: func(ctx context.Context, scenario string) (*Rehearsal, error) {
		if scenario == "slow" {
			return nil, context.DeadlineExceeded
		}
		return &Rehearsal{Name: scenario, Verdict: "<take> A", OK: true, Report: []byte("<!doctype html><title>" + scenario + "</title>")}, fail
	}})
	b.get(Path+"rehearse", 200)
	b.says("levee rehearse", "designs:")
	for range maxReports + 2 {
		b.post(Path+"rehearse", url.Values{"scenario": {"<b>"}}, 303)
	}
	b.get(Path+"rehearse?done=rehearsed", 200)
	b.says("&lt;b&gt;", "&lt;take&gt; A", "/_levee/rehearse/22", "Played")
	if strings.Count(b.page, `href="/_levee/rehearse/`) != maxReports {
		t.Error("more reports than are kept")
	}
	b.get(Path+"rehearse/1", 404)
	b.get(Path+"rehearse/22", 200)
	if policy := b.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("policy %q", policy)
	}
	b.says("<title><b></title>")
	b.get(Path+"rehearse", 200)
	b.post(Path+"rehearse", url.Values{"scenario": {"slow"}}, 422)
	b.says("took too long")
	b.post(Path+"rehearse", url.Values{"scenario": {strings.Repeat("x", maxScenario+1)}}, 413)
	fail = errors.New("scenario: <line> 3")
	b.post(Path+"rehearse", url.Values{"scenario": {"kept"}}, 422)
	b.says("scenario: &lt;line&gt; 3", "kept</textarea>")
	b.c.rehearsals.playing.Lock()
	b.post(Path+"rehearse", url.Values{"scenario": {"x"}}, 409)
	b = newBrowser(t, Options{})
	b.get(Path+"rehearse", 200)
	b.says("levee rehearse")
}

// TestTextsOfFigures: texts that are chosen by a name have one in the catalog.
func TestTextsOfFigures(t *testing.T) {
	l := languages[0].load()
	for _, key := range []string{"heat.pkc", "heat.skc", "heat.pkt", "heat.skt", "surge.all", "surge.sendtime", "surge.draintime", "surge.p50", "surge.p99", "surge.longest"} {
		if !l.has(key) {
			t.Errorf("there is no text %s", key)
		}
	}
	for _, phase := range []string{"preparing", "calm", "surge", "draining", "settling", "audit"} {
		if !l.has("phase." + phase) {
			t.Errorf("there is no text of phase %s", phase)
		}
	}
	for _, f := range surgeFields {
		if !l.has("surge." + f.name) {
			t.Errorf("there is no text of %s", f.name)
		}
	}
	for _, r := range heatRows {
		if !l.has(r.label) {
			t.Errorf("there is no text %s", r.label)
		}
	}
	for name := range new(SurgeProgress).texts(l) {
		if name != "phase" && name != "elapsed" && !l.has("surge."+name) {
			t.Errorf("there is no text of %s", name)
		}
	}
}
