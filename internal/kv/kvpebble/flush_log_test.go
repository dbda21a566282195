package kvpebble

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCloseLeavesNoLog closes a store that has only logged what it was given: the next
// Open finds it in tables.
func TestCloseLeavesNoLog(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "store", Options{FS: disk})
	fill(t, s, 1000, make([]byte, 4<<10))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	replayed := false
	s = mustOpen(t, "store", Options{FS: disk, tune: func(po *pebble.Options) {
		po.EventListener.TableCreated = func(info pebble.TableCreateInfo) { replayed = replayed || info.Reason == "flushing" }
	}})
	defer s.Close()
	if replayed {
		t.Error("the log was read and written to a table when the store was opened")
	}
	if _, found, err := s.Get(make([]byte, 8), nil); err != nil || !found {
		t.Errorf("found %v, error %v", found, err)
	}
}
