package kvpebble

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// syncedLogs is a disk that asks before it syncs a log, and after it.
type syncedLogs struct {
	vfs.FS
	mu            sync.Mutex
	before, after func() error // or nil
}

func (d *syncedLogs) set(before, after func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before, d.after = before, after
}

func (d *syncedLogs) ask(after bool) error {
	d.mu.Lock()
	f := d.before
	if after {
		f = d.after
	}
	d.mu.Unlock()
	if f == nil {
		return nil
	}
	return f()
}

// OpenReadWrite implements vfs.FS. Logs are synced by such handles.
func (d *syncedLogs) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	file, err := d.FS.OpenReadWrite(name, c, opts...)
	if err != nil || filepath.Ext(name) != ".log" {
		return file, err
	}
	return &syncedLog{file, d}, nil
}

type syncedLog struct {
	vfs.File
	disk *syncedLogs
}

// SyncData implements vfs.File.
func (l *syncedLog) SyncData() error {
	return errors.Join(l.disk.ask(false), l.File.SyncData(), l.disk.ask(true))
}

// holdFirst holds the next sync, once it has synced if so wanted, and tells of it; it ends
// when released, with an error if one is sent. The others go on.
func (d *syncedLogs) holdFirst(synced bool) (held chan struct{}, release chan error) {
	held, release = make(chan struct{}), make(chan error)
	var begun atomic.Bool
	hold := func() error {
		if !begun.CompareAndSwap(false, true) {
			return nil
		}
		close(held)
		return <-release
	}
	if synced {
		d.set(nil, hold)
	} else {
		d.set(hold, nil)
	}
	return held, release
}

// waitFor waits for a commit in the background.
func waitFor(c kv.Commit) chan error {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	return done
}

