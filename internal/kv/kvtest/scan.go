package kvtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func bound(text string) []byte {
	if text == "nil" {
		return nil
	}
	return []byte(text)
}

func testScanBounds(t *testing.T, s kv.Store) {
	keys := []string{"a", "ab", "b", "b\x00", "c", "\xff", "\xff\xff"}
	for _, k := range keys {
		put(t, s, k, "v"+k)
	}
	bounds := append([]string{"nil", "", "0", "aa", "b\x01", "d", "\xff\xff\x00"}, keys...)
	for _, start := range bounds {
		for _, end := range bounds {
			for _, limit := range []int{0, 1, 3} {
				r := kv.Range{Start: bound(start), End: bound(end), Limit: limit}
				checkScan(t, s, keys, r)
				r.Reverse = true
				checkScan(t, s, keys, r)
			}
		}
	}
}

func checkScan(t *testing.T, s kv.Store, keys []string, r kv.Range) {
	t.Helper()
	var in []string
	for _, k := range keys {
		if bytes.Compare([]byte(k), r.Start) >= 0 && (r.End == nil || bytes.Compare([]byte(k), r.End) < 0) {
			in = append(in, fmt.Sprintf("%s=v%s ", k, k))
		}
	}
	if r.Reverse {
		slices.Reverse(in)
	}
	if got, want := content(t, s, r), strings.Join(in, ""); got != want {
		t.Errorf("scan of [%q, %q) reverse %v is %q, want %q", r.Start, r.End, r.Reverse, got, want)
	}
}

func testScanIsolation(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1", "c", "1")
	forward, back := s.Scan(kv.Range{}), s.Scan(kv.Range{Reverse: true})
	defer forward.Close()
	defer back.Close()
	if !forward.Next() || !back.Next() {
		t.Fatal("no first entry")
	}
	apply(t, s, func(b kv.Batch) {
		b.DeleteRange(nil, nil)
		b.Set([]byte("bb"), []byte("2"))
	})
	if string(forward.Key()) != "a" || string(back.Value()) != "1" {
		t.Errorf("a batch changed the present entry of an iterator")
	}
	for _, it := range []kv.Iterator{forward, back} {
		if !it.Next() || string(it.Key()) != "b" || string(it.Value()) != "1" {
			t.Errorf("second entry is %q=%q", it.Key(), it.Value())
		}
		if !it.Next() || it.Next() || it.Err() != nil {
			t.Errorf("iterator sees a later batch, or error %v", it.Err())
		}
	}
	want(t, s, "bb=2 ")
}

func testScanEnd(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	for _, back := range []bool{false, true} {
		it := s.Scan(kv.Range{Start: []byte("a"), End: []byte("b"), Reverse: back})
		if !it.Next() {
			t.Error("no entry")
		}
		for range 3 {
			if it.Next() {
				t.Error("Next is true after the end")
			}
		}
		for range 2 {
			if err := it.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if it.Next() || it.Err() != nil {
			t.Errorf("a closed iterator goes on, or fails: %v", it.Err())
		}
	}
}

func testScanCopiesBounds(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "1", "c", "1", "d", "1")
	for _, back := range []bool{false, true} {
		// With room to spare, so that appending to one does not copy it.
		start, end := append(make([]byte, 0, 16), 'b'), append(make([]byte, 0, 16), 'd')
		it := s.Scan(kv.Range{Start: start, End: end, Reverse: back})
		start[0], end[0] = 'a', 'z'
		n := 0
		for it.Next() {
			n++
		}
		if err := it.Close(); n != 2 || err != nil {
			t.Errorf("changing a bound after Scan changed the scan: %d entries, %v", n, err)
		}
	}
}

func testDeleteRange(t *testing.T, s kv.Store) {
	keys := []string{"a", "b", "b\x00", "c", "\xff"}
	bounds := append([]string{"nil", "", "0", "bb", "\xff\x00"}, keys...)
	for _, start := range bounds {
		for _, end := range bounds {
			var left string
			for _, k := range keys {
				put(t, s, k, "1")
				if k < string(bound(start)) || end != "nil" && k >= end {
					left += k + "=1 "
				}
			}
			apply(t, s, func(b kv.Batch) { b.DeleteRange(bound(start), bound(end)) })
			if got := content(t, s, kv.Range{}); got != left {
				t.Errorf("after deleting [%q, %q): %q, want %q", start, end, got, left)
			}
		}
	}
}
