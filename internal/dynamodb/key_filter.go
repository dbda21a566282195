package dynamodb

import (
	"sync"
	"sync/atomic"
)

// keyFilter knows of most keys of a growing set that they are not in it, without
// asking the store. A table has one of its rows: looking for an item that was not
// there was half of what its first put costs. A bucket of idempotency tokens has one:
// looking for a new token in two buckets was a fifth of what a transaction costs. It
// has every key that there is or was, and takes a few others for those; what it does
// not know it says may be there. Keys, known by their hashes, are never taken out.
//
// It begins empty, grows with the set, to two to ten bytes a key, and is given up
// where a part would have more than filterWordsMost: 21 MiB for 11 million keys.
// The zero value knows nothing, and learns nothing before begin.
//
// A key is added and looked for under its latch, which puts the two in order.
type keyFilter struct {
	mu  sync.Mutex // held to replace set
	set atomic.Pointer[keySet]
}

// keySet is what a filter knows: nil, nothing. It is immutable; its parts grow.
type keySet struct {
	// whole is false until the keys that were there when it began have been added.
	whole bool
	parts []*keyPart // each larger than those before it; keys are added to the last
}

// keyPart is a Bloom filter of a bounded number of keys.
type keyPart struct {
	bloom
	keys atomic.Int64
}

const (
	keysPerWord      = 4 // two bytes a key
	filterWordsLeast = 1 << 9
	filterWordsMost  = 1 << 21
	filterWordsTimes = 4 // how much larger each part is than the one before
)

// begin lets the filter learn: from then on every key that is written is added.
func (f *keyFilter) begin() { f.set.Store(&keySet{}) }

// emptyFilter returns the filter of a set that has no keys yet.
func emptyFilter() *keyFilter {
	f := new(keyFilter)
	f.begin()
	f.complete()
	return f
}

// complete says that the filter has been told of every key.
func (f *keyFilter) complete() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.set.Load(); s != nil {
		f.set.Store(&keySet{whole: true, parts: s.parts})
	}
}

// absent reports whether a key is known not to be there.
func (f *keyFilter) absent(hash uint64) bool {
	s := f.set.Load()
	return s != nil && s.whole && !s.has(hash)
}

// add says that a key is being written.
func (f *keyFilter) add(hash uint64) {
	s := f.set.Load()
	for s != nil && !s.has(hash) {
		if p := s.last(); p != nil {
			p.keys.Add(1)
			p.add(hash)
			return
		}
		s = f.grow()
	}
}

// grow makes room for more keys, or gives the filter up.
func (f *keyFilter) grow() *keySet {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.set.Load()
	if s == nil || s.last() != nil {
		return s // someone else was here
	}
	words := filterWordsLeast
	if n := len(s.parts); n > 0 {
		words = filterWordsTimes * len(s.parts[n-1].bloom)
	}
	if words > filterWordsMost {
		f.set.Store(nil)
		return nil
	}
	parts := append(s.parts[:len(s.parts):len(s.parts)], &keyPart{bloom: make(bloom, words)})
	s = &keySet{whole: s.whole, parts: parts}
	f.set.Store(s)
	return s
}

// last returns the part that keys are added to, nil if there is none with room.
func (s *keySet) last() *keyPart {
	if n := len(s.parts); n > 0 {
		if p := s.parts[n-1]; p.keys.Load() < int64(keysPerWord*len(p.bloom)) {
			return p
		}
	}
	return nil
}

func (s *keySet) has(hash uint64) bool {
	for i := len(s.parts) - 1; i >= 0; i-- { // the last has most
		if s.parts[i].has(hash) {
			return true
		}
	}
	return false
}
