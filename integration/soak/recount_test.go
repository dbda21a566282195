package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecount: a counter that is built while its items are written equals a count of
// them at each pause, and after a kill.
func TestRecount(t *testing.T) {
	r := &recount{
		config: &config{life: 200 * time.Millisecond, dir: filepath.Join(t.TempDir(), "data"), binary: binary, seed: 5, log: io.Discard},
		items:  20_000, rate: 5000, pauses: 3,
	}
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	r.report(&text)
	t.Log(text.String())
	if r.wrong.count > 0 || r.written.Load() == 0 || r.groups == 0 {
		t.Errorf("%d things are wrong", r.wrong.count)
	}
}
