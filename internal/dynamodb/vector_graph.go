package dynamodb

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/vector"
)

// A search of many vectors has a graph of them (package vector), for each scope
// that is large and was searched: an index, or one partition of it. A graph only
// proposes rows. Which of them are there, match and are how near is read from the
// store, so a search never finds what is not; it may miss something that is.
//
// Graphs are in memory only, made in the background after a first exact search, and
// kept current there too (vector_tend.go). What a write has changed since is in the
// graph's changes: each search looks at those rows besides.

const (
	// maxOverlay is how many changed rows a search looks at beside the graph. With
	// more it is exact instead, until the graph has caught up.
	maxOverlay = 1024
	// maxChanged is how many changes a graph remembers. With more it is given up.
	maxChanged = 1 << 16
	// spareHits are found beyond TopK, in place of those that are gone by the time
	// they are read.
	spareHits = 16
	// leastWidth is how many rows a search of a graph keeps on its way: of ten thousand
	// vectors of 128 random numbers, which have no structure to follow, it then finds
	// more than nine of the nearest ten; of such as form clusters, all.
	leastWidth = 256
)

// scopes are the graphs of one vector index, by the prefix of their rows.
type scopes struct {
	sync.RWMutex
	of map[string]*scopeGraph
}

func (s *scopes) find(scope []byte) *scopeGraph {
	s.RLock()
	defer s.RUnlock()
	return s.of[string(scope)]
}

// scopeGraph is the graph of the rows that begin with a scope.
type scopeGraph struct {
	table *table
	x     *vectorIndex
	home  *scopes
	scope []byte
	used  atomic.Int64 // when it was last searched or asked for, as Unix time in nanoseconds
	ready atomic.Bool  // searches may use it

	mu    sync.RWMutex // guards the block below
	graph *vector.Graph
	ids   map[string]uint64 // of rows
	rows  []graphRow        // by id
	free  []uint64          // ids without a row
	bytes int               // about what it takes

	changes changedRows
	cursor  []byte // where the next row to be entered is sought, nil once all are; the tender's
}

// graphRow is a row of a graph, with the hash of what it has of each filter.
type graphRow struct {
	key     string
	filters []uint64
}

// rowOverhead is about what a row takes in a graph beside its key, its vector and
// its filters.
const rowOverhead = 500

// rowBytes is about what a row takes.
func rowBytes(x *vectorIndex, row []byte) int {
	return rowOverhead + x.bytesOf() + len(row) + 8*len(x.Filters)
}

func newScopeGraph(t *table, x *vectorView, scope []byte) *scopeGraph {
	return &scopeGraph{
		table: t, x: x.vectorIndex, home: x.scopes, scope: scope, cursor: scope,
		graph: vector.NewGraph(x.distance(), vector.Options{}), ids: map[string]uint64{},
		changes: changedRows{of: map[string]rowChange{}},
	}
}

// enter puts a row into the graph as the store has it, or takes it out if value is
// nil.
func (g *scopeGraph) enter(row, value []byte) error {
	var filters []uint64
	var floats []float32
	if value != nil {
		for _, a := range g.x.Filters {
			v, ok, err := attr.LookupEncoded(value[g.x.bytesOf():], a.Name)
			if err != nil {
				return err
			}
			hash := uint64(0)
			if ok {
				hash = filterHash(v)
			}
			filters = append(filters, hash)
		}
		floats = make([]float32, g.x.Dimensions)
		readVector(floats, value)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id, known := g.ids[string(row)]
	switch {
	case value != nil && !known:
		id = g.number(string(row))
		g.bytes += rowBytes(g.x, row)
	case value == nil && known:
		g.forget(id, row)
	}
	if value != nil {
		g.rows[id].filters = filters
		g.graph.Insert(id, floats)
	}
	return nil
}

// number gives a row an id.
func (g *scopeGraph) number(key string) uint64 {
	id := uint64(len(g.rows))
	if last := len(g.free) - 1; last >= 0 {
		id, g.free = g.free[last], g.free[:last]
		g.rows[id] = graphRow{key: key}
	} else {
		g.rows = append(g.rows, graphRow{key: key})
	}
	g.ids[key] = id
	return id
}

func (g *scopeGraph) forget(id uint64, row []byte) {
	delete(g.ids, string(row))
	g.graph.Delete(id)
	g.rows[id] = graphRow{}
	g.free = append(g.free, id)
	g.bytes -= rowBytes(g.x, row)
}

// filterHash is the same for equal values. That it may be for others too does not
// matter: rows are compared when they are read.
func filterHash(v attr.Value) uint64 { return xxhash.Sum64(attr.AppendKey(nil, v)) | 1 }

// candidates returns the rows that a search has to read, in their order. It is not
// ok if the graph cannot tell. What was written before the call is considered.
func (g *scopeGraph) candidates(s *search) (rows [][]byte, ok bool) {
	if !g.ready.Load() {
		return nil, false
	}
	rows, ok = g.changes.list()
	if !ok {
		return nil, false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	q := vector.Query{Vector: s.query, K: s.k + spareHits, Width: max(leastWidth, 2*(s.k+spareHits)), Keep: g.keep(s.filters)}
	if q.Keep != nil {
		q.Most = max(8*q.Width, len(g.ids)/4) // beyond that, looking at all rows takes no longer
	}
	found := g.graph.Search(q)
	s.bytes += found.Looked * g.x.bytesOf()
	for _, hit := range found.Hits {
		rows = append(rows, []byte(g.rows[hit.ID].key))
	}
	slices.SortFunc(rows, bytes.Compare)
	return slices.CompactFunc(rows, bytes.Equal), !found.GaveUp
}

// keep returns what says whether a row can match the filters of a search; nil if
// there are none.
func (g *scopeGraph) keep(filters []expr.Equality) func(uint64) bool {
	if len(filters) == 0 {
		return nil
	}
	want := make([]uint64, len(g.x.Filters)) // 0: any
	for _, eq := range filters {
		want[definitions(g.x.Filters).find(eq.Name)] = filterHash(eq.Value)
	}
	return func(id uint64) bool {
		for i, hash := range g.rows[id].filters {
			if want[i] != 0 && want[i] != hash {
				return false
			}
		}
		return true
	}
}
