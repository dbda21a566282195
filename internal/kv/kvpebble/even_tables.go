package kvpebble

import (
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// evenTables is a disk that begins to write what is written to a table in small parts as
// they come. Pebble would leave the last megabyte of each table to its sync, which is half
// of a table of level 0, and a sync of the log that comes meanwhile waits until the disk
// has written all of it: docs/performance.md says how long.
type evenTables struct {
	vfs.FS
	// whole says that the disk writes all of a file or nothing, which parts would make
	// slower.
	whole atomic.Bool
}

// evenPart is how much of a file is written at once. It is a multiple of the size of a
// page of memory, of which none should be written twice.
const evenPart = 64 << 10

// Create implements vfs.FS.
func (e *evenTables) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := e.FS.Create(name, category)
	if err != nil || !strings.HasSuffix(name, ".sst") || e.whole.Load() {
		return file, err
	}
	return &evenFile{File: file, whole: &e.whole}, nil
}

// evenFile is a file that is written in parts. It is for one writer, as Pebble's tables
// have it.
type evenFile struct {
	vfs.File
	whole          *atomic.Bool
	written, begun int64
}

// Write implements vfs.File.
func (f *evenFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.written += int64(n)
	if err != nil || f.written-f.begun < evenPart || f.whole.Load() {
		return n, err
	}
	f.begun = f.written - f.written%evenPart
	whole, err := f.File.SyncTo(f.begun)
	if whole {
		f.whole.Store(true)
	}
	return n, err
}
