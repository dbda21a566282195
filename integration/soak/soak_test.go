package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// binary is the server under test: $LEVEE, or one built from this tree.
var binary string

func TestMain(m *testing.M) {
	consumeIfAsked()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "levee-soak-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if binary = os.Getenv("LEVEE"); binary == "" {
			binary = filepath.Join(dir, "levee")
			if err := build(binary); err != nil {
				panic(err)
			}
		}
		return m.Run()
	}())
}

// soakFor runs a short soak in a directory.
func soakFor(t *testing.T, kills int, between func(kills int, dir string)) *report {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	cfg := &config{length: time.Minute, kills: kills, life: 300 * time.Millisecond, dir: dir, binary: binary, seed: 7, log: io.Discard}
	cfg.between = func(kills int) { between(kills, dir) }
	rep, err := soak(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	rep.write(&text)
	t.Log(text.String())
	return rep
}

// TestSoak: whatever was acknowledged before a kill is there after it.
func TestSoak(t *testing.T) {
	rep := soakFor(t, 8, func(int, string) {})
	if rep.wrong.count > 0 {
		t.Errorf("%d things are wrong", rep.wrong.count)
	}
	for _, l := range rep.loads {
		if l.done() == 0 {
			t.Errorf("%s did nothing", l.name())
		}
	}
}

// TestSoakNotices puts the data of the kill before in the place of the data.
func TestSoakNotices(t *testing.T) {
	rep := soakFor(t, 2, func(kills int, dir string) {
		old := dir + "-old"
		if kills == 1 {
			if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(old, dir); err != nil {
			t.Fatal(err)
		}
	})
	all := strings.Join(rep.wrong.first, "\n")
	// The counts of the queues may happen to be possible.
	for _, want := range []string{"item ", "in the stream", "counter: ", "bank: ", "soak.fifo: number "} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing is said of %q", want)
		}
	}
}
