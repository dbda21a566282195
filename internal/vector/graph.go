package vector

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Options are those of a graph. The zero value is good for some hundred dimensions.
type Options struct {
	Links int    // of a vector on a higher floor, twice that on the ground; 16 if 0
	Width int    // how many vectors a search keeps, at least; 128 if 0
	Seed  uint64 // of the choice of floors
}

// Graph is an index of vectors.
type Graph struct {
	d     Distance
	opts  Options
	rand  *rand.Rand
	nodes []node
	free  []uint32          // places in nodes without a vector
	ids   map[uint64]uint32 // the place of each vector
	top   uint32            // where searches begin: on the highest floor there is; only if there are ids
}

// node is a vector with its links on each of its floors, the ground first.
type node struct {
	point
	id    uint64
	links [][]uint32
}

// maxFloors bounds the height of a graph: with the usual options a floor has a
// sixteenth of the vectors of the one below.
const maxFloors = 16

// NewGraph returns a graph without vectors.
func NewGraph(d Distance, opts Options) *Graph {
	if opts.Links < 2 {
		opts.Links = 16
	}
	if opts.Width < 1 {
		opts.Width = 128
	}
	return &Graph{d: d, opts: opts, rand: rand.New(rand.NewPCG(opts.Seed, 0)), ids: map[uint64]uint32{}}
}

// Len returns the number of vectors.
func (g *Graph) Len() int { return len(g.ids) }

// Insert adds a vector, or replaces the one of that number. The graph keeps v, which
// must not be changed.
func (g *Graph) Insert(id uint64, v []float32) {
	g.Delete(id)
	floors := g.draw()
	at := g.place(node{newPoint(v), id, make([][]uint32, floors)})
	if len(g.ids) == 0 {
		g.ids[id], g.top = at, at
		return
	}
	g.ids[id] = at
	from, highest := g.top, g.floors(g.top)
	for floor := highest - 1; floor >= 0; floor-- {
		if floor >= floors {
			from = g.descend(g.nodes[at].point, from, floor)
			continue
		}
		w := walk{g: g, query: g.nodes[at].point, floor: floor, width: g.opts.Width}
		w.explore(from)
		found := w.found.sorted()
		from = found[0].at
		for _, other := range g.choose(found, g.opts.Links) {
			g.link(at, other, floor)
		}
	}
	if floors > highest {
		g.top = at
	}
}

// Delete takes a vector out, if there is one of that number, and links its
// neighbours with each other.
func (g *Graph) Delete(id uint64) {
	at, ok := g.ids[id]
	if !ok {
		return
	}
	delete(g.ids, id)
	links := g.nodes[at].links
	for floor, neighbours := range links {
		for _, n := range neighbours {
			g.unlink(n, at, floor)
		}
		for _, n := range neighbours {
			g.mend(n, neighbours, floor)
		}
	}
	g.nodes[at] = node{}
	g.free = append(g.free, at)
	if at == g.top {
		g.raise()
	}
}

// Query is what a search of a graph is for.
type Query struct {
	Vector []float32
	K      int
	// Width is how many vectors the search keeps on its way, at least as many as the
	// options of the graph say: more find more, and take longer.
	Width int
	// Most is how many vectors it may look at before it gives up; 0: all.
	Most int
	// Keep says which vectors may be found; nil: all. Few that it says yes to make the
	// search look at all vectors, or at as many as it may.
	Keep func(id uint64) bool
}

// Found is what a search came to.
type Found struct {
	Hits   []Hit
	Looked int  // at so many vectors
	GaveUp bool // and found less than there is
}

// Search returns the nearest to a vector.
func (g *Graph) Search(q Query) Found {
	if len(g.ids) == 0 || q.K <= 0 {
		return Found{}
	}
	to, from := newPoint(q.Vector), g.top
	for floor := g.floors(g.top) - 1; floor > 0; floor-- {
		from = g.descend(to, from, floor)
	}
	w := walk{g: g, query: to, width: max(q.K, q.Width, g.opts.Width), most: q.Most, keep: q.Keep}
	done := w.explore(from)
	hits := w.found.hits(g.d)
	return Found{hits[:min(q.K, len(hits))], w.looked, !done}
}

