package kvtest

import "github.com/cockroachdb/pebble/v2/vfs"

// Renaming is a disk that uses a file again by renaming and opening it, so that what errorfs
// does to files it does to such a file, too: its own ReuseForWrite does nothing to it.
type Renaming struct{ vfs.FS }

// ReuseForWrite implements vfs.FS.
func (r Renaming) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := r.Rename(old, name); err != nil {
		return nil, err
	}
	return r.OpenReadWrite(name, category)
}
