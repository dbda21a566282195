package surge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/internal/surge"
)

// engine starts an embedded engine on dir, in memory if it is empty, and returns its URL.
func engine(t *testing.T, dir string) (url string, stop func()) {
	t.Helper()
	s := &levee.Server{Dir: dir, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return "http://" + s.Addr(), func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func small(url string) surge.Config {
	c := surge.DefaultConfig()
	c.Endpoint = url
	c.Messages, c.Companies, c.Segment, c.BaseRate, c.Consumers = 2000, 5, 20, 50, 6
	c.Trouble = 0.1
	c.Calm, c.Visibility = 100*time.Millisecond, time.Second
	return c
}

// green fails the test with the report's text unless every line of the audit is fine.
func green(t *testing.T, rep *surge.Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK {
		var b bytes.Buffer
		_ = rep.WriteText(&b)
		t.Fatal(b.String())
	}
}

func TestSurge(t *testing.T) {
	t.Parallel()
	url, stop := engine(t, "")
	defer stop()
	c := small(url)
	var progress bytes.Buffer
	c.Progress = &progress
	rep, err := surge.Run(t.Context(), c)
	green(t, rep, err)
	if len(rep.Audit) < 10 || rep.Sent < 2000 || rep.Propagated != rep.Sent {
		t.Errorf("report %+v", rep)
	}
	tr := rep.Trouble
	if tr.SendsRepeated == 0 || tr.ReceivesTimedOut == 0 || tr.CommitRepliesLost == 0 || tr.Redelivered == 0 || tr.Suppressed == 0 {
		t.Errorf("trouble is on, and nothing happened: %+v", tr)
	}
	if !strings.Contains(progress.String(), "surge 1: 5 companies") {
		t.Errorf("progress %q", progress.String())
	}
	var text bytes.Buffer
	if err := rep.WriteText(&text); err != nil || strings.Contains(text.String(), "✗") || !strings.Contains(text.String(), "✓ lost            no message") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if _, err := json.Marshal(rep); err != nil {
		t.Error(err)
	}

	// A finished run is followed by another one, on tables of its own.
	c.Trouble, c.Messages = 0, 500
	rep, err = surge.Run(t.Context(), c)
	green(t, rep, err)
	if rep.Run != 2 || rep.Resumed || rep.Trouble.SendsRepeated != 0 {
		t.Errorf("second run %+v", rep)
	}
}

func TestSurgeOfRecordedEvents(t *testing.T) {
	t.Parallel()
	url, stop := engine(t, "")
	defer stop()
	c := small(url)
	c.Input = "../../examples/surge/events.ndjson"
	rep, err := surge.Run(t.Context(), c)
	green(t, rep, err)
	if rep.Sent != int64(rep.Plan.Messages) || rep.Everyday != 0 {
		t.Errorf("report %+v", rep)
	}
}

// A run that is cut off at any moment, together with its engine, is finished by starting it again.
func TestSurgeGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dice := rand.New(rand.NewPCG(3, 4))
	for try := range 100 {
		url, stop := engine(t, dir)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(150+dice.IntN(250*(try+1)))*time.Millisecond)
		rep, err := surge.Run(ctx, small(url))
		cancel()
		stop()
		if errors.Is(err, context.DeadlineExceeded) || err != nil && ctx.Err() != nil {
			continue
		}
		green(t, rep, err)
		if rep.Run != 1 || try > 0 && !rep.Resumed {
			t.Errorf("try %d: run %d, resumed %v", try, rep.Run, rep.Resumed)
		}
		return
	}
	t.Fatal("never finished")
}

func TestUnfinishedRunWithOtherSettings(t *testing.T) {
	t.Parallel()
	url, stop := engine(t, "")
	defer stop()
	c := small(url)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := surge.Run(ctx, c); err == nil {
		t.Fatal("a run that was cut off has no error")
	}
	c.Seed++
	if _, err := surge.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "run 1 is unfinished") {
		t.Errorf("error %v", err)
	}
	var last surge.Snapshot
	c.Anew, c.Messages = true, 200
	c.Watch = func(s surge.Snapshot) {
		if s.Sent < last.Sent || s.Stored < last.Stored || s.Elapsed < last.Elapsed {
			t.Errorf("%+v after %+v", s, last)
		}
		last = s
	}
	rep, err := surge.Run(t.Context(), c)
	green(t, rep, err)
	if rep.Run != 2 || rep.Resumed || last.Stored != rep.Sent || last.Phase != "audit" {
		t.Errorf("run %d, resumed %v, last seen %+v", rep.Run, rep.Resumed, last)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	url, stop := engine(t, "")
	stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if rep, err := surge.Run(ctx, small(url)); err == nil {
		t.Errorf("report %+v without a service", rep)
	}
}
