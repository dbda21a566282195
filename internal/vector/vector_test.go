package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestScores(t *testing.T) {
	for _, c := range []struct {
		d    Distance
		a, b []float32
		want float64
	}{
		{Cosine, []float32{1, 0}, []float32{3, 0}, 0},
		{Cosine, []float32{1, 0, 0}, []float32{0, 2, 0}, 1},
		{Cosine, []float32{1, 1}, []float32{-2, -2}, 2},
		{Cosine, []float32{0, 0}, []float32{1, 2}, 1},
		{Euclidean, []float32{1, 2, 3}, []float32{1, 5, 7}, 5},
		{DotProduct, []float32{1, 2, 3}, []float32{4, 5, -6}, -4},
		{DotProduct, []float32{math.MaxFloat32}, []float32{math.MaxFloat32}, math.MaxFloat32 * math.MaxFloat32},
	} {
		if got := c.d.Score(c.a, c.b); math.Abs(got-c.want) > 1e-9*max(1, math.Abs(c.want)) {
			t.Errorf("distance %d of %v and %v: %g, want %g", c.d, c.a, c.b, got, c.want)
		}
	}
}

func TestNearestOfAll(t *testing.T) {
	for d, want := range map[Distance]string{
		Euclidean:  "[{2 1} {5 1} {1 2}]", // of equally near ones, the lower number
		DotProduct: "[{9 8} {3 4} {2 2}]",
	} {
		n := NewNearest(d, []float32{1, 0}, 3)
		for id, x := range map[uint64]float32{9: 8, 3: 4, 2: 2, 1: -1, 7: -5, 5: 0} {
			n.Offer(id, []float32{x, 0})
		}
		if got := fmt.Sprint(n.Hits()); got != want {
			t.Errorf("distance %d: %s, want %s", d, got, want)
		}
	}
	none := NewNearest(Cosine, []float32{1}, 0)
	none.Offer(1, []float32{1})
	if len(none.Hits()) != 0 {
		t.Error("found something where nothing was asked for")
	}
}

// world is a graph and what is in it.
type world struct {
	g    *Graph
	d    Distance
	rand *rand.Rand
	all  map[uint64][]float32
}

func newWorld(d Distance, seed uint64) *world {
	return &world{NewGraph(d, Options{Seed: seed}), d, rand.New(rand.NewPCG(seed, 1)), map[uint64][]float32{}}
}

// vector draws one of several clusters: harder than one cloud.
func (w *world) vector() []float32 {
	v := make([]float32, 24)
	center := w.rand.IntN(8)
	for i := range v {
		v[i] = float32(w.rand.NormFloat64())
		if i%8 == center {
			v[i] += 3
		}
	}
	return v
}

func (w *world) insert(id uint64) {
	w.all[id] = w.vector()
	w.g.Insert(id, w.all[id])
}

func (w *world) delete(id uint64) {
	delete(w.all, id)
	w.g.Delete(id)
}

// recall returns which part of the nearest the graph finds, and checks that it finds
// nothing else.
func (w *world) recall(t *testing.T, keep func(uint64) bool) float64 {
	t.Helper()
	const queries, k = 50, 10
	found, there := 0, 0
	for range queries {
		q := w.vector()
		exact := NewNearest(w.d, q, k)
		for id, v := range w.all {
			if keep == nil || keep(id) {
				exact.Offer(id, v)
			}
		}
		want, got := exact.Hits(), w.g.Search(Query{Vector: q, K: k, Keep: keep}).Hits
		for _, h := range got {
			v, ok := w.all[h.ID]
			if !ok || keep != nil && !keep(h.ID) || w.d.Score(q, v) != h.Score {
				t.Fatalf("found %v, which is not there", h)
			}
			if slices.Contains(want, h) {
				found++
			}
		}
		there += len(want)
	}
	return float64(found) / float64(there)
}

func TestGraphFindsTheNearest(t *testing.T) {
	for _, d := range []Distance{Cosine, Euclidean, DotProduct} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			w := newWorld(d, 7)
			check := func(what string, keep func(uint64) bool) {
				t.Helper()
				if got := w.recall(t, keep); got < 0.95 {
					t.Errorf("%s: recall %.3f", what, got)
				}
			}
			for id := range uint64(1200) {
				w.insert(id)
			}
			check("all", nil)
			check("a half", func(id uint64) bool { return id%2 == 0 })
			check("few", func(id uint64) bool { return id%300 == 0 })
			for id := range uint64(1200) {
				if id%3 != 0 {
					w.delete(id)
				}
			}
			check("after deletions", nil)
			for id := range uint64(600) {
				w.insert(id) // of these, every third is replaced
			}
			check("after replacements", nil)
			if w.g.Len() != len(w.all) {
				t.Errorf("%d vectors, want %d", w.g.Len(), len(w.all))
			}
			w.checkLinks(t)
		})
	}
}

// checkLinks checks that links go both ways, between vectors that are there.
func (w *world) checkLinks(t *testing.T) {
	t.Helper()
	for id, at := range w.g.ids {
		for floor, links := range w.g.nodes[at].links {
			for _, other := range links {
				n := &w.g.nodes[other]
				if _, ok := w.g.ids[n.id]; !ok || floor >= len(n.links) || !slices.Contains(n.links[floor], at) || other == at {
					t.Fatalf("vector %d, floor %d: a link to %d that does not come back", id, floor, n.id)
				}
			}
		}
	}
}

func TestGraphIsDeterministic(t *testing.T) {
	run := func() string {
		w := newWorld(Euclidean, 3)
		for id := range uint64(300) {
			w.insert(id)
			if id%4 == 0 {
				w.delete(id / 2)
			}
		}
		return fmt.Sprint(w.g.Search(Query{Vector: w.vector(), K: 20}), w.g.nodes)
	}
	if run() != run() {
		t.Error("the same calls made two different graphs")
	}
}

// A search that may look at few vectors says so when it gives up.
func TestGraphGivesUp(t *testing.T) {
	w := newWorld(Euclidean, 5)
	for id := range uint64(600) {
		w.insert(id)
	}
	few := func(id uint64) bool { return id < 3 }
	if found := w.g.Search(Query{Vector: w.vector(), K: 10, Most: 200, Keep: few}); !found.GaveUp || found.Looked < 200 || found.Looked > 300 {
		t.Errorf("gave up %t after %d vectors", found.GaveUp, found.Looked)
	}
	if found := w.g.Search(Query{Vector: w.vector(), K: 10, Keep: few}); found.GaveUp || found.Looked != 600 || len(found.Hits) != 3 {
		t.Errorf("looked at all: gave up %t after %d vectors with %v", found.GaveUp, found.Looked, found.Hits)
	}
}

func TestGraphEmptiesAndFillsAgain(t *testing.T) {
	w := newWorld(Cosine, 1)
	for range 3 {
		if hits := w.g.Search(Query{Vector: w.vector(), K: 5}).Hits; len(hits) != 0 {
			t.Fatalf("found %v in nothing", hits)
		}
		for id := range uint64(40) {
			w.insert(id)
		}
		for id := range uint64(40) {
			if hits := w.g.Search(Query{Vector: w.all[id], K: 1}).Hits; len(hits) != 1 || hits[0].ID != id {
				t.Fatalf("looked for %d, found %v", id, hits)
			}
			w.delete(id)
		}
	}
	if len(w.g.nodes) != 40 {
		t.Errorf("%d places for 40 vectors", len(w.g.nodes))
	}
}
