package kvtest

import (
	"maps"
	"slices"
	"sync"

	"github.com/levee-io/levee/internal/kv"
)

// Model is the plainest kv.Store: a Go map, copied and sorted for every scan. It
// exists to be obviously right; Close waits for nobody.
type Model struct {
	mu      sync.Mutex
	entries map[string]string
	closed  bool
}

// NewModel returns an empty Model.
func NewModel() *Model { return &Model{entries: map[string]string{}} }

// Get implements kv.Reader.
func (m *Model) Get(key, dst []byte) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return dst, false, kv.ErrClosed
	}
	value, ok := m.entries[string(key)]
	return append(dst, value...), ok, nil
}

// Scan implements kv.Reader.
func (m *Model) Scan(r kv.Range) kv.Iterator {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return kv.Failed(kv.ErrClosed)
	}
	it := &modelIterator{}
	for key, value := range m.entries {
		if key >= string(r.Start) && (r.End == nil || key < string(r.End)) {
			it.rest = append(it.rest, [2]string{key, value})
		}
	}
	slices.SortFunc(it.rest, func(a, b [2]string) int {
		if (a[0] < b[0]) != r.Reverse {
			return -1
		}
		return 1
	})
	return it
}

// Snapshot implements kv.Store.
func (m *Model) Snapshot() kv.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Model{entries: maps.Clone(m.entries), closed: m.closed}
}

// Apply implements kv.Store.
func (m *Model) Apply(kb kv.Batch, _ kv.Durability) (kv.Commit, error) {
	b, ok := kb.(*modelBatch)
	if !ok || b.model != m || b.used {
		return nil, kv.ErrBatch
	}
	b.used = true
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, kv.ErrClosed
	}
	if err := b.meter.Err(); err != nil {
		return nil, err
	}
	for key, want := range b.guards {
		for _, w := range want {
			if value, ok := m.entries[key]; ok != (w != nil) || ok && value != *w {
				return nil, kv.ErrConflict
			}
		}
	}
	for _, op := range b.ops {
		op(m.entries)
	}
	return kv.Durable, nil
}

// Checkpoint implements kv.Store.
func (m *Model) Checkpoint(string) error { return kv.ErrUnsupported }

// Close implements kv.Store.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return kv.ErrClosed
	}
	m.closed = true
	return nil
}

// NewBatch implements kv.Store.
func (m *Model) NewBatch() kv.Batch {
	return &modelBatch{model: m, guards: map[string][]*string{}}
}

type modelBatch struct {
	model  *Model
	ops    []func(map[string]string)
	guards map[string][]*string
	meter  kv.Meter
	used   bool
}

func (b *modelBatch) Set(key, value []byte) {
	if b.meter.Set(key, value) {
		k, v := string(key), string(value)
		b.ops = append(b.ops, func(m map[string]string) { m[k] = v })
	}
}

func (b *modelBatch) Delete(key []byte) {
	if b.meter.Delete(key) {
		k := string(key)
		b.ops = append(b.ops, func(m map[string]string) { delete(m, k) })
	}
}

func (b *modelBatch) DeleteRange(start, end []byte) {
	if b.meter.DeleteRange(start, end) {
		from, to, open := string(start), string(end), end == nil
		b.ops = append(b.ops, func(m map[string]string) {
			maps.DeleteFunc(m, func(k, _ string) bool { return k >= from && (open || k < to) })
		})
	}
}

func (b *modelBatch) Guard(key, want []byte) {
	if !b.meter.Key(key) {
		return
	}
	var w *string
	if want != nil {
		text := string(want)
		w = &text
	}
	b.guards[string(key)] = append(b.guards[string(key)], w)
}

func (b *modelBatch) Len() int { return b.meter.Len() }
func (b *modelBatch) Discard() { b.used = true }

type modelIterator struct {
	present [2]string
	rest    [][2]string
}

func (it *modelIterator) Next() bool {
	if len(it.rest) == 0 {
		return false
	}
	it.present, it.rest = it.rest[0], it.rest[1:]
	return true
}

func (it *modelIterator) Key() []byte   { return []byte(it.present[0]) }
func (it *modelIterator) Value() []byte { return []byte(it.present[1]) }
func (it *modelIterator) Err() error    { return nil }
func (it *modelIterator) Close() error  { it.rest = nil; return nil }
