package dynamodb

import (
	"slices"
	"sync/atomic"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// A new counter is published together with a snapshot, while no write is under way.
// Every later write counts itself, and the items of the snapshot are counted in the
// background; sums do not mind in which order they are added. So each item counts
// once, whatever is written meanwhile. Until that is done, the groups are not what
// they should be, and the counter's table is not open to reads.
//
// The snapshot does not outlive the process: after a restart the rows are deleted
// and the building begins anew.

// buildStep is the number of groups that are added to at once.
const buildStep = 256

// startBuild builds a counter from a snapshot, which it closes, in the background.
func (e *Engine) startBuild(t *table, number uint64, snapshot kv.Snapshot) {
	counted := e.builds.begin(number)
	e.background.Go(func() {
		defer e.builds.end(number)
		err := e.buildCounter(t, number, snapshot, counted)
		if closed := snapshot.Close(); err == nil {
			err = closed
		}
		if err == nil {
			err = e.finishBuild(t, number)
		}
		if err != nil && e.background.ctx.Err() == nil {
			e.log.Error("dynamodb: a counter could not be built; it will be tried again after a restart", "table", t.id, "counter", number, "error", err)
		}
	})
}

// buildCounter counts the items of a snapshot, and says in counted how many.
func (e *Engine) buildCounter(t *table, number uint64, snapshot kv.Snapshot, counted *atomic.Int64) error {
	it := snapshot.Scan(kv.PrefixRange(itemPrefix(t.id)))
	defer func() { _ = it.Close() }()
	c := t.current.Load().counter(number)
	if c == nil {
		return nil
	}
	groups := map[string]*tallies{} // of one tally each
	for it.Next() {
		counted.Add(1)
		item, err := attr.DecodeMap(it.Value())
		if err != nil {
			return err
		}
		row, _ := c.group(item)
		if row == nil {
			continue
		}
		if groups[string(row)] == nil {
			groups[string(row)] = new(tallies)
		}
		if err := groups[string(row)].add(c, item, false); err != nil {
			return err
		}
		if len(groups) == buildStep {
			if err := e.addGroups(t, number, groups); err != nil {
				return err
			}
			clear(groups)
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	return e.addGroups(t, number, groups)
}

// addGroups adds to the rows of a counter, unless it was deleted. It is not synced:
// the end of the building is, and with it all that came before.
func (e *Engine) addGroups(t *table, number uint64, groups map[string]*tallies) (err error) {
	if err := e.background.ctx.Err(); err != nil {
		return err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.current.Load().counter(number) == nil {
		return nil
	}
	var list tallies
	for _, one := range groups {
		list = append(list, *one...)
	}
	b := e.store.NewBatch()
	defer b.Discard()
	var commit kv.Commit
	rows, err := e.stageTallies(b, list)
	// The latches keep the commits that they have: this one is durable by its own
	// account, which would make readers believe the same of those before it.
	defer func() { rows.latches.unlock(rows.set, nil) }()
	if err != nil {
		return err
	}
	if commit, err = e.store.Apply(b, kv.NoSync); commit != nil {
		rows.note()
	}
	return err
}

// finishBuild opens the table of a counter that is built.
func (e *Engine) finishBuild(t *table, number uint64) error {
	of := e.numbered(number)
	if e.background.ctx.Err() != nil || of == nil {
		return nil
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v.counter(number) == nil {
		return nil
	}
	next := v.clone()
	for i := range next.Counters {
		if next.Counters[i].Table == number {
			next.Counters[i].Building = false
		}
	}
	if _, err := e.publish(t, next, nil, nil); err != nil {
		return err
	}
	return e.openCounter(of)
}

// openCounter opens a counter's table to reads.
func (e *Engine) openCounter(of *table) error {
	of.alter.Lock()
	defer of.alter.Unlock()
	v := of.current.Load()
	if v == nil || v.under(changeCreate) == nil {
		return nil
	}
	next := v.clone()
	next.Changes = nil
	_, err := e.publish(of, next, nil, nil)
	return err
}

// counter returns the counter whose table has a number, or nil.
func (v *view) counter(number uint64) *counterView {
	if v == nil {
		return nil
	}
	for i := range v.counters {
		if v.counters[i].Table == number {
			return &v.counters[i]
		}
	}
	return nil
}

// numbered returns the table that has a number, or nil.
func (e *Engine) numbered(number uint64) *table {
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	for _, t := range e.catalog.tables {
		if t.id == number {
			return t
		}
	}
	return nil
}

// resumeCounters takes up what a restart has interrupted. No operation is running
// yet: building begins anew, and tables of counters that are not declared, or no
// more, are dropped.
func (e *Engine) resumeCounters() error {
	declared := map[uint64]bool{}
	for _, t := range e.tableList() {
		v := t.current.Load()
		for i := range v.counters {
			c := &v.counters[i]
			declared[c.Table] = true
			of := e.numbered(c.Table)
			if of == nil {
				continue
			}
			c.stats = &of.stats
			if !c.Building {
				if err := e.openCounter(of); err != nil {
					return err
				}
				continue
			}
			b := e.store.NewBatch()
			erasePrefix(b, c.prefix)
			if _, err := e.store.Apply(b, kv.Sync); err != nil {
				return err
			}
			e.startBuild(t, c.Table, e.store.Snapshot())
		}
	}
	for _, t := range e.tableList() {
		v := t.current.Load()
		if v != nil && v.CounterOf != "" && !declared[t.id] {
			t.alter.Lock()
			err := e.drop(t, v)
			t.alter.Unlock()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// tableList returns the tables, by their numbers.
func (e *Engine) tableList() []*table {
	var list []*table
	for _, t := range e.catalog.tables {
		list = append(list, t)
	}
	slices.SortFunc(list, (*table).compare)
	return list
}
