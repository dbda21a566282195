// Package kv is the seam between Levee's engines and whatever keeps the bytes.
//
// A Store is an ordered map from byte keys to byte values. Engines change it
// only through a Batch: a list of mutations, and guards that must hold, applied
// all or nothing by Store.Apply. Everything else (tables, indexes, change
// streams, queues, tokens) is a layer of keys on top.
//
// # Durability and early lock release
//
// Apply makes a batch visible to every later Get and Scan and returns a Commit
// before the batch is on disk. An engine applies under its own latch, releases
// the latch, then calls Commit.Wait, and only then answers its client. So a
// hot key is bounded by the speed of Apply, not by one fsync a write, while
// the fsyncs of concurrent batches are shared (group commit).
//
// The price: what Get returns may not be on disk yet. An answer that reports
// what a read found, without writing anything itself (a strongly consistent
// read, a failed condition, the replay of an idempotency token), must first
// wait for the Commit that wrote it. Commits become durable in the order in
// which they were applied: once a Commit is durable, all earlier ones are.
//
// A batch without mutations applied with Sync is a barrier: its Commit is
// durable once every earlier batch is.
//
// # Keys
//
// A key is 1 to MaxKeyBytes bytes long and ordered as bytes.Compare orders it.
// The empty key bounds ranges but cannot be stored. Values may be empty.
//
// # Guards
//
// A guard compares the present value of a key with an expected one; nil means
// that the key must be absent. Comparing values instead of versions asks
// nothing of a store that it may not have, and serves for fence epochs too.
//
// # Closing
//
// Close refuses new operations first, then waits for the running ones. An open
// Iterator or Snapshot is a running operation, so one that is never closed
// blocks Close for ever: a leak shows at once, instead of as freed memory read.
//
// A Store is safe for concurrent use. A Batch, an Iterator and a Snapshot each
// belong to one goroutine at a time.
//
// # Writing a store
//
// kvtest holds the conformance suite that every store passes. Gate, Meter and
// Failed are the parts that all of them need.
package kv

import "errors"

// Errors of a Store. They are matched with errors.Is.
var (
	// ErrConflict: a guard did not hold; nothing was applied.
	ErrConflict = errors.New("kv: guard does not hold")
	// ErrUndetermined: the reply was lost; the batch may or may not have been
	// applied. Embedded stores never return it.
	ErrUndetermined = errors.New("kv: outcome unknown")
	// ErrKey: a batch names a key that is empty or longer than MaxKeyBytes.
	ErrKey = errors.New("kv: key is empty or too long")
	// ErrBatch: the batch was applied or discarded before, or is of another store.
	ErrBatch = errors.New("kv: batch used twice or of another store")
	// ErrTooLarge: the batch exceeds MaxBatchBytes, or less in a store that takes
	// less.
	ErrTooLarge = errors.New("kv: batch too large")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("kv: store is closed")
	// ErrFormat: the directory was written in a format this program does not know.
	ErrFormat = errors.New("kv: unknown on-disk format")
	// ErrDamaged: files of the store are not as they were written.
	ErrDamaged = errors.New("kv: damaged on disk")
	// ErrUnsupported: the store cannot do this at all (Checkpoint in memory).
	ErrUnsupported = errors.New("kv: not supported by this store")
)

// Limits of every store. The largest key an engine makes is an index key: four
// key attributes of up to 2048 bytes, each byte escaped to two at worst. The
// largest batch is a transaction of 4 MB of items written to the table, to 20
// indexes and, as old and new image, to the change stream.
const (
	MaxKeyBytes   = 32 << 10
	MaxBatchBytes = 128 << 20
)

// Durability says when Commit.Wait of a batch returns.
type Durability uint8

const (
	// Sync means once the batch would survive a crash of the machine.
	Sync Durability = iota
	// NoSync means at once. A crash may lose the batch, and with it every later
	// NoSync batch, but never one that it was applied before and was synced.
	NoSync
)

