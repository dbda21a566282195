package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// link leads from a table to another replica of its global table. It lives as
// long as both are replicas, over any number of views.
type link struct {
	to     uint64 // the table's number
	region string
	wake   chan struct{} // has room for one: there is something to send
}

// kick tells who sends that there is something to send.
func (l *link) kick() {
	select {
	case l.wake <- struct{}{}:
	default: // it knows
	}
}

// newLinks returns the links of a descriptor; those that a view has already stay.
func newLinks(d *descriptor, before *view) []*link {
	if d.Replication == nil || d.Replication.Strong {
		return nil
	}
	var list []*link
	for _, m := range d.peers() {
		l := before.link(m.Table)
		if l == nil {
			l = &link{to: m.Table, region: m.Region, wake: make(chan struct{}, 1)}
			l.kick()
		}
		list = append(list, l)
	}
	return list
}

// link returns the link to a table, or nil.
func (v *view) link(to uint64) *link {
	if v == nil {
		return nil
	}
	for _, l := range v.links {
		if l.to == to {
			return l
		}
	}
	return nil
}

// readVersion chooses the version of a write to a table with replicas. A write
// that came from another replica has its own.
func (w *write) readVersion(store kv.Reader) error {
	if w.incoming || w.op == opCheck {
		return nil
	}
	old, _, err := store.Get(versionKey(w.row), nil)
	w.version = nextVersion(old, time.Now(), w.v.Region)
	return err
}

// stageVersion notes the version of the item and, unless the write came from
// another replica, that it has to be sent. Where a write found nothing and left
// nothing there is nothing to note.
func (w *write) stageVersion(b kv.Batch) {
	if w.newRaw == nil && !w.existed && !w.incoming {
		return
	}
	b.Set(versionKey(w.row), w.version)
	if w.newRaw == nil {
		b.Set(tombstoneKey(w.row, w.version), nil)
	}
	if w.incoming {
		return
	}
	for _, l := range w.v.links {
		b.Set(outboxKey(w.row, l.to), nil)
	}
}

// announce wakes who sends a write to the other replicas.
func (w *write) announce() {
	for _, l := range w.v.links {
		l.kick()
	}
}
