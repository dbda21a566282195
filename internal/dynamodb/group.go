package dynamodb

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// group is the replicas of a global table, or one table alone, with their alter
// locks held: who changes one of them may change all.
type group struct {
	engine *Engine
	tables []*table // in ascending order of their numbers
}

// lockGroup locks a table and the other replicas of it, and returns the table's
// view, nil if the table is gone.
func (e *Engine) lockGroup(t *table) (*group, *view) {
	for {
		seen := t.current.Load()
		g := &group{e, e.membersOf(t, seen)}
		for _, member := range g.tables {
			member.alter.Lock()
		}
		v := t.current.Load()
		if v == nil || seen != nil && v.Replication == seen.Replication {
			return g, v
		}
		g.unlock() // replicas came or went
	}
}

func (g *group) unlock() {
	for _, t := range g.tables {
		t.alter.Unlock()
	}
}

// membersOf returns the tables of a group, in the order in which they are locked.
func (e *Engine) membersOf(t *table, v *view) []*table {
	list := []*table{t}
	if v != nil {
		for _, m := range v.peers() {
			if peer := e.tableOf(v, m); peer != nil {
				list = append(list, peer)
			}
		}
	}
	slices.SortFunc(list, func(a, b *table) int { return a.compare(b) })
	return list
}

// of returns the table of a group that is in a region, or nil.
func (g *group) of(region string) *table {
	for _, t := range g.tables {
		if v := t.current.Load(); v != nil && v.Region == region {
			return t
		}
	}
	return nil
}

// revision is a change of several tables of a group as one step.
type revision struct {
	changed map[*table]*descriptor // what they are to be
	created []*descriptor          // new tables, without numbers
	// link, unless nil, is called once the new tables have their numbers.
	link    func()
	dropped []*table
	erase   func(kv.Batch)
}

// revise carries out a revision. It returns the tables that it created, in their
// order.
func (g *group) revise(r *revision) ([]*table, error) {
	before := map[*table]*view{}
	for t := range r.changed {
		before[t] = t.current.Load()
	}
	fresh, commit, err := g.reviseLocked(r)
	if err != nil {
		return nil, err
	}
	for t, old := range before {
		g.engine.startLinks(t, t.current.Load(), old)
	}
	for _, t := range fresh {
		g.engine.startLinks(t, t.current.Load(), nil)
	}
	return fresh, commit.Wait()
}

// reviseLocked is the part of revise that runs under the locks of the tables.
func (g *group) reviseLocked(r *revision) ([]*table, kv.Commit, error) {
	e := g.engine
	for _, t := range g.tables {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	e.catalog.Lock()
	defer e.catalog.Unlock()
	last, err := e.number(r)
	if err != nil {
		return nil, nil, err
	}
	b := e.store.NewBatch()
	defer b.Discard()
	views, fresh, err := e.stageRevision(b, r)
	if err != nil {
		return nil, nil, err
	}
	removals := make([]*removal, len(r.dropped))
	for i, t := range r.dropped {
		if removals[i], err = e.stageRemoval(b, t, t.current.Load()); err != nil {
			return nil, nil, err
		}
	}
	if last != e.catalog.lastID {
		b.Set(counterKey, binary.BigEndian.AppendUint64(nil, last))
	}
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return nil, nil, err
	}
	e.catalog.lastID = last
	for t, v := range views {
		e.show(t, v)
	}
	for _, t := range fresh {
		e.catalog.tables[t.current.Load().id()] = t
	}
	for _, removal := range removals {
		e.removed(removal)
	}
	return fresh, commit, nil
}

// number gives the new tables and streams of a revision their numbers and returns
// the last. The catalog's lock must be held.
func (e *Engine) number(r *revision) (uint64, error) {
	last := e.catalog.lastID
	for _, d := range r.created {
		if e.catalog.tables[d.id()] != nil {
			return 0, errReplicaExists(d.Name)
		}
		last++
		d.ID = last
		if d.Stream != nil {
			last++
			d.Stream = newStream(d.Stream.View, freshLabelTime(d.Stream.Created, e.catalog.gone[d.id()]...))
			d.Stream.ID = last
			d.settleStreams(nil, d.Created)
		}
	}
	now := time.Now()
	for t, d := range r.changed {
		d.settleStreams(t.current.Load(), now)
		if d.Stream != nil && d.Stream.ID == 0 {
			last++
			d.Stream.ID = last
		}
	}
	if r.link != nil {
		r.link()
	}
	return last, nil
}

// descriptors returns those that a revision writes.
func (r *revision) descriptors() []*descriptor {
	list := slices.Clone(r.created)
	for _, d := range r.changed {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *descriptor) int { return int(int64(a.ID) - int64(b.ID)) })
	return list
}

// stageRevision adds a revision to a batch and makes the views of its tables.
func (e *Engine) stageRevision(b kv.Batch, r *revision) (map[*table]*view, []*table, error) {
	if r.erase != nil {
		r.erase(b)
	}
	for _, d := range r.descriptors() {
		value, err := json.Marshal(d)
		if err != nil {
			return nil, nil, err
		}
		b.Set(catalogKey(d.id().ns, d.Name), value)
	}
	views := map[*table]*view{}
	for t, d := range r.changed {
		v, err := e.newView(d, t.current.Load())
		if err != nil {
			return nil, nil, err
		}
		views[t] = v
	}
	var fresh []*table
	for _, d := range r.created {
		t, err := e.newEmptyTable(d)
		if err != nil {
			return nil, nil, err
		}
		fresh = append(fresh, t)
	}
	return views, fresh, nil
}

// eraseLinks deletes what the tables that stay had to send to those that are
// dropped, and, of one that is no replica any more, all that it had for others.
func eraseLinks(r *revision) func(kv.Batch) {
	return func(b kv.Batch) {
		for t, d := range r.changed {
			if d.Replication == nil {
				eraseReplication(b, t.id)
			}
			for _, gone := range r.dropped {
				erasePrefix(b, outboxPrefix(t.id, gone.id))
			}
		}
	}
}

// errReplicaExists refuses a replica where there is a table already.
func errReplicaExists(name string) error {
	return api.Validation("Failed to create a the new replica of table with name: ‘%s’ because one or more replicas already existed as tables.", name)
}

// finishFill notes that a replica has the items of one more table, and opens it
// when it has those of all.
func (e *Engine) finishFill(t *table, l *link) error {
	g, v := e.lockGroup(t)
	defer g.unlock()
	if v == nil || !v.awaitedBy(l) {
		return nil
	}
	next := v.Replication.clone()
	m := next.member(l.region)
	m.Awaits = slices.DeleteFunc(m.Awaits, func(region string) bool { return region == v.Region })
	_, err := g.revise(g.replicated(next))
	return err
}

// replicated is the revision that gives every table of the group a replication.
func (g *group) replicated(r *replication) *revision {
	out := &revision{changed: map[*table]*descriptor{}}
	for _, t := range g.tables {
		if v := t.current.Load(); v != nil {
			next := v.clone()
			next.Replication = r
			out.changed[t] = next
		}
	}
	return out
}
