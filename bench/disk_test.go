package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestProbe: the probe tells of each stretch of time, writes over its file again when it
// has come to the end, and leaves nothing behind.
func TestProbe(t *testing.T) {
	dir := t.TempDir()
	p, err := openProbe(dir, 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	p.at = probeFile - 1
	var out strings.Builder
	before := p.at
	if err := p.watch(100, 30*time.Millisecond, 20*time.Millisecond, &out); err != nil {
		t.Error(err)
	}
	if p.at == before || p.at >= probeFile {
		t.Errorf("it writes at %d", p.at)
	}
	if lines := strings.Count(out.String(), " s | "); lines < 1 {
		t.Errorf("no line of figures in:\n%s", &out)
	}
	if info, err := os.Stat(p.file.Name()); err != nil || info.Size() != probeFile {
		t.Errorf("the file: %v, %v", info, err)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
