package dynamodb

import "github.com/levee-io/levee/internal/api"

// A write to a global table with strong consistency is carried out in every
// replica as one batch: for each of the others it has a mirror, a write of the
// same item to that table, whose latch is taken with its own. So no replica is
// ever behind. Of two writes of an item in different regions at once the later is
// refused (contention.go).

// addMirrors gives the writes to tables with strong consistency their mirrors. It
// takes no locks that last: lockViews tells whether they are still right.
func (e *Engine) addMirrors(writes []*write) {
	for _, w := range writes {
		w.mirrors, w.mirrored = nil, nil
		v := w.table.current.Load()
		if v == nil || v.Replication == nil || !v.Replication.Strong {
			continue
		}
		w.mirrored = v.Replication
		for _, m := range v.peers() {
			if t := e.tableOf(v, m); t != nil {
				w.mirrors = append(w.mirrors, &write{op: w.op, table: t, row: joined(itemPrefix(m.Table), w.row[len(v.prefix):]), incoming: true})
			}
		}
	}
}

// tableOf returns the table of another replica, nil if it is gone.
func (e *Engine) tableOf(v *view, m replica) *table {
	id := v.id()
	id.ns.Region = m.Region
	if m.Account != "" {
		id.ns.Account = m.Account
	}
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	if t := e.catalog.tables[id]; t != nil && t.id == m.Table {
		return t
	}
	return nil
}

// mirrorsHold reports whether the mirrors are those of the views that are locked
// now.
func mirrorsHold(writes []*write) bool {
	for _, w := range writes {
		r := w.v.Replication
		if r != nil && !r.Strong {
			r = nil
		}
		if r != w.mirrored {
			return false
		}
	}
	return true
}

// admitTransaction refuses transactions on tables with strong consistency.
func (d *descriptor) admitTransaction() error {
	if d.Replication != nil && d.Replication.Strong {
		return api.Validation("Transactions are not supported on global tables with MultiRegionConsistency set to STRONG.")
	}
	return nil
}

// withMirrors returns the writes and their mirrors.
func withMirrors(writes []*write) []*write {
	all := writes
	for i, w := range writes {
		if len(w.mirrors) > 0 && len(all) == len(writes) {
			all = append(make([]*write, 0, len(writes)*3), writes...)
		}
		all = append(all, writes[i].mirrors...)
	}
	return all
}

// decideMirrors makes the mirrors do what has been decided of their writes.
func (e *Engine) decideMirrors(writes []*write) error {
	for _, w := range writes {
		for _, m := range w.mirrors {
			m.op, m.expired = w.op, w.expired
			if err := e.read(m); err != nil {
				return err
			}
			m.new, m.newRaw, m.newSize = w.new, w.newRaw, w.newSize
			if m.key = w.key; m.op == opDelete && m.old != nil {
				m.key = m.old
			}
		}
	}
	return nil
}
