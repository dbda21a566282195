package rehearse

import "time"

// wheel holds what is due later, by step. Of values of the same key that are due in
// the same step it makes one.
type wheel[T any] struct {
	step  time.Duration
	key   func(T) uint64
	join  func(*T, T)
	slots []slot[T]
	base  int64 // number of the step that was asked for last
	count int
	out   []T
}

type slot[T any] struct {
	list  []T
	index map[uint64]int
}

func newWheel[T any](step, most time.Duration, key func(T) uint64, join func(*T, T)) *wheel[T] {
	return &wheel[T]{step: step, key: key, join: join, slots: make([]slot[T], int(most/step)+3)}
}

// add puts in a value for the first step at or after a time, and no sooner than the
// next one.
func (w *wheel[T]) add(at time.Duration, v T) {
	n := max(int64((at+w.step-1)/w.step), w.base+1)
	s := &w.slots[n%int64(len(w.slots))]
	if s.index == nil {
		s.index = map[uint64]int{}
	}
	if i, ok := s.index[w.key(v)]; ok {
		w.join(&s.list[i], v)
		return
	}
	s.index[w.key(v)] = len(s.list)
	s.list = append(s.list, v)
	w.count++
}

// due takes out what is due by now. The slice is valid until the next call.
func (w *wheel[T]) due(now time.Duration) []T {
	w.out = w.out[:0]
	n := int64(now / w.step)
	for w.base < n && w.count > 0 {
		w.base++
		s := &w.slots[w.base%int64(len(w.slots))]
		w.out = append(w.out, s.list...)
		w.count -= len(s.list)
		s.list = s.list[:0]
		clear(s.index)
	}
	w.base = max(w.base, n)
	return w.out
}
