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

// explore looks at a floor around a place, nearest to the query first, until nothing
// is left that could be nearer than the width nearest ones found, and returns those.
// Only what keep says yes to is found; the way may lead over all.
func (g *Graph) explore(query point, from uint32, floor, width int, keep func(id uint64) bool) farthest {
	var found farthest
	var ahead closest
	visited := make([]uint64, (len(g.nodes)+63)/64)
	visit := func(at uint32) {
		if visited[at/64]&(1<<(at%64)) != 0 {
			return
		}
		visited[at/64] |= 1 << (at % 64)
		there := g.seen(query, at)
		if len(found) == width && there.compare(found[0]) >= 0 {
			return
		}
		heap.Push(&ahead, there)
		if keep == nil || keep(there.id) {
			found.keep(there, width)
		}
	}
	visit(from)
	for len(ahead.farthest) > 0 {
		here := heap.Pop(&ahead).(near)
		if len(found) == width && here.compare(found[0]) > 0 {
			break
		}
		for _, at := range g.nodes[here.at].links[floor] {
			visit(at)
		}
	}
	return found
}
