package kvpebble

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

func writeFile(t *testing.T, disk vfs.FS, name string) {
	t.Helper()
	f, err := disk.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, disk vfs.FS, dir string) []string {
	t.Helper()
	names, err := disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestOpenRefusesForeignDirectory(t *testing.T) {
	disk := vfs.NewMem()
	if err := disk.MkdirAll("home", 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, disk, "home/letters.txt")
	_, err := Open("home", Options{FS: disk})
	if !errors.Is(err, kv.ErrFormat) || !strings.Contains(err.Error(), "home is not empty and holds no Levee store (it has letters.txt)") {
		t.Errorf("Open: %v", err)
	}
	if names := list(t, disk, "home"); len(names) != 1 {
		t.Errorf("a refused directory now has %v", names)
	}
}

func TestOpenRefusesPlainPebble(t *testing.T) {
	disk := vfs.NewMem()
	db, err := pebble.Open("db", &pebble.Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("db", Options{FS: disk}); !errors.Is(err, kv.ErrFormat) {
		t.Errorf("Open: %v", err)
	}
}

func TestOpenRefusesNewerFormat(t *testing.T) {
	disk := vfs.NewMem()
	if err := mustOpen(t, "store", Options{FS: disk}).Close(); err != nil {
		t.Fatal(err)
	}
	next := uint64(FormatNewest) + 6
	writeFile(t, disk, "store/"+formatPrefix+strconv.FormatUint(next, 10))
	_, err := Open("store", Options{FS: disk})
	want := "store holds a store of format " + strconv.FormatUint(next, 10) +
		", this program knows formats up to " + strconv.FormatUint(uint64(FormatNewest), 10)
	if !errors.Is(err, kv.ErrFormat) || !strings.Contains(err.Error(), want) {
		t.Errorf("Open: %v", err)
	}
}

func TestOpenRefusesBrokenMarker(t *testing.T) {
	for _, number := range []string{"", "0", "one", "-1", "99999999999999999999"} {
		disk := vfs.NewMem()
		if err := disk.MkdirAll("store", 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, disk, "store/"+formatPrefix+number)
		if _, err := Open("store", Options{FS: disk}); !errors.Is(err, kv.ErrFormat) {
			t.Errorf("Open with the marker %q: %v", number, err)
		}
	}
}

func TestOpenAfterLockOnly(t *testing.T) {
	disk := vfs.NewMem()
	if err := disk.MkdirAll("store", 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, disk, "store/LOCK")
	if err := mustOpen(t, "store", Options{FS: disk}).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenFileInTheWay(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var path *fs.PathError
	if _, err := Open(name, Options{}); !errors.As(err, &path) || errors.Is(err, ErrLocked) {
		t.Errorf("Open: %v", err)
	}
}

// TestLocked opens the directory of an open store, here and in another process.
func TestLocked(t *testing.T) {
	const other = "LEVEE_TEST_LOCKED_DIR"
	dir := os.Getenv(other)
	if dir == "" {
		dir = t.TempDir()
		s := mustOpen(t, dir, Options{})
		defer s.Close()
		cmd := exec.Command(os.Args[0], "-test.run=^TestLocked$")
		cmd.Env = append(os.Environ(), other+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("in another process: %v\n%s", err, out)
		}
	}
	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "another process uses "+dir) {
		t.Errorf("Open: %v", err)
	}
}

func TestCloseUnlocks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 3 {
		if err := mustOpen(t, dir, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDirIsPrivate: a directory that is made is for its owner alone; one that is there is
// left as it is.
func TestDirIsPrivate(t *testing.T) {
	parent := t.TempDir()
	there := filepath.Join(parent, "there")
	if err := os.Mkdir(there, 0o750); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]os.FileMode{there: 0o750, filepath.Join(parent, "new", "store"): 0o700} {
		s := mustOpen(t, dir, Options{})
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, not %v", dir, info.Mode(), want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
