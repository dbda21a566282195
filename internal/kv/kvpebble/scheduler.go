package kvpebble

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// scheduler says when tables are compacted: as many at once as Pebble finds needed, as
// its own scheduler does, but none before the store is open. Pebble's Open waits for
// those that have begun, so that a start took as long as whatever was left to compact.
//
// Its mutex comes after those of Pebble, but for calls of GetAllowedWithoutPermission,
// which takes none.
type scheduler struct {
	db   pebble.DBForCompaction
	wake chan struct{}
	stop chan struct{} // closed to end
	done chan struct{} // closed when grant has ended; nil if it was never started

	mu      sync.Mutex
	running int
	opened  bool
	ended   bool
}

// grantEvery is how often Pebble is asked for compactions that nothing else told of.
const grantEvery = 100 * time.Millisecond

func newScheduler() *scheduler {
	return &scheduler{wake: make(chan struct{}, 1), stop: make(chan struct{})}
}

// open lets compactions begin.
func (s *scheduler) open() {
	s.mu.Lock()
	s.opened = true
	s.mu.Unlock()
	s.UpdateGetAllowedWithoutPermission()
}

// Register implements pebble.CompactionScheduler.
func (s *scheduler) Register(_ int, db pebble.DBForCompaction) {
	s.db, s.done = db, make(chan struct{})
	go s.grant()
}

// Unregister implements pebble.CompactionScheduler. It may be called again.
func (s *scheduler) Unregister() {
	s.mu.Lock()
	first := !s.ended
	s.ended = true
	s.mu.Unlock()
	if first {
		close(s.stop)
	}
	if s.done != nil {
		<-s.done
	}
}

// TrySchedule implements pebble.CompactionScheduler.
func (s *scheduler) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	if !s.take() {
		return false, nil
	}
	return true, s
}

// take counts one more compaction, if there may be one.
func (s *scheduler) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opened || s.ended || s.running >= s.db.GetAllowedWithoutPermission() {
		return false
	}
	s.running++
	return true
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler.
func (s *scheduler) UpdateGetAllowedWithoutPermission() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// grant lets compactions begin that were refused before.
func (s *scheduler) grant() {
	defer close(s.done)
	tick := time.NewTicker(grantEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		case <-s.wake:
		}
		for s.take() {
			if waiting, _ := s.db.GetWaitingCompaction(); !waiting || !s.db.Schedule(s) {
				s.give()
				break
			}
		}
	}
}

func (s *scheduler) give() {
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
}

// Started implements pebble.CompactionGrantHandle.
func (s *scheduler) Started() {}

// MeasureCPU implements pebble.CompactionGrantHandle.
func (s *scheduler) MeasureCPU(pebble.CompactionGoroutineKind) {}

// CumulativeStats implements pebble.CompactionGrantHandle.
func (s *scheduler) CumulativeStats(pebble.CompactionGrantHandleStats) {}

// Done implements pebble.CompactionGrantHandle.
func (s *scheduler) Done() {
	s.give()
	s.UpdateGetAllowedWithoutPermission()
}