// draw chooses on how many floors a new vector is.
func (g *Graph) draw() int {
	height := -math.Log(1-g.rand.Float64()) / math.Log(float64(g.opts.Links))
	return min(1+int(height), maxFloors)
}

func (g *Graph) floors(at uint32) int { return len(g.nodes[at].links) }

// place puts a node where there is room.
func (g *Graph) place(n node) uint32 {
	if last := len(g.free) - 1; last >= 0 {
		at := g.free[last]
		g.free = g.free[:last]
		g.nodes[at] = n
		return at
	}
	g.nodes = append(g.nodes, n)
	return uint32(len(g.nodes) - 1)
}

// raise finds a new top.
func (g *Graph) raise() {
	g.top = 0
	for at := range g.nodes {
		if g.floors(uint32(at)) > g.floors(g.top) {
			g.top = uint32(at)
		}
	}
}

// room is how many links a vector may have on a floor.
func (g *Graph) room(floor int) int {
	if floor == 0 {
		return 2 * g.opts.Links
	}
	return g.opts.Links
}

// link links two vectors, and takes links from one that then has too many.
func (g *Graph) link(a, b uint32, floor int) {
	if a == b || slices.Contains(g.nodes[a].links[floor], b) {
		return
	}
	for _, pair := range [2][2]uint32{{a, b}, {b, a}} {
		links := &g.nodes[pair[0]].links[floor]
		*links = append(*links, pair[1])
	}
	g.prune(a, floor)
	g.prune(b, floor)
}

// prune keeps the best links of a vector that has too many. A vector that has no
// other link keeps it, so that it can still be found.
func (g *Graph) prune(at uint32, floor int) {
	links := g.nodes[at].links[floor]
	if len(links) <= g.room(floor) {
		return
	}
	best := g.choose(g.around(at, links), g.room(floor))
	for _, other := range slices.Clone(links) {
		if !slices.Contains(best, other) && len(g.nodes[other].links[floor]) > 1 {
			g.unlink(at, other, floor)
			g.unlink(other, at, floor)
		}
	}
}

// unlink removes the link from a to b, and only that direction.
func (g *Graph) unlink(a, b uint32, floor int) {
	links := &g.nodes[a].links[floor]
	if i := slices.Index(*links, b); i >= 0 {
		*links = slices.Delete(*links, i, i+1)
	}
}

// mend links a vector with the best of those that had a neighbour in common with it.
func (g *Graph) mend(at uint32, others []uint32, floor int) {
	for _, other := range g.choose(g.around(at, others), g.opts.Links/2) {
		g.link(at, other, floor)
	}
}

// around returns places by their distance from one of them, which is left out.
func (g *Graph) around(at uint32, places []uint32) []near {
	list := make([]near, 0, len(places))
	for _, p := range places {
		if p != at {
			list = append(list, g.seen(g.nodes[at].point, p))
		}
	}
	slices.SortFunc(list, near.compare)
	return list
}

func (g *Graph) seen(from point, at uint32) near {
	n := &g.nodes[at]
	return near{id: n.id, at: at, gap: g.d.gap(from, n.point)}
}

// choose returns the best of candidates, given by distance, to be linked with: those
// that no better one is nearer to, which makes links go in all directions, and then
// the nearest of the others.
func (g *Graph) choose(candidates []near, room int) []uint32 {
	var best, others []uint32
	for _, c := range candidates {
		if len(best) == room {
			break
		}
		hidden := slices.ContainsFunc(best, func(b uint32) bool { return g.d.gap(g.nodes[b].point, g.nodes[c.at].point) < c.gap })
		if hidden {
			others = append(others, c.at)
		} else {
			best = append(best, c.at)
		}
	}
	return append(best, others[:min(len(others), room-len(best))]...)
}
