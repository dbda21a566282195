package kvpebble

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// batch is a kv.Batch in Pebble's own encoding.
type batch struct {
	store  *Store
	pb     *pebble.Batch // nil once applied or discarded
	guards []guard
	meter  kv.Meter
	// err is an error of Pebble while the batch was built.
	err error
	// commit is what Apply returns, here to save an allocation.
	commit commit
}

type guard struct {
	key, want []byte
}

// NewBatch implements kv.Store.
func (s *Store) NewBatch() kv.Batch { return &batch{store: s, pb: s.db.NewBatch()} }

func (b *batch) Set(key, value []byte) {
	if b.meter.Set(key, value) {
		b.note(b.pb.Set(key, value, nil))
	}
}

func (b *batch) Delete(key []byte) {
	if b.meter.Delete(key) {
		b.note(b.pb.Delete(key, nil))
	}
}

// Bounds of all keys: the least one, and one byte more than the longest one.
var (
	leastKey = []byte{0}
	pastAll  = bytes.Repeat([]byte{0xff}, kv.MaxKeyBytes+1)
)

func (b *batch) DeleteRange(start, end []byte) {
	if !b.meter.DeleteRange(start, end) {
		return
	}
	if len(start) == 0 {
		start = leastKey
	}
	if end == nil {
		end = pastAll
	}
	if bytes.Compare(start, end) < 0 {
		b.note(b.pb.DeleteRange(start, end, nil))
	}
}

func (b *batch) Guard(key, want []byte) {
	if b.meter.Key(key) {
		b.guards = append(b.guards, guard{key: bytes.Clone(key), want: bytes.Clone(want)})
	}
}

func (b *batch) Len() int { return b.meter.Len() }

func (b *batch) Discard() {
	if b.pb != nil {
		b.note(b.pb.Close())
		b.pb = nil
	}
}

// problem returns why the batch cannot be applied.
func (b *batch) problem() error {
	if err := b.meter.Err(); err != nil {
		return err
	}
	return b.err
}

func (b *batch) note(err error) {
	if b.err == nil {
		b.err = err
	}
}
