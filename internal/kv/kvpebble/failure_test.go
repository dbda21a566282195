package kvpebble

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/levee-io/levee/internal/kv"
)

// badLog is a disk on which the log can be made to fail.
func badLog(disk vfs.FS, bad *atomic.Bool, ops ...errorfs.OpKind) vfs.FS {
	return errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !bad.Load() || filepath.Ext(op.Path) != ".log" {
			return nil
		}
		for _, kind := range ops {
			if op.Kind == kind {
				return errorfs.ErrInjected
			}
		}
		return nil
	}))
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
