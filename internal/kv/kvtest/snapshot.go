package kvtest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func testSnapshot(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1")
	old := s.Snapshot()
	defer old.Close()
	put(t, s, "a", "2", "c", "2")
	apply(t, s, func(b kv.Batch) { b.Delete([]byte("b")) })
	recent := s.Snapshot()
	defer recent.Close()
	apply(t, s, func(b kv.Batch) { b.DeleteRange(nil, nil) })

	want(t, s, "")
	want(t, recent, "a=2 c=2 ")
	want(t, old, "a=1 b=1 ")
	if got := value(t, old, "a") + value(t, old, "c") + value(t, recent, "a"); got != "1-2" {
		t.Errorf("values of snapshots are %s", got)
	}
	if got := content(t, old, kv.Range{End: []byte("b"), Reverse: true}); got != "a=1 " {
		t.Errorf("scan of a snapshot is %q", got)
	}
}

func testSnapshotOutlived(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1")
	snap := s.Snapshot()
	it := snap.Scan(kv.Range{})
	defer it.Close()
	apply(t, s, func(b kv.Batch) { b.DeleteRange(nil, nil) })
	for range 2 {
		if err := snap.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !it.Next() || !it.Next() || string(it.Key()) != "b" || it.Next() || it.Err() != nil {
		t.Errorf("an iterator does not outlive its snapshot: %v", it.Err())
	}
	if _, _, err := snap.Get([]byte("a"), nil); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Get of a closed snapshot: %v", err)
	}
	if _, err := read(snap, kv.Range{}); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Scan of a closed snapshot: %v", err)
	}
}

// testAtomic writes the same value to all keys in every batch, so a reader must
// never see two different ones.
func testAtomic(t *testing.T, s kv.Store) {
	const times, keys = 200, 5
	var done atomic.Bool
	fill := func(i int) error {
		b := s.NewBatch()
		if i%3 == 0 {
			b.DeleteRange(nil, nil)
		}
		for k := range keys {
			b.Set([]byte{'a' + byte(k)}, strconv.AppendInt(nil, int64(i), 10))
		}
		_, err := s.Apply(b, kv.NoSync)
		return err
	}
	if err := fill(0); err != nil {
		t.Fatal(err)
	}
	parallel(t, 4, func(worker int) error {
		if worker == 0 {
			defer done.Store(true)
			for i := range times {
				if err := fill(i); err != nil {
					return err
				}
			}
			return nil
		}
		for !done.Load() {
			if err := allSame(s, keys, worker%2 == 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// allSame reads the store in one scan, or by gets from a snapshot, and checks that
// it has n equal values.
func allSame(s kv.Store, n int, back bool) error {
	snap := s.Snapshot()
	defer snap.Close()
	first, _, err := snap.Get([]byte("a"), nil)
	if err != nil {
		return err
	}
	last, _, err := snap.Get([]byte{'a' + byte(n-1)}, nil)
	if err != nil {
		return err
	}
	if string(first) != string(last) {
		return fmt.Errorf("a snapshot has parts of two batches, %s and %s", first, last)
	}
	it := s.Scan(kv.Range{Reverse: back})
	defer it.Close()
	var seen string
	count := 0
	for ; it.Next(); count++ {
		if count > 0 && seen != string(it.Value()) {
			return fmt.Errorf("a scan has parts of two batches, %s and %s", seen, it.Value())
		}
		seen = string(it.Value())
	}
	if count != n {
		return fmt.Errorf("a scan has %d of %d entries", count, n)
	}
	return it.Err()
}

// testVisible: once Apply has returned, every goroutine sees the batch.
func testVisible(t *testing.T, s kv.Store) {
	const times = 300
	applied := make(chan int)
	parallel(t, 4, func(worker int) error {
		if worker > 1 { // others, to make applying concurrent
			for i := range times {
				b := s.NewBatch()
				b.Set(fmt.Appendf(nil, "other%d", worker), strconv.AppendInt(nil, int64(i), 10))
				if _, err := s.Apply(b, kv.NoSync); err != nil {
					return err
				}
			}
			return nil
		}
		if worker == 1 {
			return expect(s, applied)
		}
		defer close(applied)
		for i := range times {
			b := s.NewBatch()
			b.Set([]byte("n"), strconv.AppendInt(nil, int64(i), 10))
			if _, err := s.Apply(b, kv.Durability(i%2)); err != nil {
				return err
			}
			applied <- i
		}
		return nil
	})
}

// expect reads "n", by Get and by Scan, and wants at least each number received.
func expect(s kv.Store, applied <-chan int) error {
	var failed error
	for i := range applied {
		v, _, err := s.Get([]byte("n"), nil)
		if err != nil {
			failed = err
		}
		if n, err := strconv.Atoi(string(v)); err != nil || n < i {
			failed = fmt.Errorf("Get saw %q after batch %d was applied", v, i)
		}
		it := s.Scan(kv.Range{Start: []byte("n"), End: []byte("o")})
		it.Next()
		if n, err := strconv.Atoi(string(it.Value())); err != nil || n < i {
			failed = fmt.Errorf("Scan saw %q after batch %d was applied", it.Value(), i)
		}
		if err := it.Close(); err != nil {
			failed = err
		}
	}
	return failed
}
