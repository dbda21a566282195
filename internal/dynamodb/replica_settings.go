package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/api"
)

// forReplicas returns what an update of a table comes to for it and for the other
// replicas: which settings they share is the service's choice (Developer Guide,
// "How global tables work"). Deletion protection, tags and streams are each
// table's own.
func (u *tableUpdate) forReplicas(g *group, t *table) (map[*table]*tableUpdate, error) {
	all := map[*table]*tableUpdate{t: u}
	in := *u.in
	in.DeletionProtectionEnabled, in.StreamSpecification = api.Opt[bool]{}, nil
	if presentIn(&in).count() == 0 {
		return all, nil
	}
	for _, peer := range g.tables {
		if peer == t {
			continue
		}
		other := &tableUpdate{in: &in, now: u.now, paced: u.paced, before: peer.current.Load()}
		other.next = other.before.clone()
		if err := other.follow(u); err != nil {
			return nil, err
		}
		all[peer] = other
	}
	return all, nil
}

// follow gives a replica what an update has given another.
func (u *tableUpdate) follow(first *tableUpdate) error {
	p, d, from := presentIn(u.in), u.next, first.next
	if p.throughput || p.billing {
		d.OnDemand, d.OnDemandSince, d.Throughput = from.OnDemand, from.OnDemandSince, from.Throughput
	}
	if p.onDemand {
		d.OnDemandLimit = from.OnDemandLimit
	}
	if p.warm {
		d.Warm = from.Warm
	}
	if p.class {
		d.Class, d.ClassChanged = from.Class, from.ClassChanged
	}
	if p.sse {
		d.SSE = nil
		if from.SSE != nil {
			d.SSE = &sse{Type: from.SSE.Type, Key: d.kmsKeyARN(managedKey)}
		}
	}
	d.SettingsMode = from.SettingsMode
	if err := u.changeVectors(); err != nil {
		return err
	}
	return u.changeIndexes()
}

// leave takes a table that is to be deleted out of its global table.
func (e *Engine) leave(g *group, t *table, v *view) error {
	switch {
	case v.Replication == nil:
		return nil
	case v.Replication.Strong:
		return errOneOfStrong()
	case v.adding() != nil:
		return errInUse("Table: %s is being used.", v.Name)
	}
	if err := v.admitLeaving(v.Region, nil, time.Now()); err != nil {
		return err
	}
	next := v.Replication.without(v.Region)
	rev := g.replicated(next)
	rev.changed[t].Replication = nil
	rev.erase = eraseLinks(&revision{changed: rev.changed, dropped: []*table{t}})
	_, err := g.revise(rev)
	return err
}