// mustSet applies a batch.
func mustSet(t *testing.T, s *Store, key string, value []byte) kv.Commit {
	t.Helper()
	c, err := set(s, key, value)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSyncBesideASync: what is applied while the log is synced does not wait for that sync.
func TestSyncBesideASync(t *testing.T) {
	mem := vfs.NewCrashableMem()
	disk := &syncedLogs{FS: mem}
	s := mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	held, release := disk.holdFirst(false)
	first := waitFor(mustSet(t, s, "a", nil))
	<-held
	for _, key := range []string{"b", "c"} {
		if err := mustSet(t, s, key, nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-first:
		t.Errorf("the first batch did not wait for its sync, which is not over, %v", err)
	default:
	}
	crashed := mustOpen(t, "store", Options{FS: mem.CrashClone(vfs.CrashCloneCfg{})})
	defer crashed.Close()
	for _, key := range []string{"a", "b", "c"} {
		if _, ok, err := crashed.Get([]byte(key), nil); !ok || err != nil {
			t.Errorf("%s is lost, %v", key, err)
		}
	}
	release <- nil
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestSyncFailsBesideOthers: those under way when a sync has failed fail, too, as what is on
// disk is unknown, but not those that have ended.
func TestSyncFailsBesideOthers(t *testing.T) {
	disk := &syncedLogs{FS: vfs.NewMem()}
	s := mustOpen(t, "store", Options{FS: disk})
	held, release := disk.holdFirst(false)
	first := waitFor(mustSet(t, s, "a", nil))
	<-held
	if err := mustSet(t, s, "b", nil).Wait(); err != nil {
		t.Errorf("a sync that ended well: %v", err)
	}
	heldToo, releaseToo := disk.holdFirst(true)
	last := waitFor(mustSet(t, s, "c", nil))
	<-heldToo
	broken := errors.New("broken")
	release <- broken
	if err := <-first; !errors.Is(err, broken) {
		t.Errorf("the one that failed: %v", err)
	}
	releaseToo <- nil
	if err := <-last; !errors.Is(err, broken) {
		t.Errorf("one that was under way meanwhile: %v", err)
	}
	if _, err := set(s, "d", nil); !errors.Is(err, broken) {
		t.Errorf("a batch after it: %v", err)
	}
	if err := s.Close(); !errors.Is(err, broken) {
		t.Errorf("close: %v", err)
	}
}

// TestSyncAfterACheckpoint: the copy of a log is durable, and is not the log.
func TestSyncAfterACheckpoint(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: mem})
	defer s.Close()
	if err := mustSet(t, s, "a", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	if err := mustSet(t, s, "b", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	for dir, keys := range map[string][]string{"store": {"a", "b"}, "copy": {"a"}} {
		after := mustOpen(t, dir, Options{FS: crashed})
		for _, key := range keys {
			if _, ok, err := after.Get([]byte(key), nil); !ok || err != nil {
				t.Errorf("%s is lost from %s, %v", key, dir, err)
			}
		}
		if err := after.Close(); err != nil {
			t.Error(err)
		}
	}
}

// newLog returns a log of its own, on a disk that can hold syncs.
func newLog(t *testing.T) (*vfs.MemFS, *syncedLogs, *logFile) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	disk := &syncedLogs{FS: mem}
	logs := newWrittenLogs(disk, "", firstLog)
	t.Cleanup(logs.close)
	file, err := logs.Create("000001.log", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if err := syncDir(mem, "/"); err != nil {
		t.Fatal(err)
	}
	return mem, disk, file.(*logFile)
}

// wantDurable wants so many bytes of the log to be left after a crash.
func wantDurable(t *testing.T, mem *vfs.MemFS, bytes int64) {
	t.Helper()
	info, err := mem.CrashClone(vfs.CrashCloneCfg{}).Stat("000001.log")
	if err != nil {
		t.Error(err)
	} else if info.Size() != bytes {
		t.Errorf("%d bytes are durable", info.Size())
	}
}

// TestCloseOfALog: a log is durable when it is closed, which waits for those who sync it, as
// those wait who come meanwhile.
func TestCloseOfALog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem, disk, log := newLog(t)
		write := func(text string) {
			if _, err := log.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		ended := make(chan string, 3)
		background := func(name string, f func() error) {
			go func() {
				if err := f(); err != nil {
					t.Error(name, err)
				}
				ended <- name
			}()
			synctest.Wait()
		}
		_, first := disk.holdFirst(false)
		background("sync", func() error { return log.sync(1) })
		write("two")
		background("close", log.Close)
		background("late sync", func() error { return log.sync(2) })
		if n := len(ended); n != 0 {
			t.Errorf("%d ended before the sync", n)
		}
		_, second := disk.holdFirst(false)
		first <- nil
		synctest.Wait()
		if n := len(ended); n != 1 || <-ended != "sync" {
			t.Errorf("%d ended before the log was closed", n)
		}
		second <- nil
		synctest.Wait()
		if n := len(ended); n != 2 {
			t.Errorf("%d of 2 ended after it", n)
		}
		wantDurable(t, mem, 6)
	})
}

// TestNothingToSync: what one sync has made durable, the next one leaves alone.
func TestNothingToSync(t *testing.T) {
	_, disk, log := newLog(t)
	syncs := 0
	disk.set(func() error { syncs++; return nil }, nil)
	if _, err := log.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := log.sync(0); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil || syncs != 1 {
		t.Errorf("%d syncs, %v", syncs, err)
	}
}

// TestWriteBesideASync: what is written while a log is synced is not durable by that.
func TestWriteBesideASync(t *testing.T) {
	mem, disk, log := newLog(t)
	held, release := disk.holdFirst(true)
	done := make(chan error)
	if _, err := log.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	go func() { done <- log.sync(0) }()
	<-held
	if _, err := log.Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	release <- nil
	if err := errors.Join(<-done, log.sync(0)); err != nil {
		t.Fatal(err)
	}
	wantDurable(t, mem, 6)
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

// TestSlowSync: the operator hears of a sync that does not end, while it does not.
func TestSlowSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, disk, log := newLog(t)
		told := make(chan pebble.DiskSlowInfo, 10)
		log.logs.slow = func(info pebble.DiskSlowInfo) { told <- info }
		for _, takes := range []time.Duration{slowSync - 1, slowSync + time.Second} {
			disk.set(func() error { time.Sleep(takes); return nil }, nil)
			if _, err := log.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if err := log.sync(0); err != nil {
				t.Fatal(err)
			}
		}
		if len(told) != 1 {
			t.Fatalf("told of %d syncs", len(told))
		}
		if info := <-told; info.Path != "000001.log" || info.Duration != slowSync {
			t.Errorf("told of %v", info)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestHandlesOfALog: nothing of a log stays open once it is closed, nor of one that could not
// be opened as often as it is synced at once, which is none.
func TestHandlesOfALog(t *testing.T) {
	for good := range maxSyncs + 1 {
		disk := &countedFiles{FS: vfs.NewMem(), good: good}
		w := newWrittenLogs(disk, "", firstLog)
		file, err := w.Create("000001.log", vfs.WriteCategoryUnspecified)
		switch {
		case good < maxSyncs && !errors.Is(err, errTooMany):
			t.Errorf("opened %d times: %v", good, err)
		case good == maxSyncs && err != nil:
			t.Error(err)
		case good == maxSyncs:
			if disk.open.Load() != maxSyncs+1 {
				t.Errorf("%d handles of a log", disk.open.Load())
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
		w.close()
		if n := disk.open.Load(); n != 0 {
			t.Errorf("opened %d times: %d handles are left", good, n)
		}
	}
}

var errTooMany = errors.New("too many open files")

// countedFiles is a disk that counts its open files, and opens so many to be written to.
type countedFiles struct {
	vfs.FS
	good int
	open atomic.Int64
}

func (c *countedFiles) count(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedFile{file, c}, nil
}

// Create implements vfs.FS.
func (c *countedFiles) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return c.count(c.FS.Create(name, category))
}

// OpenReadWrite implements vfs.FS.
func (c *countedFiles) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if c.good--; c.good < 0 {
		return nil, errTooMany
	}
	return c.count(c.FS.OpenReadWrite(name, category, opts...))
}

type countedFile struct {
	vfs.File
	disk *countedFiles
}

// Close implements vfs.File.
func (f *countedFile) Close() error {
	f.disk.open.Add(-1)
	return f.File.Close()
}

// TestTornLog: what was written to a log whose syncs had not ended, and lost, is the log's
// end, even if what was written after it is there. What a sync that ended covers is damage.
func TestTornLog(t *testing.T) {
	for _, ended := range []bool{false, true} {
		mem := vfs.NewCrashableMem()
		disk := &syncedLogs{FS: mem}
		if err := mustOpen(t, "store", Options{FS: disk}).Close(); err != nil { // whose log says nothing of what is durable
			t.Fatal(err)
		}
		s := mustOpen(t, "store", Options{FS: disk})
		if err := mustSet(t, s, "first", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		held := make(chan struct{}, 10)
		disk.set(func() error { held <- struct{}{}; <-release; return nil }, nil)
		if ended {
			close(release)
		}
		var waits []chan error
		for _, key := range []string{"a", "b", "c"} {
			waits = append(waits, waitFor(mustSet(t, s, key, bytes.Repeat([]byte(key), 20<<10))))
			<-held
			if ended {
				if err := <-waits[len(waits)-1]; err != nil {
					t.Fatal(err)
				}
			}
		}
		crashed := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 2))})
		tear(t, crashed, s.logs.written.Load().name)
		after, err := Open("store", Options{FS: crashed})
		switch {
		case ended && !errors.Is(err, kv.ErrDamaged):
			t.Errorf("a damaged log: %v", err)
		case !ended && err != nil:
			t.Errorf("a torn log: %v", err)
		case !ended:
			_, first, _ := after.Get([]byte("first"), nil)
			_, a, _ := after.Get([]byte("a"), nil)
			if !first || a {
				t.Errorf("what was durable is there: %v; what was torn is: %v", first, a)
			}
		}
		if after != nil {
			_ = after.Close()
		}
		if !ended {
			close(release)
		}
		for _, w := range waits {
			if !ended && <-w != nil {
				t.Error("a sync that was held failed")
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// tear writes over a part of a log, some thousand bytes from its start.
func tear(t *testing.T, disk vfs.FS, log string) {
	t.Helper()
	file, err := disk.OpenReadWrite(log, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(make([]byte, 4096), 8192); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		t.Fatal(err)
	}
}
