//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sink_test

import (
	"testing"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

// A directory is of one sink alone: another, as of a server that is started twice,
// would take away what the first one writes.
func TestFilesAreOfOneSink(t *testing.T) {
	dir := t.TempDir()
	first := openTable(t, dir)
	put := func() {
		t.Helper()
		if errs := first.Sink("s").Put(t.Context(), []*pipeline.Event{at("2024-05-06T07:08:09Z", "1")}, true); errs != nil {
			t.Fatal(errs)
		}
	}
	put()
	second, err := sink.New(map[string]sink.Declaration{"s": &sink.Files{Dir: dir}})
	if err == nil {
		t.Error("two sinks have one directory")
		defer second.Close()
	}
	put()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if rows, names := tableRows(t, dir); len(rows) != 2 {
		t.Errorf("of 2 events %d are in %v", len(rows), names)
	}
	if err := openTable(t, dir).Close(); err != nil {
		t.Errorf("after the first one: %v", err)
	}
}
