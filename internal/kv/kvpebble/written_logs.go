package kvpebble

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/levee-io/levee/internal/kv"
)

// writtenLogs is a disk on which a log has been written from end to end before it is
// used. A sync of such a file changes nothing but its content, and takes about half of
// the time and of the CPU of one that must also say in the file system's journal that the
// file has grown, even into space that was reserved. That is why Pebble uses its logs
// again, as PostgreSQL does and fills the first ones with zeros (wal_init_zero); but
// memtables grow from 256 KiB to 64 MiB, and so it takes half a gigabyte of writes after
// each start until all of its logs are large enough to be used again.
//
// So while a log is written, the next one is filled in the background, under the name
// spareLog, and takes the place of a new one, or of one that is too short. It is filled as
// the log is written, a few times as fast: so it is ready in time, and the disk never has
// more to do for it than for the log. What a log holds after its last record, zeros or
// records of another log, Pebble tells from records by the log's number in each of them.
//
// Its mutex comes after those of Pebble. What becomes of a log once it is used, logFile says.
type writtenLogs struct {
	vfs.FS
	dir, spare string
	most       int64 // how long a log gets

	written atomic.Pointer[logFile]   // the log that was opened last
	syncs   prometheus.Histogram      // of the time that each took, in nanoseconds
	slow    func(pebble.DiskSlowInfo) // is told of a sync that does not end

	grown  atomic.Int64  // how much logs have, since the spare log began to be filled
	enough atomic.Int64  // more than which must be written before more of it is filled
	wrote  chan struct{} // has one when there is

	mu      sync.Mutex
	next    int64 // how long the next log gets
	ready   int64 // how long the spare log is; 0 while there is none
	busy    bool  // it is being filled
	filling sync.WaitGroup
	closed  chan struct{}
}

const (
	// spareLog is the name of the log that is filled. Pebble ignores it.
	spareLog = "levee-spare-log"
	// firstLog is the size of Pebble's first memtable. Each is twice as large as the one
	// before it.
	firstLog = 256 << 10
	// fillPart is how much of a spare log is written at once, and fillPace how much of it
	// for each byte that is written to the log. A spare log is twice as long as the log at
	// most.
	fillPart = 64 << 10
	fillPace = 3
	// fillRoom is how many times as much room as it needs a spare log leaves: it must not
	// be what fills the disk.
	fillRoom = 8
)

// newWrittenLogs returns the disk of a store whose logs get so long.
func newWrittenLogs(disk vfs.FS, dir string, most int64) *writtenLogs {
	return &writtenLogs{
		FS: disk, dir: dir, spare: disk.PathJoin(dir, spareLog), most: most, next: min(2*firstLog, most),
		closed: make(chan struct{}), wrote: make(chan struct{}, 1),
		syncs: prometheus.NewHistogram(prometheus.HistogramOpts{Buckets: pebble.FsyncLatencyBuckets}),
	}
}

// Create implements vfs.FS.
func (w *writtenLogs) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if !w.isLog(name) {
		return w.FS.Create(name, category)
	}
	if file := w.use(name, 0, category); file != nil {
		return w.open(name, file, nil)
	}
	file, err := w.FS.Create(name, category)
	return w.open(name, file, err)
}

// ReuseForWrite implements vfs.FS.
func (w *writtenLogs) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if !w.isLog(name) {
		return w.FS.ReuseForWrite(old, name, category)
	}
	info, err := w.FS.Stat(old)
	if err != nil {
		return nil, err
	}
	if file := w.use(name, info.Size(), category); file != nil {
		_ = w.FS.Remove(old) // what is left of it, the next Open removes
		return w.open(name, file, nil)
	}
	file, err := w.FS.ReuseForWrite(old, name, category)
	return w.open(name, file, err)
}

// isLog reports whether a file is a log of this store, not the copy of one in a checkpoint.
func (w *writtenLogs) isLog(name string) bool {
	_, isLog := logNumber(name)
	return isLog && w.FS.PathDir(name) == w.FS.PathDir(w.spare)
}

// open returns a log that is written by a handle.
func (w *writtenLogs) open(name string, file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	log, err := newLogFile(w, name, file)
	if err != nil {
		return nil, err
	}
	w.written.Store(log)
	return log, nil
}

// grow takes down that so much was written to a log.
func (w *writtenLogs) grow(n int) {
	if w.grown.Add(int64(n)) <= w.enough.Load() {
		return
	}
	select {
	case w.wrote <- struct{}{}:
	default:
	}
}

// use makes the spare log the one of a name, if there is one and it is longer than the other
// one that can be used; else, or if somebody has removed it, it returns nil. Unless that is as
// long as any log gets, the next spare log begins to be filled.
func (w *writtenLogs) use(name string, other int64, category vfs.DiskWriteCategory) vfs.File {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other >= w.most {
		return nil
	}
	var file vfs.File
	if w.ready > other {
		w.ready = 0
		var err error
		if file, err = w.FS.ReuseForWrite(w.spare, name, category); err != nil {
			file = nil // what is done in its place fails for the same reason, if it matters
		}
	}
	w.fill()
	return file
}

// fill begins to fill the next spare log, unless one is being filled or ready.
func (w *writtenLogs) fill() {
	select {
	case <-w.closed:
		return
	default:
	}
	if w.ready != 0 || w.busy {
		return
	}
	size := w.next
	w.next = min(2*size, w.most)
	w.busy = true
	w.grown.Store(0)
	w.filling.Go(func() {
		err := w.write(size)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.enough.Store(math.MaxInt64)
		if w.busy = false; err == nil {
			w.ready = size
		}
	})
}

// write writes the spare log. If that fails, there is none.
func (w *writtenLogs) write(size int64) (err error) {
	// What cannot tell how much room there is has enough.
	if disk, err := w.FS.GetDiskUsage(w.dir); err == nil && disk.AvailBytes < uint64(fillRoom*size) {
		return syscall.ENOSPC
	}
	file, err := w.FS.Create(w.spare, "pebble-wal")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, w.FS.Remove(w.spare))
		}
	}()
	zeros := make([]byte, fillPart)
	for filled := int64(0); filled < size; filled += fillPart {
		if err := w.await(filled); err != nil {
			return err
		}
		if _, err := file.Write(zeros); err != nil {
			return err
		}
		clear(zeros) // which a vfs.File may change
		if _, err := file.SyncTo(filled + fillPart); err != nil {
			return err
		}
	}
	return file.Sync()
}

// await waits until more than so much of a spare log may be filled.
func (w *writtenLogs) await(filled int64) error {
	w.enough.Store(filled / fillPace)
	for w.grown.Load() <= filled/fillPace {
		select {
		case <-w.closed:
			return kv.ErrClosed
		case <-w.wrote:
		}
	}
	return nil
}

// close ends what runs in the background, and removes the spare log.
func (w *writtenLogs) close() {
	close(w.closed)
	w.filling.Wait()
	_ = w.FS.Remove(w.spare) // if there is one; it is in nobody's way
}
