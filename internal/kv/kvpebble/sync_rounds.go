package kvpebble

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// syncRounds has batches share syncs of the log. Pebble by itself begins a sync with the
// first batch that asks for one, and those that are applied right after it wait for that
// sync and for the next. Here the first one that waits lets those go first that are about
// to be applied, and all of them wait for one sync.
//
// What is applied during a sync does not wait for its end either, as long as few share
// each, or the disk is slow: then a sync more costs less than what it spares. When many
// share each, or ShareSyncs says so, there is one at a time.
//
// No lock is taken while its mutex is held.
type syncRounds struct {
	mu   sync.Mutex
	next *syncRound // of the batches that are applied now; nil before the first of them
	// led says that somebody is about to begin the next round.
	led  bool
	busy [maxSyncs]bool // the handles of those that are under way
	// share is how many batches have shared a sync lately, and took how long it took.
	share float64
	took  time.Duration

	crowd  atomic.Bool   // that batches had better share a sync, few as they may be
	syncs  kv.Gate       // of syncs; Close shuts it when nobody applies any more
	wedged chan struct{} // closed when no sync ends any more
}

const (
	// fewShare is how many batches share a sync at most if another one begins beside it,
	// unless it takes so long as longSync. A sync costs as much of a CPU as about two
	// writes.
	fewShare = 8
	longSync = 2 * time.Millisecond
	// shareOver is over how many of the last syncs that is a mean.
	shareOver = 8
)

func newSyncRounds() *syncRounds { return &syncRounds{wedged: make(chan struct{})} }

// ShareSyncs says whether batches had better share a sync than have one of their own begun
// beside it, unless a sync takes long: nobody is there who would gain by that. It does not
// wait.
func (s *Store) ShareSyncs(crowd bool) { s.rounds.crowd.Store(crowd) }

// syncRound is a sync and what waits for it.
type syncRound struct {
	batches int
	handle  int           // of the log, by which it is synced
	begun   time.Time     // when it was
	done    chan struct{} // closed when it has ended, after err is set
	err     error
}

// join returns the round of a batch that has been applied.
func (r *syncRounds) join() *syncRound {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &syncRound{done: make(chan struct{})}
	}
	r.next.batches++
	return r.next
}

// lead reports whether it is the caller who has to see to a round.
func (r *syncRounds) lead(round *syncRound) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.led || r.next != round || r.under() >= r.most() {
		return false
	}
	r.led = true
	return true
}

// under returns how many syncs are under way. It needs mu.
func (r *syncRounds) under() (n int) {
	for _, busy := range r.busy {
		if busy {
			n++
		}
	}
	return n
}

// most returns how many syncs may be under way. It needs mu.
func (r *syncRounds) most() int {
	if (r.share > fewShare || r.crowd.Load()) && r.took < longSync {
		return 1
	}
	return maxSyncs
}

// begin returns the next round, which nobody joins any more; nil if there is none.
func (r *syncRounds) begin() *syncRound {
	r.mu.Lock()
	defer r.mu.Unlock()
	round := r.next
	if r.next, r.led = nil, false; round == nil {
		return nil
	}
	round.handle, round.begun = slices.Index(r.busy[:], false), time.Now()
	r.busy[round.handle] = true
	r.share += (float64(round.batches) - r.share) / shareOver
	return round
}

// end ends a round, and reports whether there is another one to be led. If not, the first
// one that waits for it leads it.
func (r *syncRounds) end(round *syncRound, err error) (more bool) {
	round.end(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[round.handle] = false
	r.took += (time.Since(round.begun) - r.took) / shareOver
	if r.led || r.next == nil {
		return false
	}
	r.led = true
	return true
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
	round := s.rounds.begin()
	if s.rounds.end(round, s.syncLog(round.handle)) {
		go s.syncNext()
	}
}

// syncLog syncs what has been written to the log, by one of its handles.
func (s *Store) syncLog(handle int) error {
	if err := s.writeLog(); err != nil {
		return err
	}
	// If that is by now another log, the one before it was closed, and synced, before.
	if err := s.logs.written.Load().sync(handle); err != nil {
		return s.fail(err, false)
	}
	return nil
}

// writeLog has Pebble write what it has to the log, with a record that holds nothing.
func (s *Store) writeLog() (err error) {
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