// Reader reads one consistent or one moving state of a store.
type Reader interface {
	// Get appends the value of key to dst and returns the extended slice. ok is
	// false, and dst is returned unchanged, when the key is absent. The result
	// never aliases memory of the store.
	Get(key, dst []byte) (value []byte, ok bool, err error)

	// Scan iterates over r as it is at the moment of the call; later batches
	// are not seen. The caller must Close the Iterator. It may outlive the
	// Snapshot it was taken from.
	Scan(r Range) Iterator
}

// Range is a half-open interval of keys and the direction in which to read it.
type Range struct {
	// Start is the first key included; nil means the first of the store.
	Start []byte
	// End is the first key excluded; nil means none.
	End []byte
	// Reverse reads from the end to the start.
	Reverse bool
	// Limit is the number of entries the caller expects to read at most, 0 for
	// unknown. It is a hint for stores that fetch ahead and bounds nothing.
	Limit int
}

// PrefixRange is the range of all keys that begin with prefix.
func PrefixRange(prefix []byte) Range {
	return Range{Start: prefix, End: PrefixEnd(prefix)}
}

// PrefixEnd returns the smallest key greater than every key that begins with
// prefix, or nil if there is none. The result does not alias prefix.
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}

// Iterator walks a Range. It starts before the first entry.
//
//	it := store.Scan(r)
//	defer it.Close()
//	for it.Next() { use(it.Key(), it.Value()) }
//	return it.Err()
type Iterator interface {
	// Next moves to the next entry in the direction of the range and reports
	// whether there is one. It returns false for ever after the end or an error.
	Next() bool
	// Key and Value return the present entry. The slices are valid until the
	// next call of Next or Close and MUST NOT be changed.
	Key() []byte
	Value() []byte
	// Err returns the error that ended the iteration, if one did.
	Err() error
	// Close releases the iterator. It may be called more than once.
	Close() error
}

// Snapshot is a Reader of the state at the moment it was taken. It must be
// closed; a long-lived one keeps the store from reclaiming space.
type Snapshot interface {
	Reader
	Close() error
}

// Batch collects mutations and guards. Keys and values are copied, so the
// caller may reuse its buffers. Of several mutations of one key the last
// wins. A batch is used once: Apply consumes it, Discard drops it.
type Batch interface {
	Set(key, value []byte)
	Delete(key []byte)
	// DeleteRange deletes the keys in [start, end); nil bounds are those of a
	// Range. A range with end before start is empty.
	DeleteRange(start, end []byte)
	// Guard makes Apply fail with ErrConflict unless the value of key is want
	// just before the batch; nil means that key must be absent, an empty
	// non-nil slice that it must be present and empty.
	Guard(key, want []byte)
	// Len is the number of mutations so far.
	Len() int
	// Discard drops a batch that will not be applied. After Apply, or a second
	// time, it does nothing, so it may be deferred.
	Discard()
}

// Commit is the durability of one applied batch.
type Commit interface {
	// Wait blocks until the batch is durable as its Durability asked. It may be
	// called by any number of goroutines, any number of times; it returns
	// non-nil when the store failed and the batch may be lost. A Commit that is
	// never waited for holds no resource but its own memory.
	Wait() error
}

// Store is an ordered transactional map. See the package comment.
type Store interface {
	Reader

	// Snapshot returns the state as of now: every batch whose Apply has returned.
	Snapshot() Snapshot

	// NewBatch returns an empty batch of this store.
	NewBatch() Batch

	// Apply applies b, which must come from NewBatch of this store, atomically:
	// guards are checked and mutations made visible as one step, after every
	// batch whose Apply has returned. The batch is consumed whatever happens.
	// The returned Commit MUST be waited for before the caller reports success;
	// it is nil when err is not.
	Apply(b Batch, d Durability) (Commit, error)

	// Checkpoint writes a consistent copy of the store into dir, which must not
	// exist. It holds every batch applied before the call. Stores that cannot
	// do it return ErrUnsupported.
	Checkpoint(dir string) error

	// Close waits for running operations to end, open iterators and snapshots
	// among them, makes every applied batch durable and closes the store. Use
	// after Close, a second Close too, returns ErrClosed; Commit.Wait does not.
	Close() error
}

// Durable is a Commit that was durable from the start.
var Durable Commit = durable{}

type durable struct{}

func (durable) Wait() error { return nil }
