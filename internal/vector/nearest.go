package vector

import (
	"cmp"
	"container/heap"
	"slices"
)

// Hit is a vector that was found.
type Hit struct {
	ID    uint64
	Score float64
}

// Nearest keeps the k vectors nearest to a query of all that it is offered. Of
// equally near ones it keeps those with lower numbers.
type Nearest struct {
	d     Distance
	query point
	k     int
	found farthest
}

// NewNearest returns a Nearest that has been offered nothing.
func NewNearest(d Distance, query []float32, k int) *Nearest {
	return &Nearest{d: d, query: newPoint(query), k: k}
}

// Offer looks at a vector, and does not keep it. It reports whether the vector is
// among the nearest so far.
func (n *Nearest) Offer(id uint64, v []float32) bool {
	return n.found.keep(near{id: id, gap: n.d.gap(n.query, newPoint(v))}, n.k)
}

// Hits returns what was found, the nearest first.
func (n *Nearest) Hits() []Hit { return n.found.hits(n.d) }

// near is a vector seen by a search; at is its place in a graph.
type near struct {
	id  uint64
	at  uint32
	gap float64
}

func (a near) compare(b near) int { return cmp.Or(cmp.Compare(a.gap, b.gap), cmp.Compare(a.id, b.id)) }

// farthest is a heap.Interface with the farthest on top.
type farthest []near

func (h farthest) Len() int           { return len(h) }
func (h farthest) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h farthest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push appends an element.
func (h *farthest) Push(x any) { *h = append(*h, x.(near)) }

// Pop removes the last element.
func (h *farthest) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// keep adds an element if it is among the k nearest, and reports whether it is.
func (h *farthest) keep(x near, k int) bool {
	switch {
	case len(*h) < k:
		heap.Push(h, x)
	case k == 0 || x.compare((*h)[0]) >= 0:
		return false
	default:
		(*h)[0] = x
		heap.Fix(h, 0)
	}
	return true
}

// sorted returns the elements, the nearest first.
func (h farthest) sorted() []near { return slices.SortedFunc(slices.Values(h), near.compare) }

func (h farthest) hits(d Distance) []Hit {
	list := make([]Hit, 0, len(h))
	for _, x := range h.sorted() {
		list = append(list, Hit{x.id, d.score(x.gap)})
	}
	return list
}

// closest is a heap.Interface with the nearest on top.
type closest struct{ farthest }

// Less orders the other way round.
func (h closest) Less(i, j int) bool { return h.farthest.Less(j, i) }
