package sqs

import (
	"context"
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// flaky is a store whose Apply fails while broken is set.
type flaky struct {
	kv.Store
	broken error
}

func (f *flaky) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if f.broken != nil {
		b.Discard()
		return nil, f.broken
	}
	return f.Store.Apply(b, d)
}

// TestFailedWritesChangeNothing: memory and store still agree after a write
// failed.
func TestFailedWritesChangeNothing(t *testing.T) {
	store := &flaky{Store: kvmem.New()}
	r := openRig(t, store, Options{})
	url := r.fifo("q.fifo")
	r.sendAll(url, "g", "1", "2", "3")
	held := r.receive(url, 1)[0]
	broken := errors.New("broken")
	fails := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v, want the store's error", what, err)
		}
		r.wantCounts(url, "2", "1", "0")
	}
	store.broken = broken
	_, err := r.SendMessage(context.Background(), caller, sendRequest(url, "4", "g"))
	fails("send", err)
	fails("delete", r.delete(url, held))
	fails("visibility", r.setVisibility(url, held, 0))
	store.broken = nil
	r.must(r.delete(url, held))
	store.broken = broken
	_, err = r.ReceiveMessage(context.Background(), caller, receiveRequest(url, 10))
	if !errors.Is(err, broken) {
		t.Errorf("receive: %v", err)
	}
	store.broken = nil
	r.sendAll(url, "g", "4")
	r.wantBodies(r.receive(url, 10), "2 3 4")
}
