package kvpebble

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/levee-io/levee/internal/kv"
)

// TestCrash has writers apply numbered batches, copies the disk as a crash at that
// moment may leave it, and opens the copy. It must hold batches 1 to n, whole, for
// an n not less than the last one waited for. The writers then go on with the copy. Syncs
// take a while every other time, so that some are under way at once.
func TestCrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	disk := vfs.NewCrashableMem()
	last := int64(0)
	for round := range 12 {
		slow := &syncedLogs{FS: disk}
		if round%2 == 1 {
			slow.set(takeAWhile, takeAWhile)
		}
		l := &load{store: mustOpen(t, "store", Options{FS: slow, tune: busy})}
		if n := survivors(t, l.store); n < last {
			t.Fatalf("round %d: %d batches are left, %d were durable", round, n, last)
		} else {
			l.applied = n
		}
		stop := l.start(t, 4)
		for l.durable.Load() < last+200 && !t.Failed() {
			if _, _, err := l.store.Get([]byte("n"), nil); err != nil {
				t.Fatal(err)
			}
		}
		last = l.durable.Load() // before the crash
		crashed := disk.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: []int{0, 50, 100}[round%3],
			RNG:                 rng,
		})
		stop()
		if err := l.store.Close(); err != nil {
			t.Fatal(err)
		}
		disk = crashed
	}
}

// takeAWhile is for as long as a sync of a disk takes.
func takeAWhile() error {
	time.Sleep(time.Duration(rand.IntN(400)) * time.Microsecond)
	return nil
}

// load applies numbered batches and notes which of them are durable.
type load struct {
	store *Store

	mu      sync.Mutex
	applied int64

	durable atomic.Int64
}

// start starts the writers; the function returned stops them.
func (l *load) start(t *testing.T, writers int) (stop func()) {
	var done atomic.Bool
	var wg sync.WaitGroup
	for w := range writers {
		rng := rand.New(rand.NewPCG(3, uint64(w)))
		wg.Go(func() {
			for !done.Load() {
				if err := l.write(rng); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return func() {
		done.Store(true)
		wg.Wait()
	}
}

// write applies the next batch. Some are not synced, some are guarded.
func (l *load) write(rng *rand.Rand) error {
	d := kv.Sync
	if rng.IntN(4) == 0 {
		d = kv.NoSync
	}
	l.mu.Lock()
	n := l.applied + 1
	b := l.store.NewBatch()
	if rng.IntN(4) == 0 {
		b.Guard(fmt.Appendf(nil, "a%09d", n), nil)
	}
	for _, prefix := range []string{"a", "b"} {
		b.Set(fmt.Appendf(nil, "%s%09d", prefix, n), make([]byte, rng.IntN(3000)))
	}
	b.Set([]byte("n"), strconv.AppendInt(nil, n, 10))
	c, err := l.store.Apply(b, d)
	if err == nil {
		l.applied = n
	}
	l.mu.Unlock()
	if err != nil || d == kv.NoSync {
		return err
	}
	if err := c.Wait(); err != nil {
		return err
	}
	for {
		old := l.durable.Load()
		if old >= n || l.durable.CompareAndSwap(old, n) {
			return nil
		}
	}
}

// survivors checks that the store holds whole batches 1 to n and returns n.
func survivors(t *testing.T, s *Store) int64 {
	t.Helper()
	text, _, err := s.Get([]byte("n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.ParseInt(string(text), 10, 64)
	for _, prefix := range []string{"a", "b"} {
		it := s.Scan(kv.PrefixRange([]byte(prefix)))
		i := int64(0)
		for it.Next() {
			i++
			if want := fmt.Sprintf("%s%09d", prefix, i); string(it.Key()) != want {
				t.Fatalf("found %s, want %s", it.Key(), want)
			}
		}
		if err := it.Close(); err != nil || i != n {
			t.Fatalf("of %d batches there are %d keys %s, %v", n, i, prefix, err)
		}
	}
	return n
}

// TestBarrier: the Commit of an empty batch covers every batch before it. The
// store is new, so its directories must survive too.
func TestBarrier(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "some/new/store", Options{FS: disk})
	defer s.Close()
	b := s.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	if _, err := s.Apply(b, kv.NoSync); err != nil {
		t.Fatal(err)
	}
	c, err := s.Apply(s.NewBatch(), kv.Sync)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	crashed := mustOpen(t, "some/new/store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	defer crashed.Close()
	if _, ok, err := crashed.Get([]byte("a"), nil); !ok || err != nil {
		t.Errorf("a batch before a barrier is lost: %v", err)
	}
}

// TestCrashInCreation lets the disk fail from each write of the creation of a store
// on, and wants the next Open to finish it.
func TestCrashInCreation(t *testing.T) {
	for good := int64(0); ; good++ {
		disk := vfs.NewCrashableMem()
		var writes atomic.Int64
		failing := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && writes.Add(1) > good {
				return errorfs.ErrInjected
			}
			return nil
		}))
		s, err := Open("data/store", Options{FS: failing})
		if err == nil {
			s.Close()
			if good < 10 {
				t.Errorf("creating a store took only %d writes", good)
			}
			return
		}
		rng := rand.New(rand.NewPCG(1, uint64(good)))
		for i := range 20 {
			unsynced := []int{0, 50, 100, 50}[i%4]
			cfg := vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rng}
			s, err := Open("data/store", Options{FS: disk.CrashClone(cfg)})
			if err != nil {
				t.Fatalf("%d writes succeeded and %d %% of them without a sync: %v", good, unsynced, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
