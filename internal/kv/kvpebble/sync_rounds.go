package kvpebble

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// syncRounds has batches share syncs of the log. Pebble by itself begins a sync with the
// first batch that asks for one, and those that are applied right after it wait for that
// sync and for the next. Here the first one that waits lets those go first that are about
// to be applied, and all of them wait for one sync.
//
// No lock is taken while its mutex is held.
type syncRounds struct {
	mu   sync.Mutex
	next *syncRound // of the batches that are applied now; nil before the first of them
	// led says that somebody sees to the next round, as soon as the sync that is under way
	// has ended.
	led bool

	syncs  kv.Gate       // of syncs; Close shuts it when nobody applies any more
	wedged chan struct{} // closed when no sync ends any more
}

func newSyncRounds() *syncRounds { return &syncRounds{wedged: make(chan struct{})} }

// syncRound is a sync and what waits for it.
type syncRound struct {
	done chan struct{} // closed when it has ended, after err is set
	err  error
}

// join returns the round of a batch that has been applied.
func (r *syncRounds) join() *syncRound {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &syncRound{done: make(chan struct{})}
	}
	return r.next
}

// lead reports whether it is the caller who has to see to a round.
func (r *syncRounds) lead(round *syncRound) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.led || r.next != round {
		return false
	}
	r.led = true
	return true
}

// begin returns the next round, which nobody joins any more; nil if there is none.
func (r *syncRounds) begin() *syncRound {
	r.mu.Lock()
	defer r.mu.Unlock()
	round := r.next
	r.next = nil
	return round
}

// more reports whether there is a round to be led after one that has ended. If not, the
// first one that waits for it leads it.
func (r *syncRounds) more() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.led = r.next != nil
	return r.led
}

func (r *syncRound) end(err error) {
	r.err = err
	close(r.done)
}

// await waits until a round is durable.
func (s *Store) await(round *syncRound) error {
	if s.rounds.lead(round) {
		go s.syncNext() // which Pebble may keep for ever once it has failed
	}
	select {
	case <-round.done:
		return round.err
	case <-s.rounds.wedged:
		return s.failed()
	}
}

// syncNext syncs the log for the next round. If the store is being closed, Close ends it.
func (s *Store) syncNext() {
	runtime.Gosched()
	if !s.rounds.syncs.Enter() {
		return
	}
	defer s.rounds.syncs.Leave()
	s.rounds.begin().end(s.syncLog())
	if s.rounds.more() {
		go s.syncNext()
	}
}

// syncLog syncs what has been written to the log, with a record that holds nothing.
func (s *Store) syncLog() (err error) {
	if err := s.failed(); err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = s.fail(fmt.Errorf("%v", r), true)
		}
	}()
	b := s.db.NewBatch()
	if err := b.LogData(nil, nil); err != nil {
		return err
	}
	if err := s.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return err
	}
	if err := b.SyncWait(); err != nil {
		return s.fail(err, false)
	}
	return b.Close()
}

// endRounds ends what waits for a store that is closed.
func (s *Store) endRounds(err error) {
	if round := s.rounds.begin(); round != nil {
		round.end(err)
	}
}
