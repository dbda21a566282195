// Package kvpebble is a kv.Store on disk: one directory, one process, one Pebble
// database. It is the default of the binary.
//
//	store, err := kvpebble.Open("/var/lib/levee", kvpebble.Options{})
//
// # Durability
//
// Apply writes a batch to the write-ahead log buffer and to the memtable, where
// it is visible, and returns; Commit.Wait waits for the fsync that covers it, which
// begins when somebody waits. As long as few batches share each fsync, one begins beside
// another, so that no batch waits for the fsync of those that came before it; when many do,
// one fsync covers all batches that came while the one before was running, and those that
// were about to come when it could begin, so the cost is shared by concurrent writers.
// There is a single log, and each fsync covers all of it, so what a batch was applied after
// is durable when the batch is. All log files but the first are full of zeros before they
// are used, so that an fsync changes nothing but their content.
//
// # Guards
//
// Pebble applies batches concurrently and has no conditional write. A batch with
// guards is therefore applied alone: Store.order is held for writing while its
// guards are read and it is made visible, and for reading by every other Apply.
// It is not held during an fsync, so guarded batches share fsyncs too.
//
// # Failure
//
// When the log cannot be written or synced, what is on disk is unknown, and it
// is never retried: every Wait for a batch not yet durable and every later Apply
// return the error, reads go on, and the process should end and open the store
// anew. Where Pebble cannot hand the error back, it ends the process itself: when
// it finds the failure as it begins a new log file or writes the manifest.
//
// # Starting and stopping
//
// Close writes to tables what only the log has, within a few seconds, so that the next
// Open has no log to read; after a crash it reads it. Tables are compacted once the
// store is open, not while it is opened.
//
// # Lock order
//
// Store.order, then syncRounds.mu or Pebble's own locks, then scheduler.mu, writtenLogs.mu or
// logFile.mu.
package kvpebble

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// Store is a kv.Store in a directory. Use Open.
type Store struct {
	fs   vfs.FS
	dir  string
	lock *pebble.Lock
	db   *pebble.DB
	logs *writtenLogs // nil if the store is open to be looked at
	gate kv.Gate

	// order makes guards and the batch behind them one step. See the package
	// comment.
	order sync.RWMutex

	// pending tells barriers that need no sync.
	pending pending
	rounds  *syncRounds

	// failure is set, once, when the log failed.
	failure atomic.Pointer[failure]
}

var _ kv.Store = (*Store)(nil)

// failure is why a store takes no more batches.
type failure struct {
	err error
	// wedged says that Pebble panicked with its locks held, so that nothing of it
	// may be called again that takes them.
	wedged bool
}

// fail records the first failure and returns it.
func (s *Store) fail(err error, wedged bool) error {
	if s.failure.CompareAndSwap(nil, &failure{fmt.Errorf("kvpebble: store failed: %w", err), wedged}) && wedged {
		close(s.rounds.wedged)
	}
	return s.failure.Load().err
}

// failed returns the failure of the store, if it has failed.
func (s *Store) failed() error {
	if f := s.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// Snapshot implements kv.Store.
func (s *Store) Snapshot() kv.Snapshot {
	if !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return &snapshot{gate: &s.gate, snap: s.db.NewSnapshot()}
}

// Close implements kv.Store. After a failure that Pebble does not survive the
// directory stays locked until the process ends.
func (s *Store) Close() error {
	if err := s.gate.Close(); err != nil {
		return err
	}
	if f := s.failure.Load(); f != nil && f.wedged {
		return f.err
	}
	if err := s.rounds.syncs.Close(); err != nil {
		return err
	}
	s.flushLog()
	err := s.db.Close() // which syncs the log
	if err != nil {
		err = fmt.Errorf("kvpebble: close %s: %w", s.dir, err)
	}
	s.endRounds(errors.Join(s.failed(), err))
	if s.logs != nil {
		s.logs.close()
	}
	if e := s.lock.Close(); err == nil {
		err = e
	}
	return err
}
