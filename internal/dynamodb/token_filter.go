package dynamodb

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/levee-io/levee/internal/kv"
)

// tokenFilter knows of most tokens that they were never used: it has a keyFilter of
// the newest bucket and of the one before, of the tokens stored since the engine was
// opened.
type tokenFilter struct {
	// stored is the last bucket that had tokens when the engine was opened: of
	// it and those before it nothing is known.
	stored  uint32
	mu      sync.Mutex // held to replace buckets
	buckets atomic.Pointer[tokenBuckets]
}

// tokenBuckets are the filters of the newest bucket that any token was looked up
// in and of the one before. It is immutable; the filters grow.
type tokenBuckets struct {
	newest uint32
	seen   [2]*keyFilter // of newest, newest-1; nil where nothing is known
}

// open finds out which buckets the store has.
func (f *tokenFilter) open(store kv.Store) error {
	all := kv.PrefixRange([]byte{space, kindToken})
	all.Reverse, all.Limit = true, 1
	it := store.Scan(all)
	if it.Next() {
		f.stored = bucketOfToken(it.Key())
	}
	return errors.Join(it.Err(), it.Close())
}

// of returns the filter of a bucket, nil if there is none.
func (f *tokenFilter) of(bucket uint32) *keyFilter {
	if bucket <= f.stored {
		return nil
	}
	b := f.buckets.Load()
	if b == nil || bucket > b.newest {
		b = f.advance(bucket)
	}
	if age := b.newest - bucket; age < uint32(len(b.seen)) {
		return b.seen[age]
	}
	return nil
}

// advance makes a bucket the newest. No token can be in one that is newer than
// all before it, so its filter is empty.
func (f *tokenFilter) advance(bucket uint32) *tokenBuckets {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.buckets.Load()
	if old != nil && bucket <= old.newest {
		return old
	}
	b := &tokenBuckets{newest: bucket, seen: [2]*keyFilter{emptyFilter(), nil}}
	if old != nil && old.newest == bucket-1 {
		b.seen[1] = old.seen[0]
	} else if bucket-1 > f.stored {
		b.seen[1] = emptyFilter()
	}
	f.buckets.Store(b)
	return b
}

// add says that a token is being stored in a bucket.
func (f *tokenFilter) add(bucket uint32, hash uint64) {
	if seen := f.of(bucket); seen != nil {
		seen.add(hash)
	}
}

// absent reports whether a token is known not to be in a bucket.
func (f *tokenFilter) absent(bucket uint32, hash uint64) bool {
	seen := f.of(bucket)
	return seen != nil && seen.absent(hash)
}
