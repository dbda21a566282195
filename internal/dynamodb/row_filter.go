package dynamodb

import (
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// rowFilter knows of most rows that a table does not have them, without asking the
// store: looking for an item that was not there was half of what its first put
// costs. It has the row of every item that there is or was, and takes a few others
// for those. Rows are never taken out; they are counted anew with the next Open.
//
// It begins empty, grows with the table, to two to ten bytes an item, and is given up
// where a part would have more than rowWordsMost: 21 MiB for 11 million items.
// The zero value knows nothing, and learns nothing before begin.
//
// A row is added and looked for under its latch, which puts the two in order.
type rowFilter struct {
	mu  sync.Mutex // held to replace set
	set atomic.Pointer[rowSet]
}

// rowSet is what a filter knows: nil, nothing. It is immutable; its parts grow.
type rowSet struct {
	// whole is false until the rows that were there at Open have been added.
	whole bool
	parts []*rowPart // each larger than those before it; rows are added to the last
}

// rowPart is a Bloom filter of a bounded number of rows.
type rowPart struct {
	bloom
	rows atomic.Int64
}

const (
	rowsPerWord   = 4 // two bytes a row
	rowWordsLeast = 1 << 9
	rowWordsMost  = 1 << 21
	rowWordsTimes = 4 // how much larger each part is than the one before
)

// begin lets the filter learn: from then on every row that is written is added.
func (f *rowFilter) begin() { f.set.Store(&rowSet{}) }

// complete says that the filter has been told of every row.
func (f *rowFilter) complete() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.set.Load(); s != nil {
		f.set.Store(&rowSet{whole: true, parts: s.parts})
	}
}

// absent reports whether a table is known not to have a row.
func (f *rowFilter) absent(row []byte) bool {
	s := f.set.Load()
	return s != nil && s.whole && !s.has(xxhash.Sum64(row))
}

// add says that a row is being written.
func (f *rowFilter) add(row []byte) {
	hash := xxhash.Sum64(row)
	s := f.set.Load()
	for s != nil && !s.has(hash) {
		if p := s.last(); p != nil {
			p.rows.Add(1)
			p.add(hash)
			return
		}
		s = f.grow()
	}
}

// grow makes room for more rows, or gives the filter up.
func (f *rowFilter) grow() *rowSet {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.set.Load()
	if s == nil || s.last() != nil {
		return s // someone else was here
	}
	words := rowWordsLeast
	if n := len(s.parts); n > 0 {
		words = rowWordsTimes * len(s.parts[n-1].bloom)
	}
	if words > rowWordsMost {
		f.set.Store(nil)
		return nil
	}
	parts := append(s.parts[:len(s.parts):len(s.parts)], &rowPart{bloom: make(bloom, words)})
	s = &rowSet{whole: s.whole, parts: parts}
	f.set.Store(s)
	return s
}

// last returns the part that rows are added to, nil if there is none with room.
func (s *rowSet) last() *rowPart {
	if n := len(s.parts); n > 0 {
		if p := s.parts[n-1]; p.rows.Load() < int64(rowsPerWord*len(p.bloom)) {
			return p
		}
	}
	return nil
}

func (s *rowSet) has(hash uint64) bool {
	for i := len(s.parts) - 1; i >= 0; i-- { // the last has most
		if s.parts[i].has(hash) {
			return true
		}
	}
	return false
}
