package sqs

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// panicking is a store whose next Apply panics where armed.
type panicking struct {
	kv.Store
	armed atomic.Bool
}

func (s *panicking) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if s.armed.Swap(false) {
		panic("armed")
	}
	return s.Store.Apply(b, d)
}

// A panic in an operation, which the wire answers with status 500, leaves no
// queue locked, and memory as the store has it.
func TestPanicLeavesNothingLocked(t *testing.T) {
	store := &panicking{Store: kvmem.New()}
	r := openRig(t, store, Options{})
	url := r.fifo("q.fifo")
	panics := func(what string, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s did not panic", what)
			}
		}()
		store.armed.Store(true)
		f()
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		r.sendAll(url, "g", "1", "2")
		panics("send", func() { r.send(url, "3", "g") })
		panics("receive", func() { r.receive(url, 10) })
		r.wantCounts(url, "2", "0", "0")
		r.sendAll(url, "g", "3")
		got := r.receive(url, 10)
		r.wantBodies(got, "1 2 3")
		panics("delete", func() { _ = r.delete(url, got[0]) })
		r.wantCounts(url, "0", "3", "0")
		for _, m := range got {
			if err := r.delete(url, m); err != nil {
				t.Error(err)
			}
		}
	}()
	select {
	case <-finished:
	case <-time.After(10 * time.Second): // not a bound on speed: it would hang for ever
		t.Fatal("a queue is locked after a panic")
	}
}
