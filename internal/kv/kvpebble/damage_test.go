package kvpebble

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

// newDamaged returns the directory of a closed store with the keys 0000 to 1999,
// the first half of them in tables and the rest in a log, where pattern names the
// file in whose middle bytes were changed, and the name of that file.
func newDamaged(t *testing.T, pattern string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	s := mustOpen(t, dir, Options{})
	for i := range 2000 {
		c, err := set(s, fmt.Sprintf("%04d", i), bytes.Repeat([]byte{byte(i), byte(i >> 3), byte(i * i)}, 100))
		if err == nil && i%10 == 9 {
			err = c.Wait() // a record says how far the log was synced before it, which tells damage from a torn end
		}
		if err == nil && i == 999 {
			err = s.db.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, damage(t, filepath.Join(dir, pattern), 2)
}

// damage changes bytes of the largest file of a pattern, after one part of so many of what
// was written to it: logs end in zeros.
func damage(t *testing.T, pattern string, parts int) (file string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var content []byte
	size := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if n := len(bytes.TrimRight(b, "\x00")); err == nil && n > size {
			file, content, size = name, b, n
		}
	}
	copy(content[size/parts:], "damaged")
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// readable returns how many keys Salvage finds, and how many gaps.
func readable(t *testing.T, s *Store) (n, gaps int) {
	t.Helper()
	err := kv.Salvage(s, kv.Range{Start: []byte("0"), End: []byte("2")}, 0, func([]byte, []byte) error {
		n++
		return nil
	}, func(err error) {
		if gaps++; !strings.Contains(err.Error(), "corruption") {
			t.Errorf("lost to %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, gaps
}

// TestDamagedLog: a store with a damaged log is refused, and what stands before
// the damage can still be read.
func TestDamagedLog(t *testing.T) {
	dir, file := newDamaged(t, "*.log")
	if _, err := Open(dir, Options{}); !errors.Is(err, kv.ErrDamaged) || !strings.Contains(err.Error(), filepath.Base(file)) {
		t.Errorf("open: %v; want %v with %s", err, kv.ErrDamaged, filepath.Base(file))
	}
	if _, err := OpenReadOnly(dir, Options{}, false); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("open to read: %v", err)
	}
	before := sizes(t, dir)
	s, err := OpenReadOnly(dir, Options{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if n, gaps := readable(t, s); n < 1300 || n > 1700 || gaps != 0 {
		t.Errorf("%d keys and %d gaps, want about 1500 and none", n, gaps)
	}
	if _, err := set(s, "a", nil); err == nil {
		t.Error("a store that is only read takes a batch")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if after := sizes(t, dir); after != before {
		t.Errorf("the directory had %s and has %s", before, after)
	}
}

// TestDamagedTable: reads of a damaged block fail, and all else can be read.
func TestDamagedTable(t *testing.T) {
	dir, file := newDamaged(t, "*.sst")
	s := mustOpen(t, dir, Options{})
	defer s.Close()
	failed := 0
	for i := range 2000 {
		_, ok, err := s.Get(fmt.Appendf(nil, "%04d", i), nil)
		if err == nil && !ok {
			t.Fatalf("%04d is not there, and no error tells", i)
		}
		if err != nil {
			failed++
			if number, _, _ := strings.Cut(filepath.Base(file), "."); !strings.Contains(err.Error(), number) {
				t.Fatalf("the error does not name table %s: %v", number, err)
			}
		}
	}
	if n, gaps := readable(t, s); failed == 0 || n != 2000-failed || gaps != 1 {
		t.Errorf("%d keys cannot be got, %d are read around %d gaps", failed, n, gaps)
	}
}

// TestDamagedManifest: without its manifest a store cannot be read.
func TestDamagedManifest(t *testing.T) {
	dir, _ := newDamaged(t, "*.sst")
	damage(t, filepath.Join(dir, "MANIFEST-*"), 12) // in its first record
	if _, err := Open(dir, Options{}); !errors.Is(err, kv.ErrDamaged) || !strings.Contains(err.Error(), dir) {
		t.Errorf("open: %v", err)
	}
}

func TestOpenReadOnlyOfNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenReadOnly(dir, Options{}, true); !errors.Is(err, kv.ErrFormat) {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := OpenReadOnly(filepath.Join(dir, "none"), Options{}, true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	if got := sizes(t, dir); got != "" {
		t.Errorf("it made %s", got)
	}
}

// sizes returns the names and sizes of the files of a directory.
func sizes(t *testing.T, dir string) (text string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s (%d) ", e.Name(), info.Size())
	}
	return text
}
