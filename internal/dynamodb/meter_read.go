package dynamodb

import (
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
)

// admitRead asks for the capacity of having read an item; raw is empty where there is
// none.
func (v *view) admitRead(row, raw []byte, consistent bool) error {
	if v.meter == nil {
		return nil
	}
	size := 0
	if len(raw) > 0 {
		var err error
		if size, err = attr.SizeEncoded(raw); err != nil {
			return err
		}
	}
	demand := capacity.Demand{Key: v.keyPlace(row), Class: capacity.Read, Units: capacity.ReadUnits(size, consistent)}
	d := v.meter.admit([]capacity.Demand{demand})
	if d.Allowed {
		return nil
	}
	v.throttledRow(row)
	return v.errThrottled(d)
}

// admit asks for the capacity of having read rows of a range for the page: units of
// the index or table that they are of, and fetched units of the table besides.
func (p *page) admit(r kv.Range, units, fetched float64) error {
	m := p.v.meter
	if m == nil {
		return nil
	}
	prefix := p.prefix()
	place := keyPlace(r.Start[min(len(prefix), len(r.Start)):], p.key())
	var demands []capacity.Demand
	if p.x != nil && p.x.Global {
		demands = append(demands, capacity.Demand{Key: place, Index: p.x.slot, Class: capacity.Read, Units: units})
		units = 0
	}
	if units += fetched; units > 0 {
		demands = append(demands, capacity.Demand{Key: place, Class: capacity.Read, Units: units})
	}
	d := m.admit(demands)
	if d.Allowed {
		return nil
	}
	p.throttledRange(r.Start[min(len(prefix), len(r.Start)):])
	return p.v.errThrottled(d)
}

// admitGets asks for the capacity of the reads of a transaction, table by table. It
// returns nil, or nil errors for the reads that were admitted and what is wrong with
// the others.
func admitGets(gets []transactGet) ([]error, error) {
	seen := map[*view]bool{}
	for i := range gets {
		v := gets[i].v
		if v.meter == nil || seen[v] {
			continue
		}
		seen[v] = true
		var demands []capacity.Demand
		var owners []int
		for j := range gets {
			if g := &gets[j]; g.v == v {
				units, err := g.units()
				if err != nil {
					return nil, err
				}
				demands = append(demands, capacity.Demand{Key: v.keyPlace(g.row), Class: capacity.Read, Units: units})
				owners = append(owners, j)
			}
		}
		if d := v.meter.admit(demands); !d.Allowed {
			failed := make([]error, len(gets))
			failed[owners[d.Demand]] = v.errThrottled(d)
			v.throttledRow(gets[owners[d.Demand]].row)
			return failed, nil
		}
	}
	return nil, nil
}

// units is what the read of an item in a transaction costs.
func (g *transactGet) units() (float64, error) {
	u := usage{transact: true}
	err := u.addRead(g.raw, true)
	return u.table, err
}
