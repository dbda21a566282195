package dynamodb

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

const (
	// leastEntries is how many entries a scope has that is worth a graph: fewer are
	// looked at in about the time that a search of a graph takes.
	leastEntries = 2000
	// graphMemory is how many bytes all graphs may take.
	graphMemory = 512 << 20
	// graphRest is how long a graph must have been unused to make room for another.
	graphRest = time.Minute
	// graphLife is how long an unused graph is kept.
	graphLife = time.Hour
	// tendStep is how many rows are entered into a graph before the next has its turn.
	tendStep = 64
)

// graphs are those of an engine, and the tender that builds them and keeps them
// current: one goroutine, for as many processors as that.
type graphs struct {
	least, memory int
	wake          chan struct{} // has an element when there may be something to do

	mu   sync.Mutex // guards the list; held for a look
	list []*scopeGraph
}

func newGraphs() graphs {
	return graphs{least: leastEntries, memory: graphMemory, wake: make(chan struct{}, 1)}
}

// want asks for a graph of a scope that has so many entries. There is none if it
// takes more memory than is left by graphs in use.
func (gs *graphs) want(t *table, x *vectorView, scope []byte, entries int) {
	now := time.Now()
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if x.scopes.find(scope) != nil {
		return // it is being built
	}
	if !gs.makeRoom(entries*rowBytes(x.vectorIndex, scope), now) {
		return
	}
	g := newScopeGraph(t, x, slices.Clone(scope))
	g.used.Store(now.UnixNano())
	g.home.Lock()
	g.home.of[string(scope)] = g
	g.home.Unlock()
	gs.list = append(gs.list, g)
	select {
	case gs.wake <- struct{}{}:
	default:
	}
}

// makeRoom drops graphs that have not been used for a while, the one used longest
// ago first, until so many bytes are free. It reports whether they are. gs.mu must
// be held.
func (gs *graphs) makeRoom(need int, now time.Time) bool {
	free := gs.free()
	for free < need && len(gs.list) > 0 && gs.list[0].idle(now) >= graphRest {
		free += gs.list[0].size()
		gs.dropLocked(gs.list[0])
	}
	return free >= need
}

// trim drops graphs that have not been used for long, and those used longest ago
// while all have grown to take more memory than they may.
func (gs *graphs) trim(now time.Time) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	free := gs.free()
	for len(gs.list) > 0 && (free < 0 || gs.list[0].idle(now) >= graphLife) {
		free += gs.list[0].size()
		gs.dropLocked(gs.list[0])
	}
}

// free returns how many bytes are left, and sorts the list by use. gs.mu must be
// held.
func (gs *graphs) free() int {
	slices.SortFunc(gs.list, func(a, b *scopeGraph) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	free := gs.memory
	for _, g := range gs.list {
		free -= g.size()
	}
	return free
}

// idle returns for how long the graph has not been used.
func (g *scopeGraph) idle(now time.Time) time.Duration { return now.Sub(time.Unix(0, g.used.Load())) }

func (g *scopeGraph) size() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.bytes
}

func (gs *graphs) drop(g *scopeGraph) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	gs.dropLocked(g)
}

func (gs *graphs) dropLocked(g *scopeGraph) {
	g.ready.Store(false)
	g.home.Lock()
	if g.home.of[string(g.scope)] == g {
		delete(g.home.of, string(g.scope))
	}
	g.home.Unlock()
	gs.list = slices.DeleteFunc(gs.list, func(other *scopeGraph) bool { return other == g })
}

func (gs *graphs) all() []*scopeGraph {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	return slices.Clone(gs.list)
}

// tendGraphs builds graphs and keeps them current until the engine is closed.
func (e *Engine) tendGraphs() {
	tick := time.NewTicker(graphRest)
	defer tick.Stop()
	for {
		select {
		case <-e.background.ctx.Done():
			return
		case <-tick.C:
		case <-e.graphs.wake:
		}
		for e.tendAll() && e.background.ctx.Err() == nil {
		}
	}
}

// tendAll takes one step with each graph. It reports whether there is more to do.
func (e *Engine) tendAll() (more bool) {
	e.graphs.trim(time.Now())
	for _, g := range e.graphs.all() {
		unfinished, err := e.tendGraph(g)
		if err != nil {
			e.log.Error("dynamodb: a graph of vectors is given up; its searches look at all rows", "table", g.table.id, "index", g.x.Name, "error", err)
			e.graphs.drop(g)
		}
		more = more || unfinished
	}
	return more
}

// tendGraph takes one step with a graph. It reports whether there is more to do.
func (e *Engine) tendGraph(g *scopeGraph) (more bool, err error) {
	if e.spent(g) {
		e.graphs.drop(g)
		return false, nil
	}
	if g.cursor != nil {
		if err := e.buildGraph(g); err != nil {
			return false, err
		}
	}
	changed, lost := g.changes.some(tendStep)
	if lost {
		e.graphs.drop(g)
		return false, nil
	}
	for row, number := range changed {
		value, ok, err := e.store.Get([]byte(row), nil)
		if err != nil {
			return false, err
		}
		if !ok {
			value = nil
		}
		if err := g.enter([]byte(row), value); err != nil {
			return false, err
		}
		g.changes.done(row, number)
	}
	return g.cursor != nil || len(changed) > 0, nil
}

// spent reports whether the index of a graph is gone, or its scope has become too
// small to be worth one.
func (e *Engine) spent(g *scopeGraph) bool {
	v := g.table.current.Load()
	if v == nil || !slices.ContainsFunc(v.vectors, func(x vectorView) bool { return x.Number == g.x.Number }) {
		return true
	}
	return g.ready.Load() && len(g.ids) < e.graphs.least/2
}

// buildGraph enters the next rows into a graph. What a write changes meanwhile is
// among the changes, if it began after the graph was there for it to see; the
// first step waits for those that began before.
func (e *Engine) buildGraph(g *scopeGraph) error {
	if len(g.ids) == 0 {
		g.table.awaitWrites()
	}
	rows := kv.PrefixRange(g.scope)
	rows.Start = g.cursor
	rows.Limit = tendStep
	it := e.store.Scan(rows)
	defer it.Close()
	g.cursor = nil
	for n := 0; it.Next(); {
		if err := g.enter(it.Key(), it.Value()); err != nil {
			return err
		}
		if n++; n == tendStep {
			g.cursor = append(slices.Clone(it.Key()), 0)
			break
		}
	}
	g.ready.Store(g.cursor == nil && it.Err() == nil)
	return it.Err()
}

// awaitWrites returns when the writes that are under way are over.
func (t *table) awaitWrites() {
	t.mu.Lock()
	defer t.mu.Unlock()
}
