package kv_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func TestPrefixEnd(t *testing.T) {
	for _, c := range []struct{ prefix, end string }{
		{"a", "b"},
		{"a\x00", "a\x01"},
		{"a\xff", "b"},
		{"a\xff\xff", "b"},
		{"\xfe\xff", "\xff"},
		{"\xff", ""},
		{"\xff\xff", ""},
		{"", ""},
	} {
		prefix := []byte(c.prefix)
		end := kv.PrefixEnd(prefix)
		if string(end) != c.end || (end == nil) != (c.end == "") {
			t.Errorf("PrefixEnd(%q) = %q, want %q", c.prefix, end, c.end)
		}
		if string(prefix) != c.prefix {
			t.Errorf("PrefixEnd(%q) changed its argument", c.prefix)
		}
	}
}

func TestRangeEmpty(t *testing.T) {
	for _, c := range []struct {
		start, end []byte
		empty      bool
	}{
		{nil, nil, false},
		{[]byte("a"), nil, false},
		{nil, []byte("a"), false},
		{nil, []byte{}, true},
		{[]byte("a"), []byte("a"), true},
		{[]byte("b"), []byte("a"), true},
		{[]byte("a"), []byte("a\x00"), false},
	} {
		if got := (kv.Range{Start: c.start, End: c.end}).Empty(); got != c.empty {
			t.Errorf("range [%q, %q) is empty: %v", c.start, c.end, got)
		}
	}
}

func TestGate(t *testing.T) {
	for range 200 {
		var g kv.Gate
		var inside, entered sync.WaitGroup
		var mu sync.Mutex
		closed := false
		for range 4 {
			entered.Add(1)
			inside.Go(func() {
				for first := true; g.Enter(); first = false {
					if first {
						entered.Done()
					}
					mu.Lock()
					if closed {
						t.Error("inside after Close returned")
					}
					mu.Unlock()
					g.Leave()
				}
			})
		}
		entered.Wait()
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		closed = true
		mu.Unlock()
		if err := g.Close(); !errors.Is(err, kv.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
		inside.Wait()
	}
}

func TestMeterKeepsFirstError(t *testing.T) {
	var m kv.Meter
	key := []byte("k")
	if !m.Set(key, make([]byte, kv.MaxBatchBytes-2)) || !m.Delete(key) {
		t.Error("a batch of exactly MaxBatchBytes is refused")
	}
	if m.Delete(key) || !errors.Is(m.Err(), kv.ErrTooLarge) {
		t.Errorf("one byte more is taken: %v", m.Err())
	}
	if m.Set(nil, nil) || !errors.Is(m.Err(), kv.ErrTooLarge) || m.Len() != 2 {
		t.Errorf("after an error: %v, %d mutations", m.Err(), m.Len())
	}
}
