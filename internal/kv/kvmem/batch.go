package kvmem

import (
	"bytes"

	"github.com/tidwall/btree"

	"github.com/levee-io/levee/internal/kv"
)

// batch is a kv.Batch: the mutations as they came, played in order by Apply.
type batch struct {
	store  *Store
	ops    []op
	guards []guard
	meter  kv.Meter
	used   bool
}

type opKind uint8

const (
	opSet opKind = iota
	opDelete
	opDeleteRange
)

// op is one mutation. entry holds key and value, or only the key, or the bounds
// of a range in their place.
type op struct {
	kind opKind
	// open says that the range has no end.
	open  bool
	entry entry
}

type guard struct {
	key, want []byte
}

// NewBatch implements kv.Store.
func (s *Store) NewBatch() kv.Batch { return &batch{store: s} }

func (b *batch) Set(key, value []byte) {
	if b.meter.Set(key, value) {
		b.ops = append(b.ops, op{kind: opSet, entry: newEntry(key, value)})
	}
}

func (b *batch) Delete(key []byte) {
	if b.meter.Delete(key) {
		b.ops = append(b.ops, op{kind: opDelete, entry: newEntry(key, nil)})
	}
}

func (b *batch) DeleteRange(start, end []byte) {
	if b.meter.DeleteRange(start, end) {
		b.ops = append(b.ops, op{kind: opDeleteRange, open: end == nil, entry: newEntry(start, end)})
	}
}

func (b *batch) Guard(key, want []byte) {
	if b.meter.Key(key) {
		b.guards = append(b.guards, guard{key: bytes.Clone(key), want: bytes.Clone(want)})
	}
}

func (b *batch) Len() int { return b.meter.Len() }

func (b *batch) Discard() {
	b.used = true
	b.ops, b.guards = nil, nil
}

// holds reports whether every guard holds in tree.
func (b *batch) holds(tree *btree.BTreeG[entry]) bool {
	for _, g := range b.guards {
		e, ok := tree.Get(probe(g.key))
		if ok != (g.want != nil) || !bytes.Equal(e.value(), g.want) {
			return false
		}
	}
	return true
}

// play changes tree by the mutations, in order.
func (b *batch) play(tree *btree.BTreeG[entry]) {
	for _, o := range b.ops {
		switch o.kind {
		case opSet:
			tree.Set(o.entry)
		case opDelete:
			tree.Delete(o.entry)
		case opDeleteRange:
			deleteRange(tree, o)
		}
	}
}

func deleteRange(tree *btree.BTreeG[entry], o op) {
	end := o.entry.value()
	if o.open {
		last, ok := tree.Max()
		if !ok {
			return
		}
		end = append(bytes.Clone(last.key()), 0) // the first key after the last
	}
	if bytes.Compare(o.entry.key(), end) < 0 {
		tree.DeleteRange(probe(o.entry.key()), probe(end), &btree.DeleteRangeOptions{NoReturn: true})
	}
}
