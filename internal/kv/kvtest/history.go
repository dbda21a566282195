package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/kv"
)

// Compare runs random histories of batches, reads, snapshots and iterators, on a
// store of each kind, and wants all answers to be the same.
func Compare(t *testing.T, openA, openB Open) {
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{a: openA(t), b: openB(t)}
		defer h.close(rt)
		rt.Repeat(h.actions())
	})
}

// history is one random history.
type history struct {
	a, b kv.Store
	// reopen, if not nil, closes b and opens it again, or a checkpoint of it.
	reopen func(b kv.Store, checkpoint bool) kv.Store

	snapshots []pair[kv.Snapshot]
	iterators []pair[kv.Iterator]
}

type pair[T any] struct{ a, b T }

func (h *history) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"apply":          h.apply,
		"apply more":     h.apply,
		"get":            h.get,
		"scan":           h.scan,
		"open snapshot":  h.openSnapshot,
		"close snapshot": h.closeSnapshot,
		"open iterator":  h.openIterator,
		"step iterator":  h.stepIterator,
		"close iterator": h.closeIterator,
		"reopen":         h.reopenB,
		"":               h.check,
	}
}

// genKey draws short keys, which often meet or bound each other, and numbered
// ones, of which there can be enough for a tree to grow deep.
var genKey = rapid.OneOf(
	rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 1, 3),
	rapid.Map(rapid.IntRange(0, 1999), numbered),
)

var genValue = rapid.OneOf(
	rapid.SliceOfN(rapid.SampledFrom([]byte("xyz")), 0, 2),
	rapid.Map(rapid.IntRange(0, 2000), func(n int) []byte { return bytes.Repeat([]byte{'v'}, n) }),
)

// genBound draws a key, nil, or the empty key.
var genBound = rapid.OneOf(genKey, genKey, rapid.SampledFrom([][]byte{nil, {}}))

func numbered(n int) []byte { return fmt.Appendf(nil, "a%04d", n) }

// apply applies one random batch to both stores.
func (h *history) apply(t *rapid.T) {
	x, y := h.a.NewBatch(), h.b.NewBatch()
	for range rapid.IntRange(0, 5).Draw(t, "mutations") {
		fill := h.mutation(t)
		fill(x)
		fill(y)
	}
	if x.Len() != y.Len() {
		t.Fatalf("Len is %d and %d", x.Len(), y.Len())
	}
	d := kv.Durability(rapid.IntRange(0, 1).Draw(t, "durability"))
	cx, errX := h.a.Apply(x, d)
	cy, errY := h.b.Apply(y, d)
	if !errors.Is(errY, errX) {
		t.Fatalf("Apply returned %v and %v", errX, errY)
	}
	if errX == nil {
		if err := errors.Join(cx.Wait(), cy.Wait()); err != nil {
			t.Fatalf("Wait: %v", err)
		}
	}
}

// mutation draws what to do to a batch.
func (h *history) mutation(t *rapid.T) func(kv.Batch) {
	switch rapid.SampledFrom([]string{"set", "set", "delete", "range", "fill", "guard"}).Draw(t, "kind") {
	case "set":
		key, value := genKey.Draw(t, "key"), genValue.Draw(t, "value")
		return func(b kv.Batch) { b.Set(key, value) }
	case "delete":
		key := genKey.Draw(t, "key")
		return func(b kv.Batch) { b.Delete(key) }
	case "range":
		start, end := genBound.Draw(t, "start"), genBound.Draw(t, "end")
		return func(b kv.Batch) { b.DeleteRange(start, end) }
	case "fill":
		first, n := rapid.IntRange(0, 1999).Draw(t, "first"), rapid.IntRange(1, 400).Draw(t, "n")
		step := rapid.IntRange(1, 3).Draw(t, "step")
		return func(b kv.Batch) {
			for i := range n {
				b.Set(numbered((first+i*step)%2000), numbered(i))
			}
		}
	default:
		return h.guard(t)
	}
}

// guard draws a guard, which holds more often than not.
func (h *history) guard(t *rapid.T) func(kv.Batch) {
	key := genKey.Draw(t, "key")
	want, ok, err := h.a.Get(key, []byte{})
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		want = nil
	}
	switch rapid.IntRange(0, 9).Draw(t, "as it is, or not") {
	case 0:
		want = genValue.Draw(t, "want")
	case 1:
		want = nil
	}
	return func(b kv.Batch) { b.Guard(key, want) }
}

// readers draws from where to read: the stores, or a snapshot of each.
func (h *history) readers(t *rapid.T) (a, b kv.Reader) {
	if i := rapid.IntRange(0, len(h.snapshots)).Draw(t, "from"); i > 0 {
		return h.snapshots[i-1].a, h.snapshots[i-1].b
	}
	return h.a, h.b
}

