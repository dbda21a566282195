package kvpebble

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvtest"
)

// badLog is a disk on which the log can be made to fail.
func badLog(disk vfs.FS, bad *atomic.Bool, ops ...errorfs.OpKind) vfs.FS {
	return kvtest.Renaming{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !bad.Load() || filepath.Ext(op.Path) != ".log" {
			return nil
		}
		for _, kind := range ops {
			if op.Kind == kind {
				return errorfs.ErrInjected
			}
		}
		return nil
	}))}
}

func set(s *Store, key string, value []byte) (kv.Commit, error) {
	b := s.NewBatch()
	b.Set([]byte(key), value)
	return s.Apply(b, kv.Sync)
}

// TestSyncFails: a batch whose sync failed may be lost, so nothing may follow it.
func TestSyncFails(t *testing.T) {
	var bad atomic.Bool
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: badLog(disk, &bad,
		errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo)})
	if c, err := set(s, "a", nil); err != nil || c.Wait() != nil {
		t.Fatal("the first batch failed")
	}
	bad.Store(true)
	c, err := set(s, "b", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Wait(); !errors.Is(err, errorfs.ErrInjected) {
			t.Errorf("Wait: %v", err)
		}
	}
	bad.Store(false)
	if _, err := set(s, "c", nil); !errors.Is(err, errorfs.ErrInjected) {
		t.Errorf("Apply after a failed sync: %v", err)
	}
	if err := s.Checkpoint("copy"); !errors.Is(err, errorfs.ErrInjected) {
		t.Errorf("Checkpoint after a failed sync: %v", err)
	}
	if _, ok, err := s.Get([]byte("b"), nil); !ok || err != nil {
		t.Errorf("Get after a failed sync: %v, %v", ok, err)
	}
	if err := s.Close(); !errors.Is(err, errorfs.ErrInjected) {
		t.Errorf("Close after a failed sync: %v", err)
	}

	s = mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	defer s.Close()
	if _, ok, err := s.Get([]byte("a"), nil); !ok || err != nil {
		t.Errorf("a durable batch is lost: %v", err)
	}
	if _, ok, _ := s.Get([]byte("c"), nil); ok {
		t.Errorf("a refused batch is there")
	}
}

// TestWriteFails writes on without waiting until Pebble notices that the log is
// gone, and panics.
func TestWriteFails(t *testing.T) {
	var bad atomic.Bool
	s := mustOpen(t, "store", Options{FS: badLog(vfs.NewMem(), &bad, errorfs.OpFileWrite)})
	write := func(n int) error {
		b := s.NewBatch()
		b.Set([]byte("a"), make([]byte, n))
		_, err := s.Apply(b, kv.NoSync)
		return err
	}
	// The first memtables are small. The failure must not be found by the change
	// to the next one, with its new log, which Pebble does not survive.
	for range 50 {
		if err := write(100_000); err != nil {
			t.Fatal(err)
		}
	}
	bad.Store(true)
	var err error
	for i := 0; i < 30 && err == nil; i++ {
		err = write(50_000)
		time.Sleep(time.Millisecond)
	}
	if err == nil {
		t.Fatal("no Apply failed")
	}
	for range 2 {
		if err := write(1); err == nil {
			t.Error("Apply after a failure returned no error")
		}
	}
	if _, ok, err := s.Get([]byte("a"), nil); !ok || err != nil {
		t.Errorf("Get after a failure: %v, %v", ok, err)
	}
	if err := s.Close(); err == nil {
		t.Error("Close after a failure returned no error")
	}
	if err := s.Close(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
}

// TestDiskFull: what did not fit is refused by its name, what was there can be
// read, and when there is room again the next open goes on with it.
func TestDiskFull(t *testing.T) {
	var full atomic.Bool
	disk := vfs.NewMem()
	s := mustOpen(t, "store", Options{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate) {
			return syscall.ENOSPC
		}
		return nil
	}))})
	if c, err := set(s, "a", []byte("1")); err != nil || c.Wait() != nil {
		t.Fatal("the first batch failed")
	}
	full.Store(true)
	c, err := set(s, "b", []byte("1"))
	if err == nil {
		err = c.Wait()
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write to a full disk: %v", err)
	}
	if value, ok, err := s.Get([]byte("a"), nil); string(value) != "1" || !ok || err != nil {
		t.Errorf("a read with a full disk: %q, %v, %v", value, ok, err)
	}
	full.Store(false)
	if _, err := set(s, "c", []byte("1")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write after one that failed: %v", err)
	}
	if err := s.Close(); err == nil {
		t.Error("Close after a failure returned no error")
	}
	s = mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	for key, there := range map[string]bool{"a": true, "c": false} {
		if _, ok, err := s.Get([]byte(key), nil); ok != there || err != nil {
			t.Errorf("%s is there after the next open: %t, %v", key, ok, err)
		}
	}
	if c, err := set(s, "d", nil); err != nil || c.Wait() != nil {
		t.Error("the next open takes no batch")
	}
}

// TestReadFails: an error of the disk is the error of the read, which does not
// pretend that there is nothing.
func TestReadFails(t *testing.T) {
	var bad atomic.Bool
	s := mustOpen(t, "store", Options{CacheBytes: 1, tune: busy, FS: errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if bad.Load() && filepath.Ext(op.Path) == ".sst" && op.Kind == errorfs.OpFileReadAt {
			return syscall.EIO
		}
		return nil
	}))})
	for i := range 200 {
		if _, err := set(s, fmt.Sprint(i), make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	bad.Store(true)
	failed := 0
	for i := range 200 {
		_, ok, err := s.Get([]byte(fmt.Sprint(i)), nil)
		if err == nil && !ok {
			t.Fatalf("%d seems not to be there", i)
		}
		if errors.Is(err, syscall.EIO) {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no read failed")
	}
	it := s.Scan(kv.Range{})
	n := 0
	for it.Next() {
		n++
	}
	if err := it.Err(); n < 200 && !errors.Is(err, syscall.EIO) {
		t.Errorf("a scan ends after %d entries with %v", n, err)
	}
	if err := it.Close(); err != nil && !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	bad.Store(false)
	if _, ok, err := s.Get([]byte("7"), nil); !ok || err != nil {
		t.Errorf("once the disk reads again: %v, %v", ok, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
