package kvpebble

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// Open opens the store in dir, or creates it if dir is empty or does not exist.
// It fails with kv.ErrFormat if dir holds other files, or a store that a later
// version of Levee wrote; with ErrLocked if another process has it open; and with
// kv.ErrDamaged if its files are not as they were written.
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
	if _, err := inspect(disk, dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(disk, dir)
	if err != nil {
		return nil, err
	}
	po := o.pebble()
	logs := newWrittenLogs(&evenTables{FS: po.FS}, dir, int64(po.MemTableSize))
	logs.slow = po.EventListener.DiskSlow
	po.FS = logs
	db, err := openLocked(disk, dir, lock, po)
	if err != nil {
		logs.close()
		return nil, errors.Join(err, lock.Close())
	}
	return &Store{fs: disk, dir: dir, lock: lock, db: db, logs: logs, rounds: newSyncRounds()}, nil
}

// openLocked opens or creates the database in a directory locked. Pebble panics
// when it cannot sync a directory or write a manifest; here that is an error like
// any other.
func openLocked(disk vfs.FS, dir string, lock *pebble.Lock, po *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("kvpebble: open %s: %v", dir, r)
		}
	}()
	found, err := inspect(disk, dir)
	if err != nil {
		return nil, err
	}
	po.Lock = lock
	way, compactions := newGiveWay(po), newScheduler()
	po.Experimental.CompactionScheduler = compactions
	defer func() {
		if db == nil { // for an error or a panic; Pebble may have begun to use it
			compactions.Unregister()
			return
		}
		way.opened.Store(true)
		compactions.open()
	}()
	if found.format != 0 {
		return openDB(disk, dir, po)
	}
	if db, err = create(disk, dir, found, po); err != nil {
		return nil, fmt.Errorf("kvpebble: create %s: %w", dir, err)
	}
	return db, nil
}

// Names of files beside those of Pebble and the format marker.
const (
	// lockFile is locked while the store is open. Pebble names it.
	lockFile = "LOCK"
	// newFile says, as long as there is no format marker, that the directory was
	// empty when Levee began to create a store in it.
	newFile = "levee-new"
)

// create makes a store in an empty directory. A crash at any moment leaves one
// that is either complete, or marked so that the next Open clears it and begins
// anew: nobody can have written to it.
func create(disk vfs.FS, dir string, found contents, po *pebble.Options) (*pebble.DB, error) {
	if err := writeMarker(disk, dir, newFile); err != nil {
		return nil, err
	}
	for _, name := range found.unfinished {
		if err := disk.RemoveAll(disk.PathJoin(dir, name)); err != nil {
			return nil, err
		}
	}
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, err
	}
	err = writeMarker(disk, dir, FormatNewest.marker())
	if err == nil {
		err = disk.Remove(disk.PathJoin(dir, newFile))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// contents is what inspect finds in a directory.
type contents struct {
	// format is that of the store in it, 0 if it is to be created.
	format Format
	// unfinished names the files of a store that was not created to the end.
	unfinished []string
}

// inspect looks at dir. Anything but a store of a known format, the beginning of
// one, or nothing, is an error.
func inspect(disk vfs.FS, dir string) (contents, error) {
	names, err := disk.List(dir)
	if err != nil {
		return contents{}, fmt.Errorf("kvpebble: %w", err)
	}
	format, err := readFormat(dir, names)
	if format != 0 || err != nil {
		return contents{format: format}, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == lockFile })
	if len(names) == 0 {
		return contents{}, nil
	}
	if i := slices.Index(names, newFile); i >= 0 {
		return contents{unfinished: slices.Delete(names, i, i+1)}, nil
	}
	return contents{}, fmt.Errorf("kvpebble: %s is not empty and holds no Levee store (it has %s): %w",
		dir, names[0], kv.ErrFormat)
}

// ErrLocked says that another process, or this one, has the directory open.
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
	return nil, fmt.Errorf("kvpebble: another process uses %s: %w (%w)", dir, ErrLocked, err)
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
	if err := disk.MkdirAll(disk.PathDir(dir), 0o755); err != nil {
		return err
	}
	if err := disk.MkdirAll(dir, 0o700); err != nil { // all of the users' data is in it
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
