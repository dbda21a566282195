package kvpebble

import "testing"

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
