// Package kvtest is what every kv.Store must pass.
//
//	func TestStore(t *testing.T) {
//		kvtest.Run(t, func(t *testing.T) kv.Store { return kvmem.New() })
//	}
//
// Run checks each sentence of package kv that a program can check. RunReopen adds
// what a store on disk must keep when it is closed and opened again, and its
// checkpoints. Compare runs random histories on two stores and wants every answer
// to be the same; Run does so with Model, a plain sorted map that can be trusted
// by reading it.
//
// A store that open returned is closed by the suite, also when the test closed it.
package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

// Open returns a new, empty store.
type Open func(t *testing.T) kv.Store

// Run checks the store that open returns, one subtest with a store of its own for
// each part of the contract.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, kv.Store)
	}{
		{"get", testGet},
		{"get appends", testGetAppends},
		{"get does not alias", testGetAlias},
		{"keys", testKeys},
		{"batch copies", testBatchCopies},
		{"batch order", testBatchOrder},
		{"batch use", testBatchUse},
		{"batch too large", testTooLarge},
		{"barrier", testBarrier},
		{"scan bounds", testScanBounds},
		{"scan isolation", testScanIsolation},
		{"scan end", testScanEnd},
		{"scan copies bounds", testScanCopiesBounds},
		{"delete range", testDeleteRange},
		{"guards", testGuards},
		{"guard conflict applies nothing", testConflict},
		{"guard sees state before batch", testGuardBefore},
		{"guarded increments", testIncrements},
		{"guarded and unguarded", testGuardedUnguarded},
		{"snapshot", testSnapshot},
		{"snapshot outlived", testSnapshotOutlived},
		{"atomic to readers", testAtomic},
		{"visible when applied", testVisible},
		{"commit", testCommit},
		{"close", testClose},
		{"close waits", testCloseWaits},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, opened(t, open)) })
	}
	t.Run("history", func(t *testing.T) {
		Compare(t, func(*testing.T) kv.Store { return NewModel() }, open)
	})
}

func opened(t *testing.T, open Open) kv.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { closeAgain(t, s) })
	return s
}

// closeAgain closes a store that the test may have closed.
func closeAgain(t *testing.T, s kv.Store) {
	t.Helper()
	if err := s.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}

// apply applies what fill puts into a batch, and waits.
func apply(t testing.TB, s kv.Store, fill func(kv.Batch)) {
	t.Helper()
	b := s.NewBatch()
	fill(b)
	c, err := s.Apply(b, kv.Sync)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("Wait: %v", err)
	}
}

// put sets keys and values, given in turn.
func put(t testing.TB, s kv.Store, pairs ...string) {
	t.Helper()
	apply(t, s, func(b kv.Batch) {
		for i := 0; i < len(pairs); i += 2 {
			b.Set([]byte(pairs[i]), []byte(pairs[i+1]))
		}
	})
}

// refused applies what fill puts into a batch and wants it to fail with want.
func refused(t testing.TB, s kv.Store, want error, fill func(kv.Batch)) {
	t.Helper()
	b := s.NewBatch()
	fill(b)
	if c, err := s.Apply(b, kv.Sync); !errors.Is(err, want) || c != nil {
		t.Fatalf("Apply = %v, %v, want nil, %v", c, err, want)
	}
}

// content returns the entries of a range as "key=value ...".
func content(t testing.TB, from kv.Reader, r kv.Range) string {
	t.Helper()
	text, err := read(from, r)
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return text
}

func read(from kv.Reader, r kv.Range) (text string, err error) {
	it := from.Scan(r)
	defer func() { err = errors.Join(err, it.Close()) }()
	var b []byte
	for it.Next() {
		b = fmt.Appendf(b, "%s=%s ", it.Key(), it.Value())
	}
	return string(b), it.Err()
}

// want checks the whole content.
func want(t testing.TB, from kv.Reader, text string) {
	t.Helper()
	if got := content(t, from, kv.Range{}); got != text {
		t.Fatalf("content is %q, want %q", got, text)
	}
}

// value returns the value of key as text, "-" if it is absent.
func value(t testing.TB, from kv.Reader, key string) string {
	t.Helper()
	v, ok, err := from.Get([]byte(key), nil)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if !ok {
		return "-"
	}
	return string(v)
}
