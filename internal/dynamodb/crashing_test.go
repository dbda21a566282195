package dynamodb

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// crashVariable, when set, has the tests of this package run on a disk that loses
// what was not synced: a restart is a crash then, and each test ends with one,
// after which Verify has to find everything in order.
//
//	LEVEE_TEST_CRASH=1 go test ./internal/dynamodb
const crashVariable = "LEVEE_TEST_CRASH"

// onCrashingDisk says whether a test runs on such a disk. The bubbles of synctest,
// where it is the year 2000, wait for goroutines that the store does not end.
func onCrashingDisk() bool { return os.Getenv(crashVariable) != "" && time.Now().Year() > 2000 }

// crashing is the disk of an engine and the store on it.
type crashing struct {
	disk  *vfs.MemFS
	store *kvpebble.Store
}

// newCrashing is newEngineWith on such a disk.
func newCrashing(t testing.TB, opts Options) *harness {
	c := &crashing{disk: vfs.NewCrashableMem()}
	c.open(t)
	h := openEngineWith(t, c.store, opts)
	h.crashing = c
	t.Cleanup(func() {
		if !t.Failed() {
			c.crash(h)
			if _, wrong := h.verify(); len(wrong) > 0 {
				t.Errorf("after a crash: %q", wrong)
			}
		}
		if err := errors.Join(h.Close(), c.store.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

func (c *crashing) open(t testing.TB) {
	t.Helper()
	store, err := kvpebble.Open("store", kvpebble.Options{FS: c.disk})
	if err != nil {
		t.Fatal(err)
	}
	c.store = store
}

// crash goes on with what a crash leaves.
func (c *crashing) crash(h *harness) {
	h.t.Helper()
	left := c.disk.CrashClone(vfs.CrashCloneCfg{})
	if err := errors.Join(h.Close(), c.store.Close()); err != nil {
		h.t.Fatal(err)
	}
	c.disk = left
	c.open(h.t)
	h.reopen(c.store)
}
