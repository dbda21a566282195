package vector

import "container/heap"

// descend goes from one place of a floor to the one nearest to the query, as far as
// each step leads nearer.
func (g *Graph) descend(query point, from uint32, floor int) uint32 {
	here := g.seen(query, from)
	for {
		next := here
		for _, at := range g.nodes[here.at].links[floor] {
			if there := g.seen(query, at); there.compare(next) < 0 {
				next = there
			}
		}
		if next == here {
			return here.at
		}
		here = next
	}
}

// walk is a search of one floor.
type walk struct {
	g     *Graph
	query point
	floor int
	width int // how many to find
	most  int // how many to look at; 0: all
	keep  func(id uint64) bool

	visited []uint64 // a bit for each place
	looked  int
	ahead   closest
	found   farthest
}

// explore looks at the floor around a place, nearest to the query first, until
// nothing is left that could be nearer than the width nearest ones found. Only what
// keep says yes to is found; the way may lead over all. It reports whether it came
// to the end.
func (w *walk) explore(from uint32) bool {
	w.visited = make([]uint64, (len(w.g.nodes)+63)/64)
	w.visit(from)
	for len(w.ahead.farthest) > 0 {
		here := heap.Pop(&w.ahead).(near)
		if len(w.found) == w.width && here.compare(w.found[0]) > 0 {
			break
		}
		if w.most > 0 && w.looked > w.most {
			return false
		}
		for _, at := range w.g.nodes[here.at].links[w.floor] {
			w.visit(at)
		}
	}
	return true
}

// visit looks at a place for the first time.
func (w *walk) visit(at uint32) {
	if w.visited[at/64]&(1<<(at%64)) != 0 {
		return
	}
	w.visited[at/64] |= 1 << (at % 64)
	w.looked++
	there := w.g.seen(w.query, at)
	if len(w.found) == w.width && there.compare(w.found[0]) >= 0 {
		return
	}
	heap.Push(&w.ahead, there)
	if w.keep == nil || w.keep(there.id) {
		w.found.keep(there, w.width)
	}
}
