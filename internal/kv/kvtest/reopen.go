package kvtest

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/kv"
)

// OpenDir opens the store in dir, which it creates if it does not exist.
type OpenDir func(t *testing.T, dir string) kv.Store

// RunReopen checks what a store with a directory keeps.
func RunReopen(t *testing.T, open OpenDir) {
	for _, c := range []struct {
		name string
		test func(*testing.T, OpenDir)
	}{
		{"reopen", testReopen},
		{"reopen history", testReopenHistory},
		{"checkpoint", testCheckpoint},
		{"checkpoint holds what was applied", testCheckpointUnsynced},
		{"checkpoint among writers", testCheckpointConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

func testReopen(t *testing.T, open OpenDir) {
	dir := filepath.Join(t.TempDir(), "store")
	var all string
	for i := range 5 {
		s := open(t, dir)
		want(t, s, all)
		key := strconv.Itoa(i)
		b := s.NewBatch()
		b.Set([]byte("a"), []byte(key))
		b.Set([]byte("k"+key), nil)
		if _, err := s.Apply(b, kv.Durability(i%2)); err != nil {
			t.Fatal(err)
		}
		apply(t, s, func(b kv.Batch) { b.DeleteRange([]byte("k0"), []byte("k1")) })
		all = content(t, s, kv.Range{})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if all != "a=4 k1= k2= k3= k4= " {
		t.Errorf("at the end the store has %q", all)
	}
}

func testReopenHistory(t *testing.T, open OpenDir) {
	root, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(root, strconv.Itoa(n))
		h := &history{a: NewModel(), b: open(t, dir)}
		h.reopen = func(s kv.Store, checkpoint bool) kv.Store {
			if checkpoint {
				n++
				dir = filepath.Join(root, strconv.Itoa(n))
				if err := s.Checkpoint(dir); err != nil {
					rt.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				rt.Fatal(err)
			}
			return open(t, dir)
		}
		defer h.close(rt)
		rt.Repeat(h.actions())
	})
}

func testCheckpoint(t *testing.T, open OpenDir) {
	root := t.TempDir()
	dir := func(name string) string { return filepath.Join(root, name) }
	s := open(t, dir("store"))
	defer closeAgain(t, s)
	put(t, s, "a", "1", "b", "1")
	if err := s.Checkpoint(dir("copy")); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(dir("copy")); err == nil {
		t.Error("Checkpoint into a directory that exists returned no error")
	}
	put(t, s, "a", "2")

	copied := open(t, dir("copy"))
	defer closeAgain(t, copied)
	want(t, copied, "a=1 b=1 ")
	put(t, copied, "b", "3")
	if err := copied.Checkpoint(dir("copy of the copy")); err != nil {
		t.Fatal(err)
	}
	third := open(t, dir("copy of the copy"))
	defer closeAgain(t, third)
	want(t, third, "a=1 b=3 ")
	want(t, s, "a=2 b=1 ")
}

func testCheckpointUnsynced(t *testing.T, open OpenDir) {
	root := t.TempDir()
	s := open(t, filepath.Join(root, "store"))
	defer closeAgain(t, s)
	for i := range 10 {
		b := s.NewBatch()
		b.Set([]byte(strconv.Itoa(i)), nil)
		if _, err := s.Apply(b, kv.Durability(i%2)); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(root, "copy")
	if err := s.Checkpoint(dir); err != nil {
		t.Fatal(err)
	}
	copied := open(t, dir)
	defer closeAgain(t, copied)
	want(t, copied, content(t, s, kv.Range{}))
}

// testCheckpointConcurrent takes checkpoints while numbered batches are applied in
// order. Each must hold a first part of them, and all from before the call.
func testCheckpointConcurrent(t *testing.T, open OpenDir) {
	root := t.TempDir()
	s := open(t, filepath.Join(root, "store"))
	defer closeAgain(t, s)
	var applied atomic.Int64
	var done atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer done.Store(true)
	wg.Go(func() {
		for i := 1; !done.Load(); i++ {
			b := s.NewBatch()
			b.Set(fmt.Appendf(nil, "k%09d", i), make([]byte, 100))
			b.Set([]byte("n"), strconv.AppendInt(nil, int64(i), 10))
			if _, err := s.Apply(b, kv.NoSync); err != nil {
				t.Error(err)
				return
			}
			applied.Store(int64(i))
		}
	})
	for i := range 5 {
		for applied.Load() < int64(i+1)*100 && !t.Failed() {
			if _, _, err := s.Get([]byte("n"), nil); err != nil {
				t.Fatal(err)
			}
		}
		before := int(applied.Load())
		dir := filepath.Join(root, "copy"+strconv.Itoa(i))
		if err := s.Checkpoint(dir); err != nil {
			t.Fatal(err)
		}
		copied := open(t, dir)
		n, err := strconv.Atoi(value(t, copied, "n"))
		if err != nil || n < before {
			t.Errorf("a checkpoint has %d batches of %d applied before, %v", n, before, err)
		}
		it := copied.Scan(kv.Range{Start: []byte("k"), End: []byte("l")})
		count := 0
		for ; it.Next(); count++ {
		}
		if err := it.Close(); err != nil || count != n {
			t.Errorf("a checkpoint of batch %d has %d keys, %v", n, count, err)
		}
		closeAgain(t, copied)
	}
}
