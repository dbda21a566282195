package dynamodb

import (
	"sync"
	"sync/atomic"

	"github.com/levee-io/levee/internal/api"
)

// builds are the counters that are being built, with how many items of their tables
// have been counted, by the numbers of the counters' tables.
type builds struct {
	mu   sync.Mutex // guards list; taken alone
	list map[uint64]*atomic.Int64
}

func (b *builds) begin(number uint64) *atomic.Int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.list == nil {
		b.list = map[uint64]*atomic.Int64{}
	}
	counted := new(atomic.Int64)
	b.list[number] = counted
	return counted
}

func (b *builds) end(number uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.list, number)
}

func (b *builds) counted(number uint64) (int64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if counted := b.list[number]; counted != nil {
		return counted.Load(), true
	}
	return 0, false
}

// CounterProgress returns how many of about how many items a counter that is being
// built has counted; ok is false for one that is not. The API says only BUILDING.
func (e *Engine) CounterProgress(ns api.Namespace, name string) (counted, of int64, ok bool) {
	t, counter, err := e.findCounter(&api.Caller{Namespace: ns}, name)
	if err != nil {
		return 0, 0, false
	}
	if counted, ok = e.builds.counted(counter.id); !ok {
		return 0, 0, false
	}
	return counted, max(counted, t.stats.items.Load()), true
}
