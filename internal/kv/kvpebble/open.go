package kvpebble

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// Open opens the store in dir, or creates it if dir is empty or does not exist.
// It fails with kv.ErrFormat if dir holds other files, or a store that a later
// version of Levee wrote; and with ErrLocked if another process has it open.
func Open(dir string, o Options) (*Store, error) {
	disk := o.FS
	if disk == nil {
		disk = vfs.Default
	}
	if err := makeDir(disk, dir); err != nil {
		return nil, fmt.Errorf("kvpebble: %w", err)
	}
	// Before the lock, which makes a file, so that a foreign directory is refused
	// untouched; and below again, when nobody else can change it.
	if _, err := findFormat(disk, dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(disk, dir)
	if err != nil {
		return nil, err
	}
	s, err := open(disk, dir, lock, o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// open opens the store in the locked directory. Pebble panics when it cannot sync a
// directory or write a manifest; here that is an error like any other.
func open(disk vfs.FS, dir string, lock *pebble.Lock, o Options) (_ *Store, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("kvpebble: open %s: %v", dir, r)
		}
	}()
	format, err := findFormat(disk, dir)
	if err != nil {
		return nil, err
	}
	if format == 0 {
		if err := writeFormat(disk, dir, FormatNewest); err != nil {
			return nil, fmt.Errorf("kvpebble: %w", err)
		}
	}
	po := o.pebble()
	po.Lock = lock
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, fmt.Errorf("kvpebble: open %s: %w", dir, err)
	}
	return &Store{fs: disk, dir: dir, lock: lock, db: db}, nil
}

// lockFile is Pebble's name of the file that is locked.
const lockFile = "LOCK"

// findFormat returns the format of the store in dir, 0 if dir is empty but for the
// lock, and an error if it is neither.
func findFormat(disk vfs.FS, dir string) (Format, error) {
	names, err := disk.List(dir)
	if err != nil {
		return 0, fmt.Errorf("kvpebble: %w", err)
	}
	format, err := readFormat(dir, names)
	if format != 0 || err != nil {
		return format, err
	}
	for _, name := range names {
		if name != lockFile {
			return 0, fmt.Errorf("kvpebble: %s is not empty and holds no Levee store (it has %s): %w",
				dir, name, kv.ErrFormat)
		}
	}
	return 0, nil
}

// ErrLocked: another process, or this one, has the directory open.
var ErrLocked = errors.New("in use")

func lockDir(disk vfs.FS, dir string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, disk)
	if err == nil {
		return lock, nil
	}
	// A lock file that cannot be made is an error with a path; one that another
	// holds is a bare error of the lock call.
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, fmt.Errorf("kvpebble: %w", err)
	}
	return nil, fmt.Errorf("kvpebble: another process uses %s: %w (%v)", dir, ErrLocked, err)
}

// makeDir makes dir and its parents and syncs the directories that name them, so
// that a crash does not lose the whole store with its name.
func makeDir(disk vfs.FS, dir string) error {
	var parents []string
	for d := dir; ; d = parents[len(parents)-1] {
		if _, err := disk.Stat(d); err == nil || !errors.Is(err, fs.ErrNotExist) || disk.PathDir(d) == d {
			break
		}
		parents = append(parents, disk.PathDir(d))
	}
	if err := disk.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range parents {
		if err := syncDir(disk, d); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(disk vfs.FS, dir string) error {
	f, err := disk.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
