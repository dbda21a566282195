package sqs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

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

// slowDisk is a store whose synced commits become durable when the disk says so.
type slowDisk struct {
	kv.Store
	synced chan struct{} // closed by the test
}

func (s *slowDisk) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	commit, err := s.Store.Apply(b, d)
	if err != nil || d == kv.NoSync || s.synced == nil {
		return commit, err
	}
	return onDisk{s.synced}, nil
}

type onDisk struct{ synced <-chan struct{} }

func (c onDisk) Wait() error { <-c.synced; return nil }

// TestDuplicateWaitsForTheFirst: a repeated send is not answered before the first
// one is durable, whatever was swept without being synced in between.
func TestDuplicateWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowDisk{Store: kvmem.New()}
		r := openRig(t, store, Options{})
		url := r.fifo("q.fifo", "MessageRetentionPeriod", "60")
		r.send(url, "old", "g")
		time.Sleep(59 * time.Second)
		store.synced = make(chan struct{})
		answers := make(chan struct{}, 2)
		send := func() {
			r.send(url, "new", "g")
			answers <- struct{}{}
		}
		go send()
		synctest.Wait()
		time.Sleep(2 * time.Second) // old expires
		go send()
		synctest.Wait()
		if len(answers) != 0 {
			t.Error("a send was answered before it was durable")
		}
		close(store.synced)
		synctest.Wait()
		if len(answers) != 2 {
			t.Error("the sends were not answered")
		}
	})
}
