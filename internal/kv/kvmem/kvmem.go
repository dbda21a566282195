// Package kvmem is a kv.Store in memory: nothing to set up, nothing left behind.
//
//	store := kvmem.New()
//
// It is the default of leveetest and the oracle that other stores are compared
// with. The entries are in one copy-on-write B-tree. A Scan or Snapshot reads a
// frozen copy of the tree, which costs O(1) to make and is shared until the next
// batch, so readers and writers do not wait for each other; after a freeze, a
// batch copies the nodes on its path once.
//
// Nothing is durable, so every Commit is kv.Durable, and Checkpoint returns
// kv.ErrUnsupported.
package kvmem

import (
	"bytes"
	"sync"

	"github.com/tidwall/btree"

	"github.com/levee-io/levee/internal/kv"
)

// Store is a kv.Store in memory. Use New.
type Store struct {
	gate kv.Gate

	mu struct {
		sync.RWMutex
		// tree is the present state; its nodes may be shared with frozen trees.
		tree *btree.BTreeG[entry]
		// frozen is a copy of tree as it is now, or nil. It never changes.
		frozen *btree.BTreeG[entry]
	}
}

var _ kv.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := new(Store)
	s.mu.tree = btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
	return s
}

// Get implements kv.Reader.
func (s *Store) Get(key, dst []byte) ([]byte, bool, error) {
	if !s.gate.Enter() {
		return dst, false, kv.ErrClosed
	}
	defer s.gate.Leave()
	s.mu.RLock()
	e, ok := s.mu.tree.Get(probe(key))
	s.mu.RUnlock()
	return append(dst, e.value()...), ok, nil
}

// Scan implements kv.Reader.
func (s *Store) Scan(r kv.Range) kv.Iterator {
	if !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return newIterator(&s.gate, s.freeze(), r)
}

// Snapshot implements kv.Store.
func (s *Store) Snapshot() kv.Snapshot {
	if !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return &snapshot{gate: &s.gate, tree: s.freeze()}
}

// freeze returns the present state as a tree that never changes.
func (s *Store) freeze() *btree.BTreeG[entry] {
	s.mu.RLock()
	frozen := s.mu.frozen
	s.mu.RUnlock()
	if frozen != nil {
		return frozen
	}
	// Copy renames the owner of both trees, so it needs the lock of a writer.
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.frozen == nil {
		s.mu.frozen = s.mu.tree.Copy()
	}
	return s.mu.frozen
}

// Apply implements kv.Store. Both durabilities are the same.
func (s *Store) Apply(kb kv.Batch, _ kv.Durability) (kv.Commit, error) {
	b, ok := kb.(*batch)
	if !ok || b.store != s || b.used {
		return nil, kv.ErrBatch
	}
	defer b.Discard()
	if !s.gate.Enter() {
		return nil, kv.ErrClosed
	}
	defer s.gate.Leave()
	if err := b.meter.Err(); err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if !b.holds(s.mu.tree) {
		return nil, kv.ErrConflict
	}
	if len(b.ops) > 0 {
		s.mu.frozen = nil
		b.play(s.mu.tree)
	}
	return kv.Durable, nil
}

// Checkpoint returns kv.ErrUnsupported.
func (s *Store) Checkpoint(string) error {
	if !s.gate.Enter() {
		return kv.ErrClosed
	}
	defer s.gate.Leave()
	return kv.ErrUnsupported
}

// Close implements kv.Store. The memory is released with the last reference.
func (s *Store) Close() error { return s.gate.Close() }

// entry is a key and its value in one allocation. It never changes.
type entry struct {
	data []byte
	n    int // length of the key
}

func newEntry(key, value []byte) entry {
	data := make([]byte, 0, len(key)+len(value))
	data = append(append(data, key...), value...)
	return entry{data: data, n: len(key)}
}

// probe is an entry to search for. The tree does not retain it.
func probe(key []byte) entry { return entry{data: key, n: len(key)} }

func (e entry) key() []byte   { return e.data[:e.n:e.n] }
func (e entry) value() []byte { return e.data[e.n:] }

func less(a, b entry) bool { return bytes.Compare(a.data[:a.n], b.data[:b.n]) < 0 }
