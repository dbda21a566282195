package kv_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

var errBad = errors.New("bad block")

// damaged is a store of which some keys cannot be read.
type damaged struct {
	kv.Store
	bad func(place uint64) bool
}

func (d damaged) Scan(r kv.Range) kv.Iterator {
	return &damagedIterator{Iterator: d.Store.Scan(r), bad: d.bad}
}

type damagedIterator struct {
	kv.Iterator
	bad func(place uint64) bool
	err error
}

func (i *damagedIterator) Next() bool {
	if i.err != nil || !i.Iterator.Next() {
		return false
	}
	if i.bad(binary.BigEndian.Uint64(i.Key()[1:])) {
		i.err = errBad
	}
	return i.err == nil
}

func (i *damagedIterator) Err() error { return errors.Join(i.err, i.Iterator.Err()) }

func TestSalvage(t *testing.T) {
	store := kvmem.New()
	defer store.Close()
	b := store.NewBatch()
	var places []uint64
	for i := range uint64(64) {
		places = append(places, i, i<<40, 1<<63+i<<20, ^uint64(0)-i)
	}
	slices.Sort(places)
	places = slices.Compact(places)
	for _, p := range places {
		b.Set(binary.BigEndian.AppendUint64([]byte{7}, p), nil)
	}
	if _, err := store.Apply(b, kv.Sync); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]func(uint64) bool{
		"nothing":          func(uint64) bool { return false },
		"the first":        func(p uint64) bool { return p == 0 },
		"the last":         func(p uint64) bool { return p == ^uint64(0) },
		"the last half":    func(p uint64) bool { return p > 1<<63 },
		"blocks":           func(p uint64) bool { return p > 5 && p < 9 || p > 3<<40 && p < 7<<40 || p == 1<<63 },
		"every other one":  func(p uint64) bool { return slices.Index(places, p)%2 == 0 },
		"everything":       func(uint64) bool { return true },
		"all but the last": func(p uint64) bool { return p != ^uint64(0) },
	} {
		t.Run(name, func(t *testing.T) {
			var got, want []uint64
			for _, p := range places {
				if !bad(p) {
					want = append(want, p)
				}
			}
			lost := 0
			each := func(key, _ []byte) error {
				got = append(got, binary.BigEndian.Uint64(key[1:]))
				return nil
			}
			err := kv.Salvage(damaged{store, bad}, kv.PrefixRange([]byte{7}), 1, each, func(err error) {
				if lost++; !errors.Is(err, errBad) {
					t.Errorf("lost: %v", err)
				}
			})
			if err != nil || !slices.Equal(got, want) || (lost == 0) != (len(want) == len(places)) {
				t.Errorf("%d of %d entries, %d gaps, %v", len(got), len(want), lost, err)
			}
		})
	}
	if err := kv.Salvage(store, kv.PrefixRange([]byte{7}), 1, func([]byte, []byte) error { return errBad }, func(error) {}); !errors.Is(err, errBad) {
		t.Errorf("the error of the caller: %v", err)
	}
}
