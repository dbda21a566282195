package kvpebble

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvtest"
)

func openMem(t *testing.T) kv.Store { return mustOpen(t, "store", Options{FS: vfs.NewMem()}) }

func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// busy makes a database that flushes and compacts all the time.
func busy(po *pebble.Options) {
	po.MemTableSize = 64 << 10
	po.LBaseMaxBytes = 64 << 10
	for i := range po.TargetFileSizes {
		po.TargetFileSizes[i] = 8 << 10
		po.Levels[i].BlockSize = 512
	}
}

// busier makes a database that is busy in its own way.
func busier(rng *rand.Rand) func(*pebble.Options) {
	memtable, table, block := 1<<(14+rng.IntN(6)), int64(1)<<(10+rng.IntN(8)), 1<<(6+rng.IntN(10))
	return func(po *pebble.Options) {
		busy(po)
		po.MemTableSize = uint64(memtable)
		for i := range po.TargetFileSizes {
			po.TargetFileSizes[i], po.Levels[i].BlockSize = table, block
		}
	}
}

func TestStore(t *testing.T) { kvtest.Run(t, openMem) }

func TestSameAsMemory(t *testing.T) {
	kvtest.Compare(t,
		func(*testing.T) kv.Store { return kvmem.New() },
		func(t *testing.T) kv.Store {
			return mustOpen(t, "store", Options{FS: vfs.NewMem(), tune: busy})
		})
}

func TestReopen(t *testing.T) {
	disk := vfs.NewMem()
	rng := rand.New(rand.NewPCG(8, 9))
	kvtest.RunReopen(t, func(t *testing.T, dir string) kv.Store {
		return mustOpen(t, dir, Options{FS: disk, CacheBytes: 1 << (10 + rng.IntN(15)), tune: busier(rng)})
	})
}

func TestStoreOnDisk(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return mustOpen(t, t.TempDir(), Options{}) })
}

func benchStore(b *testing.B) *Store {
	s := mustOpen(b, b.TempDir(), Options{})
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkApply(b *testing.B) { kvtest.BenchApply(b, benchStore(b)) }

// BenchmarkMemtable reads what was just written.
func BenchmarkMemtable(b *testing.B) { kvtest.BenchRead(b, benchStore(b), nil) }

// BenchmarkTable reads what was compacted to the last level.
func BenchmarkTable(b *testing.B) {
	s := benchStore(b)
	kvtest.BenchRead(b, s, func() error {
		return s.db.Compact(b.Context(), []byte{0}, []byte{0xff}, true)
	})
}
