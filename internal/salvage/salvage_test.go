package salvage

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// folder is where a test salvages to.
type folder struct {
	files map[string]*file
	full  string // the file that cannot be written
}

type file struct {
	bytes.Buffer
	full, closed bool
}

var errFull = errors.New("disk full")

func (f *file) Write(b []byte) (int, error) {
	if f.full {
		return 0, errFull
	}
	return f.Buffer.Write(b)
}

func (f *file) Close() error {
	f.closed = true
	return nil
}

func (f *folder) create(name string) (io.WriteCloser, error) {
	if f.files[name] != nil {
		return nil, errors.New("exists")
	}
	f.files[name] = &file{full: name == f.full}
	return f.files[name], nil
}

// salvage salvages a source of three rows, of which no line can be made for one.
func (f *folder) salvage(t *testing.T) (lines int, lost []string, err error) {
	store := kvmem.New()
	defer func() { _ = store.Close() }()
	b := store.NewBatch()
	for _, key := range []string{"r1", "r2", "r3", "s"} {
		b.Set([]byte(key), []byte("<"+key+">"))
	}
	if _, err := store.Apply(b, kv.NoSync); err != nil {
		t.Fatal(err)
	}
	run := &Run{Store: store, Create: f.create, Lost: func(text string) { lost = append(lost, text) }}
	lines, err = run.Files(&Source{
		Name: "a/b", Kind: "thing", Described: []byte("{}"), What: "thing b", Rows: []byte("r"),
		Line: func(to, key, value []byte) ([]byte, error) {
			if string(key) == "r2" {
				return nil, errors.New("makes no sense")
			}
			return append(to, value...), nil
		},
		Row: func(key []byte) string { return "row " + string(key) },
	})
	return lines, lost, err
}

func TestFiles(t *testing.T) {
	f := folder{files: map[string]*file{}}
	lines, lost, err := f.salvage(t)
	if lines != 2 || err != nil || !slices.Equal(lost, []string{"thing b: row r2: makes no sense"}) {
		t.Errorf("%d lines, %v, lost %q", lines, err, lost)
	}
	for name, want := range map[string]string{"a/b.thing.json": "{}\n", "a/b.ndjson": "<r1>\n<r3>\n"} {
		if got := f.files[name]; got == nil || got.String() != want || !got.closed {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

// TestFull: what cannot be written is an error, not a loss.
func TestFull(t *testing.T) {
	for _, name := range []string{"a/b.thing.json", "a/b.ndjson"} {
		f := folder{files: map[string]*file{}, full: name}
		if _, lost, err := f.salvage(t); !errors.Is(err, errFull) || len(lost) > 0 {
			t.Errorf("%s cannot be written: %v, lost %q", name, err, lost)
		}
		for name, file := range f.files {
			if !file.closed {
				t.Errorf("%s is left open", name)
			}
		}
		// Nor is a file that is there already written over.
		if _, _, err := f.salvage(t); err == nil {
			t.Errorf("salvaged twice, into %s", strings.Join(slices.Sorted(maps.Keys(f.files)), ", "))
		}
	}
}
