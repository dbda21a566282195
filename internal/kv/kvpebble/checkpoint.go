package kvpebble

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// Checkpoint implements kv.Store. Tables are hard-linked when dir is on the same
// file system, so it costs little time and, at first, little space.
func (s *Store) Checkpoint(dir string) error {
	if !s.gate.Enter() {
		return kv.ErrClosed
	}
	defer s.gate.Leave()
	if err := s.failed(); err != nil {
		return err
	}
	// The log record that WithFlushedWAL writes follows every batch applied
	// before the call, and so is in the copy with them.
	if err := s.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("kvpebble: checkpoint: %w", err)
	}
	if err := writeFormat(s.fs, dir, FormatNewest); err != nil {
		return fmt.Errorf("kvpebble: checkpoint: %w", err)
	}
	return nil
}
