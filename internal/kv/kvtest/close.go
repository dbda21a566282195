package kvtest

import (
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// testCommit: any number of goroutines, any number of times, also after Close.
func testCommit(t *testing.T, s kv.Store) {
	var commits []kv.Commit
	for i := range 20 {
		b := s.NewBatch()
		b.Set(strconv.AppendInt(nil, int64(i), 10), nil)
		c, err := s.Apply(b, kv.Durability(i%2))
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	wait := func(commits []kv.Commit) {
		t.Helper()
		parallel(t, 8, func(worker int) error {
			for i := range commits {
				if worker%2 == 0 {
					i = len(commits) - 1 - i
				}
				if err := errors.Join(commits[i].Wait(), commits[i].Wait()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	wait(commits[:10])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait(commits)
}

func testClose(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	before := s.NewBatch()
	before.Set([]byte("b"), nil)
	unused := s.NewBatch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unused.Discard()

	closed := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	_, _, err := s.Get([]byte("a"), nil)
	closed("Get", err)
	_, err = read(s, kv.Range{})
	closed("Scan", err)
	snap := s.Snapshot()
	_, _, err = snap.Get([]byte("a"), nil)
	closed("Get of a snapshot", err)
	_, err = read(snap, kv.Range{})
	closed("Scan of a snapshot", err)
	if err := snap.Close(); err != nil {
		t.Errorf("closing a snapshot of a closed store: %v", err)
	}
	_, err = s.Apply(before, kv.Sync)
	closed("Apply", err)
	after := s.NewBatch()
	after.Set([]byte("b"), nil)
	after.Guard([]byte("c"), nil)
	_, err = s.Apply(after, kv.NoSync)
	closed("Apply of a later batch", err)
	closed("Checkpoint", s.Checkpoint(t.TempDir()+"/copy"))
	closed("Close", s.Close())
}

// testCloseWaits: readers at work go on to their end while Close refuses others.
func testCloseWaits(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1")
	it := s.Scan(kv.Range{})
	snap := s.Snapshot()
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	for {
		if _, _, err := s.Get([]byte("a"), nil); errors.Is(err, kv.ErrClosed) {
			break
		}
		runtime.Gosched()
	}
	waits := func(what string) {
		time.Sleep(5 * time.Millisecond) // a chance to return that it must not take
		if len(done) > 0 {
			t.Errorf("Close did not wait for %s", what)
		}
	}
	waits("an iterator and a snapshot")
	if !it.Next() || !it.Next() || string(it.Key()) != "b" {
		t.Errorf("an iterator ended when the store was closing: %v", it.Err())
	}
	if err := it.Close(); err != nil {
		t.Error(err)
	}
	waits("a snapshot")
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Close: %v", err)
	}
}
