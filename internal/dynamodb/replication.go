package dynamodb

import (
	"slices"
	"time"
)

// replication is what a replica of a global table knows of it. Every replica has
// the same; a change of it is one batch for all of them. It is immutable: a change
// replaces it.
type replication struct {
	// Strong is multi-Region strong consistency: a write is in every replica when
	// it is acknowledged. Without it writes travel in the background.
	Strong  bool      `json:"strong,omitempty"`
	Witness string    `json:"witness,omitempty"` // the region of the witness, which has no table
	Created time.Time `json:"created"`
	Members []replica `json:"members"` // in the order in which they came
}

// replica is one of them.
type replica struct {
	Region string `json:"region"`
	// Account is that of its table; "" where all replicas are of one account.
	Account string    `json:"account,omitempty"`
	Table   uint64    `json:"table"` // the number of its table
	Added   time.Time `json:"added"`
	// Source is the region whose table was asked to add it; "" for the first.
	Source string `json:"source,omitempty"`
	// Awaits are the regions whose items it does not have yet. Until there are
	// none it is being created and hidden from operations on items.
	Awaits []string `json:"awaits,omitempty"`
}

// member returns the replica of a region, or nil.
func (r *replication) member(region string) *replica {
	if r == nil {
		return nil
	}
	for i := range r.Members {
		if r.Members[i].Region == region {
			return &r.Members[i]
		}
	}
	return nil
}

// clone returns a copy that can be changed, a new one for nil.
func (r *replication) clone() *replication {
	if r == nil {
		return &replication{}
	}
	c := *r
	c.Members = slices.Clone(r.Members)
	for i := range c.Members {
		c.Members[i].Awaits = slices.Clone(c.Members[i].Awaits)
	}
	return &c
}

// without returns the replication once a region has left, nil if only one is
// left then.
func (r *replication) without(region string) *replication {
	c := r.clone()
	c.Members = slices.DeleteFunc(c.Members, func(m replica) bool { return m.Region == region })
	if len(c.Members) < 2 {
		return nil
	}
	for i := range c.Members {
		m := &c.Members[i]
		m.Awaits = slices.DeleteFunc(m.Awaits, func(other string) bool { return other == region })
	}
	return c
}

// peers returns the other replicas of a table.
func (d *descriptor) peers() []replica {
	if d.Replication == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Replication.Members), func(m replica) bool { return m.Region == d.Region })
}

// beingAdded reports whether the table is a replica that does not have all items
// yet.
func (d *descriptor) beingAdded() bool {
	m := d.Replication.member(d.Region)
	return m != nil && len(m.Awaits) > 0
}

// adding returns the replica that is being added to the table's group, or nil.
func (d *descriptor) adding() *replica {
	if d.Replication == nil {
		return nil
	}
	for i := range d.Replication.Members {
		if m := &d.Replication.Members[i]; len(m.Awaits) > 0 {
			return m
		}
	}
	return nil
}
