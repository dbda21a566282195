package kvpebble

import (
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func TestStats(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		b := s.NewBatch()
		b.Set([]byte{byte(i)}, make([]byte, 1000))
		c, err := s.Apply(b, kv.Sync)
		if err != nil || c.Wait() != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if got.Syncs.Count == 0 || got.Syncs.Seconds <= 0 || got.Syncs.Seconds > 60 || len(got.Syncs.Buckets) == 0 {
		t.Errorf("syncs: %+v", got.Syncs)
	}
	if got.DiskBytes == 0 || got.LogBytes < 3000 || got.MemtableBytes == 0 {
		t.Errorf("sizes: %+v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stats(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
