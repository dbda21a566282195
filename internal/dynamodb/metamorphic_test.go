package dynamodb

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// TestSameOnDisk runs random requests against an engine on disk and one in memory,
// under different options. The one on disk is closed and opened again in between,
// or goes on with a checkpoint or with what a crash leaves. Both give the same
// answers, which are those of the model.
func TestSameOnDisk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		memory := kvmem.New()
		d := &onDisk{t: t, disk: vfs.NewCrashableMem(), dir: "store"}
		h := openEngineWith(t, d.open(rt), drawOptions(rt))
		h.twin = openEngineWith(t, memory, drawOptions(rt))
		create := h.twin
		h.twin = nil // the answer to CreateTable has its time
		m := newModel(rt, h)
		create.mustDo("CreateTable", m.table)
		h.twin = create
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 12).Draw(rt, "again") {
			case 0:
				d.reopen(rt, h)
			case 1:
				d.checkpoint(rt, h)
			case 2:
				d.crash(rt, h)
			case 3:
				h.twin.restart()
			default:
				m.step(rt, h)
			}
		}
		m.check(rt, h)
		if _, wrong := h.verify(); len(wrong) > 0 {
			rt.Fatalf("%q", wrong)
		}
		if err := errors.Join(h.Close(), d.store.Close(), h.twin.Close(), memory.Close()); err != nil {
			rt.Fatal(err)
		}
	})
}

// drawOptions returns options that change no answer.
func drawOptions(rt *rapid.T) Options {
	return Options{
		ShardRate: rapid.IntRange(1, 100).Draw(rt, "shard rate"),
		ShardLife: time.Duration(rapid.IntRange(1, 100).Draw(rt, "shard life")) * time.Minute,
	}
}

// onDisk is the store of an engine, and the disk that it is on.
type onDisk struct {
	t     *testing.T
	disk  *vfs.MemFS
	dir   string
	store *kvpebble.Store
	n     int
}

func (d *onDisk) open(rt *rapid.T) *kvpebble.Store {
	cache := int64(1) << rapid.IntRange(10, 24).Draw(rt, "cache")
	store, err := kvpebble.Open(d.dir, kvpebble.Options{FS: d.disk, CacheBytes: cache})
	if err != nil {
		d.t.Fatal(err)
	}
	d.store = store
	return store
}

// end closes the engine and the store.
func (d *onDisk) end(rt *rapid.T, h *harness) {
	if err := errors.Join(h.Close(), d.store.Close()); err != nil {
		rt.Fatal(err)
	}
}

func (d *onDisk) reopen(rt *rapid.T, h *harness) {
	d.end(rt, h)
	h.reopen(d.open(rt))
}

// checkpoint goes on with a checkpoint of the store.
func (d *onDisk) checkpoint(rt *rapid.T, h *harness) {
	d.n++
	copied := fmt.Sprint("copy", d.n)
	if err := d.store.Checkpoint(copied); err != nil {
		rt.Fatal(err)
	}
	d.end(rt, h)
	d.dir = copied
	h.reopen(d.open(rt))
}

// crash goes on with what a crash leaves. Nothing is under way then, so nothing
// may be missing.
func (d *onDisk) crash(rt *rapid.T, h *harness) {
	crashed := d.disk.CrashClone(vfs.CrashCloneCfg{})
	d.end(rt, h)
	d.disk = crashed
	h.reopen(d.open(rt))
}
