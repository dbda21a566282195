package kvmem

import (
	"bytes"

	"github.com/tidwall/btree"

	"github.com/levee-io/levee/internal/kv"
)

// snapshot reads a frozen tree.
type snapshot struct {
	gate *kv.Gate
	tree *btree.BTreeG[entry] // nil once closed
}

func (s *snapshot) Get(key, dst []byte) ([]byte, bool, error) {
	if s.tree == nil || !s.gate.Enter() {
		return dst, false, kv.ErrClosed
	}
	defer s.gate.Leave()
	e, ok := s.tree.Get(probe(key))
	return append(dst, e.value()...), ok, nil
}

func (s *snapshot) Scan(r kv.Range) kv.Iterator {
	if s.tree == nil || !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return newIterator(s.gate, s.tree, r)
}

func (s *snapshot) Close() error {
	if s.tree != nil {
		s.tree = nil
		s.gate.Leave()
	}
	return nil
}

// iterator walks a frozen tree. It holds one place in the gate until closed.
type iterator struct {
	gate *kv.Gate // nil once closed
	// walk is where the iterator is, if placed, and where it ends, if done.
	walk         btree.IterG[entry]
	placed, done bool
	present      entry
	// bounds is a copy of the bounds of the range.
	bounds entry
	open   bool // no end
	back   bool
}

func newIterator(gate *kv.Gate, tree *btree.BTreeG[entry], r kv.Range) *iterator {
	it := &iterator{gate: gate, bounds: newEntry(r.Start, r.End), open: r.End == nil, back: r.Reverse}
	it.done = r.Empty()
	it.walk.Init(tree, false)
	return it
}

func (it *iterator) start() []byte { return it.bounds.key() }
func (it *iterator) end() []byte   { return it.bounds.value() }

func (it *iterator) Next() bool {
	if it.done {
		return false
	}
	if ok := it.step(); !ok || it.outside(it.walk.Item()) {
		it.stop()
		return false
	}
	it.present = it.walk.Item()
	return true
}

// step moves by one entry, or to the first one.
func (it *iterator) step() bool {
	switch {
	case it.placed && it.back:
		return it.walk.Prev()
	case it.placed:
		return it.walk.Next()
	}
	it.placed = true
	switch {
	case !it.back:
		return it.walk.Seek(probe(it.start()))
	case it.open:
		return it.walk.Last()
	case it.walk.Seek(probe(it.end())):
		return it.walk.Prev()
	default:
		return it.walk.Last()
	}
}

// outside reports whether e is past the bound towards which the iterator goes.
func (it *iterator) outside(e entry) bool {
	if it.back {
		return bytes.Compare(e.key(), it.start()) < 0
	}
	return !it.open && bytes.Compare(e.key(), it.end()) >= 0
}

// stop lets go of the tree; the iterator may be closed much later.
func (it *iterator) stop() {
	it.done = true
	it.present = entry{}
	it.walk.Release()
}

func (it *iterator) Key() []byte   { return it.present.key() }
func (it *iterator) Value() []byte { return it.present.value() }
func (it *iterator) Err() error    { return nil }

func (it *iterator) Close() error {
	if it.gate != nil {
		it.stop()
		it.gate.Leave()
		it.gate = nil
	}
	return nil
}
