package sqs

import (
	"testing"

	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// TestOnPebble: what was answered is there after the store was closed and
// opened again.
func TestOnPebble(t *testing.T) {
	dir := t.TempDir()
	open := func() (*rig, func()) {
		store, err := kvpebble.Open(dir, kvpebble.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := openRig(t, store, Options{})
		return r, func() {
			r.must(r.Engine.Close())
			r.must(store.Close())
		}
	}
	r, done := open()
	url := r.fifo("q.fifo")
	r.sendAll(url, "g", "1", "2", "3")
	one := r.receive(url, 1)[0]
	done()

	r, done = open()
	r.wantCounts(url, "2", "1", "0")
	r.sendAll(url, "g", "1", "4") // 1 is a duplicate
	r.must(r.delete(url, one))
	r.wantBodies(r.receive(url, 10), "2 3 4")
	done()
}
