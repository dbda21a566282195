package kvpebble

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestBulk(t *testing.T) {
	s, err := Open("store", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Bulk(); bulkOnHeap != (n > 0) { // a memtable, at least
		t.Errorf("%d bytes, on the heap: %t", n, bulkOnHeap)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := s.Bulk(); n != 0 {
		t.Errorf("%d bytes of a closed store", n)
	}
}
