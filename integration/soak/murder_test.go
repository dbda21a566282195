package main

import (
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var murderTime = flag.Duration("murder", 12*time.Second, "how long TestMurder kills")

func murderFor(t *testing.T, length time.Duration, without string) *murder {
	t.Helper()
	m := &murder{
		config:  &config{length: length, life: 150 * time.Millisecond, dir: filepath.Join(t.TempDir(), "data"), binary: binary, seed: 11, log: io.Discard},
		without: without,
	}
	if err := m.run(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	m.write(&text)
	t.Log(text.String())
	return m
}

// TestMurder: whoever is killed, each message has its effects once, in the order of
// its group: where it is consumed, where it is sent on, and in what follows the
// stream.
func TestMurder(t *testing.T) {
	m := murderFor(t, *murderTime, "")
	if m.wrong.count > 0 {
		t.Errorf("%d things are wrong", m.wrong.count)
	}
	if m.serverKills < 5 || m.consumerKills < 5 || m.again == 0 {
		t.Errorf("%d kills of the server, %d of consumers, %d effects of a repeated delivery: too few to show anything", m.serverKills, m.consumerKills, m.again)
	}
}

// TestMurderNotices: consumers that delete a message after the transaction that it
// caused, and not in it, do some things twice.
func TestMurderNotices(t *testing.T) {
	for range 5 { // the moment between the two is short
		if m := murderFor(t, 6*time.Second, withoutAtomic); m.wrong.count > 0 {
			return
		}
	}
	t.Error("nothing came twice")
}
