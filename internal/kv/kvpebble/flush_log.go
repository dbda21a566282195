package kvpebble

import "time"

const (
	// replayBytes is how much of a log may be left for the next Open, which reads it and
	// writes it to a table before anything else.
	replayBytes = 1 << 20
	// flushTimeout is how long Close waits for the rest to be written to tables: the log has
	// it all, so that a disk which is full, say, costs time and nothing else.
	flushTimeout = 5 * time.Second
)

// flushLog writes what only the log has to tables, so that the next Open is quick.
func (s *Store) flushLog() {
	if s.failed() != nil || s.db.Metrics().WAL.Size <= replayBytes {
		return
	}
	done, err := s.db.AsyncFlush()
	if err != nil {
		return
	}
	select {
	case <-done:
	case <-time.After(flushTimeout):
	}
}
