package kvpebble

import (
	"strconv"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// A barrier costs nothing where all is durable, and makes durable what is not.
func TestBarrierWritesOnlyWhatIsNotDurable(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	put := func(key string, d kv.Durability) kv.Commit {
		b := s.NewBatch()
		b.Set([]byte(key), nil)
		c, err := s.Apply(b, d)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	barrier := func(free bool) {
		t.Helper()
		if s.pending.settled() != free {
			t.Errorf("settled is %v before the barrier", !free)
		}
		c, err := s.Apply(s.NewBatch(), kv.Sync)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	barrier(true)
	first := put("a", kv.Sync)
	barrier(false)
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	barrier(true)
	put("b", kv.NoSync)
	barrier(false)
	barrier(true)

	after := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	for _, key := range []string{"a", "b"} {
		if _, ok, err := after.Get([]byte(key), nil); !ok || err != nil {
			t.Errorf("%s is lost after a barrier: %v", key, err)
		}
	}
}

// An unsynced batch may reach the log just after a barrier that runs beside it. A
// later barrier must still make it durable.
func TestBarrierBesideUnsynced(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	apply := func(d kv.Durability, fill func(kv.Batch)) {
		b := s.NewBatch()
		fill(b)
		c, err := s.Apply(b, d)
		if err == nil {
			err = c.Wait()
		}
		if err != nil {
			t.Error(err)
		}
	}
	barrier := func() { apply(kv.Sync, func(kv.Batch) {}) }
	for i := range 300 {
		key := []byte(strconv.Itoa(i))
		var both sync.WaitGroup
		both.Go(func() { apply(kv.NoSync, func(b kv.Batch) { b.Set(key, nil) }) })
		both.Go(barrier)
		both.Wait()
		barrier()

		after := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		_, ok, err := after.Get(key, nil)
		if !ok || err != nil {
			t.Fatalf("batch %d, applied before a barrier, is lost: %v", i, err)
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A NoSync batch that ends during a Sync batch may be behind it in the log.
func TestPendingBesideSync(t *testing.T) {
	var p pending
	settled := func(want bool) {
		t.Helper()
		if got := p.settled(); got != want {
			t.Errorf("settled is %v", got)
		}
	}
	settled(true)
	p.beginNoSync()
	settled(false)
	p.beginSync()
	p.endNoSync()
	p.endSync()
	settled(false)

	p.beginSync() // behind the NoSync batch for sure
	settled(false)
	p.beginNoSync()
	p.endNoSync()
	p.endSync()
	settled(false) // but not behind the second one

	p.beginSync()
	p.beginSync()
	p.endSync()
	settled(false)
	p.endSync()
	settled(true)
}
