package kvpebble

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// OpenReadOnly opens the store in dir to be looked at. It makes and changes no
// file, so what a damaged store still holds stays as it is; Apply fails. Of
// several processes still only one can have the directory open.
//
// With pastDamage a log with a damaged record is read up to that record, instead
// of refused, and what it held after it is missing.
func OpenReadOnly(dir string, o Options, pastDamage bool) (*Store, error) {
	disk := o.FS
	if disk == nil {
		disk = vfs.Default
	}
	found, err := inspect(disk, dir)
	if err != nil {
		return nil, err
	}
	if found.format == 0 {
		return nil, fmt.Errorf("kvpebble: %s holds no Levee store: %w", dir, kv.ErrFormat)
	}
	lock, err := lockDir(disk, dir)
	if err != nil {
		return nil, err
	}
	if pastDamage {
		o.FS = &cutLogs{disk}
	}
	po := o.pebble()
	po.Lock, po.ReadOnly = lock, true
	db, err := openDB(disk, dir, po)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Store{fs: disk, dir: dir, lock: lock, db: db, rounds: newSyncRounds()}, nil
}

// openDB opens the database of a store that is complete. The error wraps
// kv.ErrDamaged if its files are not as Pebble wrote them.
func openDB(disk vfs.FS, dir string, po *pebble.Options) (*pebble.DB, error) {
	db, err := pebble.Open(dir, po)
	switch {
	case err == nil:
		return db, nil
	case pebble.IsCorruptionError(err):
		return nil, fmt.Errorf("kvpebble: open %s: %w: %w%s", dir, kv.ErrDamaged, err, damagedLogs(disk, dir))
	}
	return nil, fmt.Errorf("kvpebble: open %s: %w", dir, err)
}
