package kvpebble

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// A barrier costs nothing where all is durable, and makes durable what is not.
func TestBarrierWritesOnlyWhatIsNotDurable(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	put := func(key string, d kv.Durability) kv.Commit {
		b := s.NewBatch()
		b.Set([]byte(key), nil)
		c, err := s.Apply(b, d)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	barrier := func(free bool) {
		t.Helper()
		if s.settled() != free {
			t.Errorf("settled is %v before the barrier", !free)
		}
		c, err := s.Apply(s.NewBatch(), kv.Sync)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	barrier(true)
	first := put("a", kv.Sync)
	barrier(false)
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	barrier(true)
	put("b", kv.NoSync)
	barrier(false)
	barrier(true)

	after := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	for _, key := range []string{"a", "b"} {
		if _, ok, err := after.Get([]byte(key), nil); !ok || err != nil {
			t.Errorf("%s is lost after a barrier: %v", key, err)
		}
	}
}
