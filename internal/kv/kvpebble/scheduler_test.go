package kvpebble

import (
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/levee-io/levee/internal/kv"
)

// TestOpenDoesNotWaitForCompaction opens a store that has much to compact: a compaction
// that waits for Open does not keep Open waiting.
func TestOpenDoesNotWaitForCompaction(t *testing.T) {
	disk := vfs.NewMem()
	layers := func(po *pebble.Options) { po.DisableAutomaticCompactions = true }
	s := mustOpen(t, "store", Options{FS: disk, tune: layers})
	for layer := range 8 {
		fill(t, s, 100, make([]byte, 100+layer))
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	opened, compacted := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s = mustOpen(t, "store", Options{FS: disk, tune: func(po *pebble.Options) {
		po.EventListener.TableCreated = func(info pebble.TableCreateInfo) {
			if info.Reason != "compacting" {
				return
			}
			select {
			case <-opened:
			case <-time.After(10 * time.Second):
				t.Error("Open waits for a compaction")
			}
			once.Do(func() { close(compacted) })
		}
	}})
	close(opened)
	select {
	case <-compacted:
	case <-time.After(30 * time.Second):
		t.Error("nothing is compacted once the store is open")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// fill writes n keys.
func fill(t *testing.T, s *Store, n int, value []byte) {
	t.Helper()
	b := s.NewBatch()
	for i := range n {
		b.Set(binary.BigEndian.AppendUint64(nil, uint64(i)), value)
	}
	if _, err := s.Apply(b, kv.Sync); err != nil {
		t.Fatal(err)
	}
}

// compactions is a database that always wants to compact.
type compactions struct {
	mu      sync.Mutex
	allowed int
	handles []pebble.CompactionGrantHandle
	begun   chan struct{}
}

func (c *compactions) GetAllowedWithoutPermission() int { return c.allowed }

func (c *compactions) GetWaitingCompaction() (bool, pebble.WaitingCompaction) {
	return true, pebble.WaitingCompaction{}
}

func (c *compactions) Schedule(h pebble.CompactionGrantHandle) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handles = append(c.handles, h)
	c.begun <- struct{}{}
	return true
}

func TestScheduler(t *testing.T) {
	db := &compactions{allowed: 2, begun: make(chan struct{}, 100)}
	s := newScheduler()
	s.Register(1, db)
	if granted, _ := s.TrySchedule(); granted {
		t.Fatal("a compaction may begin before the store is open")
	}
	s.open()
	<-db.begun
	<-db.begun
	if granted, _ := s.TrySchedule(); granted {
		t.Fatal("more compactions than are allowed")
	}
	db.mu.Lock()
	db.handles[0].Done()
	db.mu.Unlock()
	<-db.begun
	s.Unregister()
	s.Unregister()
	db.mu.Lock()
	defer db.mu.Unlock()
	db.handles[1].Done()
	if granted, _ := s.TrySchedule(); granted {
		t.Fatal("a compaction may begin after the end")
	}
	if len(db.handles) != 3 {
		t.Errorf("%d compactions", len(db.handles))
	}
}

// TestFailedOpenLeavesNothing fails each sync that an Open makes in turn, which Pebble
// answers with an error or a panic: no goroutine of a scheduler is left of either.
func TestFailedOpenLeavesNothing(t *testing.T) {
	failures, before := 0, schedulers() // other tests leave stores that cannot be closed
	for n := int64(1); ; n++ {
		var syncs atomic.Int64
		fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpFileSync && syncs.Add(1) == n {
				return errors.New("this sync fails")
			}
			return nil
		}))
		s, err := Open("store", Options{FS: fs})
		if err == nil {
			if err := s.Close(); err != nil && syncs.Load() < n {
				t.Fatal(err)
			}
			break
		}
		failures++
		for deadline := time.Now().Add(10 * time.Second); schedulers() > before; time.Sleep(time.Millisecond) { // one that ends may not have left yet
			if time.Now().After(deadline) {
				t.Fatalf("sync %d fails with %v, and of the schedulers that go on there are %d, not %d", n, err, schedulers(), before)
			}
		}
	}
	if failures == 0 {
		t.Error("no sync failed")
	}
}

// schedulers returns how many are at work.
func schedulers() int {
	stacks := make([]byte, 4<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "(*scheduler).grant(")
}
