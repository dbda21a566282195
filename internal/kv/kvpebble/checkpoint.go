package kvpebble

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// Checkpoint implements kv.Store. Tables are hard-linked when dir is on the same
// file system, so it costs little time and, at first, little space. A crash may
// leave a part of a copy, which Open refuses.
func (s *Store) Checkpoint(dir string) (err error) {
	if !s.gate.Enter() {
		return kv.ErrClosed
	}
	defer s.gate.Leave()
	if err := s.failed(); err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = s.fail(fmt.Errorf("%v", r), true)
		}
	}()
	// The log record that WithFlushedWAL writes follows every batch applied
	// before the call, and so is in the copy with them, which Pebble syncs.
	if err := s.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("kvpebble: checkpoint: %w", err)
	}
	if err := writeMarker(s.fs, dir, FormatNewest.marker()); err != nil {
		return fmt.Errorf("kvpebble: checkpoint: %w", errors.Join(err, s.fs.RemoveAll(dir)))
	}
	return nil
}
