package kvpebble

import (
	"errors"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// maxSyncs is how many syncs of the log may be under way at once.
	maxSyncs = 3
	// slowSync is after how long a sync is reported that has not ended.
	slowSync = 5 * time.Second
)

// logFile is a log that is written.
//
// Pebble does not write to a log while it syncs it, so what is applied meanwhile would
// wait for the rest of that sync, and then for its own. Here a sync that Pebble asks for
// does nothing but tell it that what it wrote so far is written; those who wait call sync,
// several at once, beside Pebble. Close syncs what nobody has synced: Pebble closes a log
// before it begins the next one.
//
// Syncs that are under way at once have a handle each. A page that could not be written
// is reported once to each handle (fsync(2)), and so to all of them.
type logFile struct {
	vfs.File // the handle that Pebble writes by
	name     string
	logs     *writtenLogs
	handles  [maxSyncs]vfs.File

	mu               sync.Mutex
	written, durable int64 // how far, in bytes from the start
	syncing          int
	idle             sync.Cond // signals that nobody is syncing; its lock is mu
	closing          bool
	err              error // of the first sync that failed: what is on disk is unknown since
}

// newLogFile returns a log that is written by a handle.
func newLogFile(logs *writtenLogs, name string, file vfs.File) (*logFile, error) {
	l := &logFile{File: file, name: name, logs: logs}
	l.idle.L = &l.mu
	for i := range l.handles {
		handle, err := logs.FS.OpenReadWrite(name, "pebble-wal")
		if err != nil {
			return nil, errors.Join(err, l.closeHandles())
		}
		l.handles[i] = handle
	}
	return l, nil
}

func (l *logFile) closeHandles() error {
	err := l.File.Close()
	for _, handle := range l.handles {
		if handle != nil {
			err = errors.Join(err, handle.Close())
		}
	}
	return err
}

// Write implements vfs.File.
func (l *logFile) Write(p []byte) (int, error) {
	claim(p, l.durableBytes())
	n, err := l.File.Write(p)
	l.mu.Lock()
	l.written += int64(n)
	l.mu.Unlock()
	l.logs.grow(n)
	return n, err
}

func (l *logFile) durableBytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// Sync implements vfs.File.
func (l *logFile) Sync() error { return l.SyncData() }

// SyncData implements vfs.File. It fails if a sync has failed.
func (l *logFile) SyncData() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// sync waits until all that has been written is durable, by a handle that nobody else
// uses.
func (l *logFile) sync(handle int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.closing && !l.settled() {
		l.idle.Wait()
	}
	return l.syncLocked(handle)
}

// settled says that nothing is left to sync.
func (l *logFile) settled() bool { return l.durable == l.written || l.err != nil }

// syncLocked syncs, unless nothing is left to sync. It needs mu, and gives it back
// meanwhile.
func (l *logFile) syncLocked(handle int) error {
	if l.settled() {
		return l.err
	}
	written := l.written
	l.syncing++
	l.mu.Unlock()
	err := l.syncBy(l.handles[handle])
	l.mu.Lock()
	l.syncing--
	if l.err == nil {
		l.err = err
	}
	if l.err == nil {
		l.durable = max(l.durable, written)
	}
	if l.syncing == 0 {
		l.idle.Broadcast()
	}
	return l.err
}

// syncBy syncs a handle, and tells how long that took, and before if it takes long.
func (l *logFile) syncBy(handle vfs.File) error {
	start := time.Now()
	slow := time.AfterFunc(slowSync, func() {
		l.logs.slow(pebble.DiskSlowInfo{Path: l.name, OpType: vfs.OpTypeSync, Duration: time.Since(start)})
	})
	defer slow.Stop()
	err := handle.SyncData()
	l.logs.syncs.Observe(float64(time.Since(start)))
	return err
}

// Close implements vfs.File.
func (l *logFile) Close() error { return errors.Join(l.finish(), l.closeHandles()) }

// finish waits until all is durable, and for those who sync.
func (l *logFile) finish() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	for l.syncing > 0 {
		l.idle.Wait()
	}
	return l.syncLocked(0)
}
