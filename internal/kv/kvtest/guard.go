package kvtest

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func testGuards(t *testing.T, s kv.Store) {
	put(t, s, "one", "1", "empty", "")
	cases := []struct {
		key   string
		want  []byte
		holds bool
	}{
		{"none", nil, true},
		{"none", []byte{}, false},
		{"none", []byte("1"), false},
		{"empty", nil, false},
		{"empty", []byte{}, true},
		{"empty", []byte("1"), false},
		{"one", nil, false},
		{"one", []byte{}, false},
		{"one", []byte("1"), true},
		{"one", []byte("11"), false},
		{"one", []byte("2"), false},
	}
	for _, first := range cases {
		for _, second := range cases {
			fill := func(b kv.Batch) {
				b.Guard([]byte(first.key), first.want)
				b.Set([]byte("done"), nil)
				b.Guard([]byte(second.key), second.want)
			}
			if first.holds && second.holds {
				apply(t, s, fill)
				continue
			}
			refused(t, s, kv.ErrConflict, fill)
		}
	}
}

func testConflict(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1")
	refused(t, s, kv.ErrConflict, func(b kv.Batch) {
		b.Set([]byte("a"), []byte("2"))
		b.Delete([]byte("b"))
		b.DeleteRange(nil, nil)
		b.Set([]byte("c"), []byte("2"))
		b.Guard([]byte("a"), []byte("2"))
	})
	want(t, s, "a=1 b=1 ")
}

func testGuardBefore(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	apply(t, s, func(b kv.Batch) {
		b.Set([]byte("a"), []byte("2"))
		b.Guard([]byte("a"), []byte("1"))
		b.Set([]byte("b"), []byte("2"))
		b.Guard([]byte("b"), nil)
	})
	want(t, s, "a=2 b=2 ")
}

// increment adds one to the number at key, on condition that it did not change,
// until that succeeds.
func increment(s kv.Store, key []byte) error {
	for {
		old, ok, err := s.Get(key, nil)
		if err != nil {
			return err
		}
		n := 0
		if ok {
			if n, err = strconv.Atoi(string(old)); err != nil {
				return err
			}
		}
		b := s.NewBatch()
		b.Guard(key, old)
		b.Set(key, strconv.AppendInt(nil, int64(n+1), 10))
		c, err := s.Apply(b, kv.NoSync)
		if err == nil {
			return c.Wait()
		}
		if !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
}

func testIncrements(t *testing.T, s kv.Store) {
	const workers, times = 8, 50
	parallel(t, workers, func(int) error {
		for range times {
			if err := increment(s, []byte("n")); err != nil {
				return err
			}
		}
		return nil
	})
	if got := value(t, s, "n"); got != strconv.Itoa(workers*times) {
		t.Errorf("%s of %d increments are left", got, workers*times)
	}
}

// testGuardedUnguarded has workers write "go" as long as they find "go", against
// one batch without guards that writes "stop". If a guard were checked apart from
// its batch, a worker would now and then overwrite the "stop".
func testGuardedUnguarded(t *testing.T, s kv.Store) {
	const rounds, workers = 200, 3
	flag, run, stop := []byte("flag"), []byte("go"), []byte("stop")
	write := func(value, guard []byte) error {
		b := s.NewBatch()
		if guard != nil {
			b.Guard(flag, guard)
		}
		b.Set(flag, value)
		_, err := s.Apply(b, kv.NoSync)
		return err
	}
	for range rounds {
		if err := write(run, nil); err != nil {
			t.Fatal(err)
		}
		var stopped atomic.Bool
		parallel(t, workers+1, func(worker int) error {
			if worker == 0 {
				defer stopped.Store(true)
				return write(stop, nil)
			}
			for {
				late := stopped.Load()
				err := write(run, run)
				if errors.Is(err, kv.ErrConflict) {
					return nil
				}
				if err == nil && late {
					err = errors.New("a batch was applied against its guard")
				}
				if err != nil {
					return err
				}
			}
		})
		if got := value(t, s, "flag"); got != "stop" {
			t.Fatalf("a guarded batch overwrote a value that its guard forbids: %q", got)
		}
	}
}

// parallel runs f in n goroutines and reports their errors.
func parallel(t *testing.T, n int, f func(worker int) error) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