func (h *history) get(t *rapid.T) {
	a, b := h.readers(t)
	key := genKey.Draw(t, "key")
	x, okX, errX := a.Get(key, nil)
	y, okY, errY := b.Get(key, nil)
	if errX != nil || errY != nil {
		t.Fatalf("Get: %v, %v", errX, errY)
	}
	if okX != okY || !bytes.Equal(x, y) {
		t.Fatalf("value of %q is %q, %v and %q, %v", key, x, okX, y, okY)
	}
}

func genRange(t *rapid.T) kv.Range {
	return kv.Range{
		Start:   genBound.Draw(t, "start"),
		End:     genBound.Draw(t, "end"),
		Reverse: rapid.Bool().Draw(t, "reverse"),
		Limit:   rapid.IntRange(0, 3).Draw(t, "limit"),
	}
}

func (h *history) scan(t *rapid.T) {
	a, b := h.readers(t)
	same(t, a, b, genRange(t))
}

func (h *history) check(t *rapid.T) {
	same(t, h.a, h.b, kv.Range{})
}

func same(t *rapid.T, a, b kv.Reader, r kv.Range) {
	p := pair[kv.Iterator]{a.Scan(r), b.Scan(r)}
	defer closeBoth(t, p.a, p.b)
	for step(t, p) {
	}
}

// step moves both iterators by one entry, and reports whether there is one.
func step(t *rapid.T, p pair[kv.Iterator]) bool {
	x, y := p.a.Next(), p.b.Next()
	if p.a.Err() != nil || p.b.Err() != nil {
		t.Fatalf("Next: %v, %v", p.a.Err(), p.b.Err())
	}
	if x != y {
		t.Fatalf("Next is %v (%q) and %v (%q)", x, p.a.Key(), y, p.b.Key())
	}
	if x && (!bytes.Equal(p.a.Key(), p.b.Key()) || !bytes.Equal(p.a.Value(), p.b.Value())) {
		t.Fatalf("entry is %q=%q and %q=%q", p.a.Key(), p.a.Value(), p.b.Key(), p.b.Value())
	}
	return x
}

const maxOpen = 3

func (h *history) openSnapshot(t *rapid.T) {
	if len(h.snapshots) == maxOpen {
		t.Skip("enough snapshots")
	}
	h.snapshots = append(h.snapshots, pair[kv.Snapshot]{h.a.Snapshot(), h.b.Snapshot()})
}

func (h *history) closeSnapshot(t *rapid.T) {
	p := remove(t, &h.snapshots)
	closeBoth(t, p.a, p.b)
}

func (h *history) openIterator(t *rapid.T) {
	if len(h.iterators) == maxOpen {
		t.Skip("enough iterators")
	}
	a, b := h.readers(t)
	r := genRange(t)
	h.iterators = append(h.iterators, pair[kv.Iterator]{a.Scan(r), b.Scan(r)})
}

func (h *history) stepIterator(t *rapid.T) {
	if len(h.iterators) == 0 {
		t.Skip("no iterator")
	}
	p := rapid.SampledFrom(h.iterators).Draw(t, "iterator")
	for range rapid.IntRange(1, 100).Draw(t, "steps") {
		step(t, p)
	}
}

func (h *history) closeIterator(t *rapid.T) {
	p := remove(t, &h.iterators)
	closeBoth(t, p.a, p.b)
}

// remove draws one of the list and takes it out.
func remove[T any](t *rapid.T, list *[]T) T {
	if len(*list) == 0 {
		t.Skip("none open")
	}
	i := rapid.IntRange(0, len(*list)-1).Draw(t, "which")
	x := (*list)[i]
	*list = append((*list)[:i:i], (*list)[i+1:]...)
	return x
}

func (h *history) reopenB(t *rapid.T) {
	if h.reopen == nil {
		t.Skip("not a store that can be opened again")
	}
	h.closeReaders(t)
	h.b = h.reopen(h.b, rapid.Bool().Draw(t, "checkpoint"))
}

func (h *history) closeReaders(t *rapid.T) {
	for _, p := range h.iterators {
		closeBoth(t, p.a, p.b)
	}
	for _, p := range h.snapshots {
		closeBoth(t, p.a, p.b)
	}
	h.iterators, h.snapshots = nil, nil
}

func (h *history) close(t *rapid.T) {
	h.closeReaders(t)
	closeBoth(t, h.a, h.b)
}

// closeBoth goes on after an error: what is left open blocks the end of the test.
func closeBoth(t *rapid.T, a, b interface{ Close() error }) {
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
}
