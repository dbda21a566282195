package dynamodb

import (
	"cmp"
	"container/heap"
	"slices"
)

// sketchSize is how many keys a sketch holds.
const sketchSize = 256

// sketch counts the most frequent of very many keys in bounded room, by the
// space-saving algorithm: a key that finds no room takes the place, and the count,
// of the rarest one. So a count may be too high, by what the key took over, and is
// never too low; a key with more than one part in sketchSize of all hits is there.
type sketch struct {
	places map[string]*sketchEntry
	order  sketchHeap // the rarest first
}

type sketchEntry struct {
	key   string
	count int64
	over  int64 // how much of count may be others'
	at    int   // in order
}

// hit counts a key once. It keeps a copy.
func (s *sketch) hit(key []byte) {
	if e := s.places[string(key)]; e != nil {
		e.count++
		heap.Fix(&s.order, e.at)
		return
	}
	if s.places == nil {
		s.places = make(map[string]*sketchEntry)
	}
	if len(s.order) < sketchSize {
		e := &sketchEntry{key: string(key), count: 1}
		s.places[e.key] = e
		heap.Push(&s.order, e)
		return
	}
	e := s.order[0]
	delete(s.places, e.key)
	e.key, e.over, e.count = string(key), e.count, e.count+1
	s.places[e.key] = e
	heap.Fix(&s.order, 0)
}

// top returns copies of the n most frequent entries, in that order.
func (s *sketch) top(n int) []sketchEntry {
	list := make([]sketchEntry, len(s.order))
	for i, e := range s.order {
		list[i] = *e
	}
	slices.SortFunc(list, func(a, b sketchEntry) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.key, b.key))
	})
	return list[:min(n, len(list))]
}

// sketchHeap is a heap.Interface of entries.
type sketchHeap []*sketchEntry

func (h sketchHeap) Len() int           { return len(h) }
func (h sketchHeap) Less(i, j int) bool { return h[i].count < h[j].count }

func (h sketchHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push appends an entry.
func (h *sketchHeap) Push(x any) {
	e := x.(*sketchEntry)
	e.at = len(*h)
	*h = append(*h, e)
}

// Pop is part of the interface; no entry ever leaves the heap.
func (h *sketchHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
