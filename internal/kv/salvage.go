package kv

import (
	"encoding/binary"
	"errors"
	"math"
)

// Salvage calls each with the entries of a range, and steps over those that
// cannot be read, because a part of the store is damaged, to the next that can.
// lost is told of each such error. Both bounds of r must begin with the same
// prefix, and what follows it in the keys, up to eight bytes, says how far Salvage
// steps: entries that are alike in them may be lost together.
func Salvage(from Reader, r Range, prefix int, each func(key, value []byte) error, lost func(error)) error {
	s := salvage{from: from, end: r.End, prefix: r.Start[:prefix:prefix]}
	for start := r.Start; start != nil; {
		last, damage, err := s.read(start, each)
		if err != nil || damage == nil {
			return err
		}
		if errors.Is(damage, ErrClosed) {
			return damage
		}
		lost(damage)
		start = s.beyond(max(s.place(start), s.place(last)))
	}
	return nil
}

// salvage is one call of Salvage.
type salvage struct {
	from   Reader
	end    []byte
	prefix []byte
}

// read reads entries up to the end or to damage, and returns the last key.
func (s *salvage) read(start []byte, each func(key, value []byte) error) (last []byte, damage, err error) {
	it := s.from.Scan(Range{Start: start, End: s.end})
	defer it.Close()
	for it.Next() {
		last = append(last[:0], it.Key()...)
		if err := each(it.Key(), it.Value()); err != nil {
			return last, nil, err
		}
	}
	return last, it.Err(), nil
}

// place is where a key stands among those with the prefix.
func (s *salvage) place(key []byte) uint64 {
	var eight [8]byte
	if len(key) > len(s.prefix) {
		copy(eight[:], key[len(s.prefix):])
	}
	return binary.BigEndian.Uint64(eight[:])
}

func (s *salvage) at(place uint64) []byte { return binary.BigEndian.AppendUint64(s.prefix, place) }

// readable reports whether what follows a place can be read, or nothing does.
func (s *salvage) readable(place uint64) bool {
	it := s.from.Scan(Range{Start: s.at(place), End: s.end, Limit: 1})
	defer it.Close()
	return it.Next() || it.Err() == nil
}

// beyond returns the start of what can be read again after damage at a place, nil
// if nothing can: it steps twice as far each time, and then looks for the nearest
// place between the last two steps.
func (s *salvage) beyond(place uint64) []byte {
	bad, left := place, math.MaxUint64-place
	step := min(1, left)
	for step > 0 && !s.readable(place+step) {
		if step == left {
			return nil
		}
		bad, step = place+step, step+min(step, left-step)
	}
	if step == 0 {
		return nil
	}
	good := place + step
	for bad+1 < good {
		if middle := bad + (good-bad)/2; s.readable(middle) {
			good = middle
		} else {
			bad = middle
		}
	}
	return s.at(good)
}
