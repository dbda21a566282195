package kvpebble

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// Get implements kv.Reader.
func (s *Store) Get(key, dst []byte) ([]byte, bool, error) {
	if !s.gate.Enter() {
		return dst, false, kv.ErrClosed
	}
	defer s.gate.Leave()
	return get(s.db, key, dst)
}

// Scan implements kv.Reader.
func (s *Store) Scan(r kv.Range) kv.Iterator {
	if !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return scan(&s.gate, s.db, r)
}

func get(from pebble.Reader, key, dst []byte) ([]byte, bool, error) {
	if len(key) == 0 {
		return dst, false, nil
	}
	value, closer, err := from.Get(key)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			err = nil
		}
		return dst, false, err
	}
	dst = append(dst, value...)
	return dst, true, closer.Close()
}

// scan opens an iterator that takes over the caller's place in the gate.
func scan(gate *kv.Gate, from pebble.Reader, r kv.Range) kv.Iterator {
	if r.Empty() {
		gate.Leave()
		return kv.Failed(nil)
	}
	o := pebble.IterOptions{UpperBound: r.End}
	if len(r.Start) > 0 { // Pebble is not at ease with the empty key
		o.LowerBound = r.Start
	}
	it, err := from.NewIter(&o)
	if err != nil {
		gate.Leave()
		return kv.Failed(err)
	}
	return &iterator{gate: gate, it: it, back: r.Reverse}
}

// iterator walks a range of the database.
type iterator struct {
	gate   *kv.Gate
	it     *pebble.Iterator // nil once closed
	placed bool
	back   bool
	done   bool
	value  []byte
	err    error
}

func (i *iterator) Next() bool {
	if i.done {
		return false
	}
	if i.step() {
		if i.value, i.err = i.it.ValueAndErr(); i.err == nil {
			return true
		}
	} else {
		i.err = i.it.Error()
	}
	i.done = true
	i.value = nil
	return false
}

// step moves by one entry, or to the first one.
func (i *iterator) step() bool {
	switch {
	case i.placed && i.back:
		return i.it.Prev()
	case i.placed:
		return i.it.Next()
	}
	i.placed = true
	if i.back {
		return i.it.Last()
	}
	return i.it.First()
}

func (i *iterator) Key() []byte {
	if i.done || !i.placed {
		return nil
	}
	return i.it.Key()
}

func (i *iterator) Value() []byte { return i.value }
func (i *iterator) Err() error    { return i.err }

func (i *iterator) Close() error {
	if i.it == nil {
		return nil
	}
	err := i.it.Close()
	i.it, i.done, i.value = nil, true, nil
	i.gate.Leave()
	return err
}

// snapshot reads one state of the database.
type snapshot struct {
	gate *kv.Gate
	snap *pebble.Snapshot // nil once closed
}

func (s *snapshot) Get(key, dst []byte) ([]byte, bool, error) {
	if s.snap == nil || !s.gate.Enter() {
		return dst, false, kv.ErrClosed
	}
	defer s.gate.Leave()
	return get(s.snap, key, dst)
}

func (s *snapshot) Scan(r kv.Range) kv.Iterator {
	if s.snap == nil || !s.gate.Enter() {
		return kv.Failed(kv.ErrClosed)
	}
	return scan(s.gate, s.snap, r)
}

func (s *snapshot) Close() error {
	if s.snap == nil {
		return nil
	}
	err := s.snap.Close()
	s.snap = nil
	s.gate.Leave()
	return err
}
