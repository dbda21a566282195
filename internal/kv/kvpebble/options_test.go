package kvpebble

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Memtables are taken out of the cache by Pebble; what CacheBytes asks for must
// be left when all of them are full.
func TestCacheIsNotEatenByMemtables(t *testing.T) {
	for _, c := range []struct{ asked, want int64 }{{0, 128 << 20}, {1 << 20, 1 << 20}} {
		po := Options{CacheBytes: c.asked}.pebble()
		if left := po.CacheSize - int64(po.MemTableSize)*int64(po.MemTableStopWritesThreshold); left != c.want {
			t.Errorf("CacheBytes %d leaves %d, want %d", c.asked, left, c.want)
		}
	}
}

// Compacting level 0 after each flush would write all that is below it again each time.
func TestLevel0IsCompactedAfterTwoFlushes(t *testing.T) {
	s := mustOpen(t, "store", Options{FS: vfs.NewMem()})
	flush := func(layer int) {
		t.Helper()
		fill(t, s, 100, make([]byte, 100+layer))
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	flush(0)
	if m := s.db.Metrics(); m.Levels[0].Sublevels != 1 || m.Compact.Count+m.Compact.NumInProgress != 0 {
		t.Errorf("after one flush level 0 is %d deep, %d compactions", m.Levels[0].Sublevels, m.Compact.Count+m.Compact.NumInProgress)
	}
	flush(1)
	for deadline := time.Now().Add(30 * time.Second); s.db.Metrics().Levels[0].Sublevels > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("two flushes are not compacted")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
