package kvtest

import (
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func testBatchCopies(t *testing.T, s kv.Store) {
	put(t, s, "g", "1", "r", "1", "s", "1")
	b := s.NewBatch()
	key, val := []byte("a"), []byte("1")
	guard, guarded := []byte("g"), []byte("1")
	start, end, gone := []byte("r"), []byte("s"), []byte("s")
	b.Guard(guard, guarded)
	b.Set(key, val)
	b.DeleteRange(start, end)
	b.Delete(gone)
	for _, buf := range [][]byte{key, val, guard, guarded, start, end, gone} {
		buf[0] = 'x'
	}
	if _, err := s.Apply(b, kv.Sync); err != nil {
		t.Fatal(err)
	}
	want(t, s, "a=1 g=1 ")
}

func testBatchOrder(t *testing.T, s kv.Store) {
	apply(t, s, func(b kv.Batch) {
		b.Set([]byte("a"), []byte("1"))
		b.Set([]byte("a"), []byte("2"))
		b.Delete([]byte("b"))
		b.Set([]byte("b"), []byte("1"))
		b.Set([]byte("c"), []byte("1"))
		b.Delete([]byte("c"))
		b.Set([]byte("d"), []byte("1"))
		b.DeleteRange([]byte("d"), []byte("f"))
		b.Set([]byte("e"), []byte("1"))
	})
	want(t, s, "a=2 b=1 e=1 ")
	apply(t, s, func(b kv.Batch) {
		b.DeleteRange(nil, nil)
		b.Set([]byte("b"), []byte("2"))
	})
	want(t, s, "b=2 ")
}

func testBatchUse(t *testing.T, s kv.Store) {
	b := s.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	b.Delete([]byte("b"))
	b.DeleteRange([]byte("c"), []byte("d"))
	if b.Len() != 3 {
		t.Errorf("Len is %d after 3 mutations", b.Len())
	}
	b.Guard([]byte("a"), nil)
	if b.Len() != 3 {
		t.Errorf("a guard counts as a mutation")
	}
	b.Discard()
	b.Discard()
	if _, err := s.Apply(b, kv.Sync); !errors.Is(err, kv.ErrBatch) {
		t.Errorf("Apply of a discarded batch: %v", err)
	}
	want(t, s, "")

	b = s.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	c, err := s.Apply(b, kv.Sync)
	if err != nil {
		t.Fatal(err)
	}
	b.Discard()
	if _, err := s.Apply(b, kv.Sync); !errors.Is(err, kv.ErrBatch) {
		t.Errorf("Apply of an applied batch: %v", err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := s.Apply(NewModel().NewBatch(), kv.Sync); !errors.Is(err, kv.ErrBatch) {
		t.Errorf("Apply of the batch of another store: %v", err)
	}
	want(t, s, "a=1 ")
}

func testTooLarge(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	huge := make([]byte, kv.MaxBatchBytes) // never touched, so it costs no memory
	refused(t, s, kv.ErrTooLarge, func(b kv.Batch) { b.Set([]byte("a"), huge) })
	refused(t, s, kv.ErrTooLarge, func(b kv.Batch) {
		b.Set([]byte("a"), []byte("2"))
		b.Set([]byte("b"), huge[:len(huge)-2])
		b.Set([]byte("c"), nil)
	})
	refused(t, s, kv.ErrTooLarge, func(b kv.Batch) {
		b.Guard([]byte("b"), []byte("conflict"))
		b.Set([]byte("a"), huge)
	})
	want(t, s, "a=1 ")
	put(t, s, "a", "2")
	want(t, s, "a=2 ")
}

func testBarrier(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	for _, d := range []kv.Durability{kv.Sync, kv.NoSync} {
		c, err := s.Apply(s.NewBatch(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, s, kv.ErrConflict, func(b kv.Batch) { b.Guard([]byte("a"), nil) })
	apply(t, s, func(b kv.Batch) { b.Guard([]byte("a"), []byte("1")) })
	want(t, s, "a=1 ")
}
