package dynamodb

import (
	"encoding/binary"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
)

// admitWrites asks for the capacity of writes that have been decided, of which those
// of a batch are admitted each for itself; those that are not are told so. Other
// writes are admitted table by table. It returns nil, or nil errors for the writes
// that were admitted and what is wrong with the others.
func admitWrites(writes []*write) (failed []error) {
	for i, w := range writes {
		switch {
		case w.v.meter == nil:
		case w.apart:
			_, w.throttled = admitTogether(writes[i : i+1])
		case firstOfTable(writes, i):
			if at, err := admitTogether(writes[i:]); err != nil {
				failed = make([]error, len(writes))
				failed[i+at] = err
				return failed
			}
		}
	}
	return nil
}

// firstOfTable reports whether no write before write i is to its table.
func firstOfTable(writes []*write, i int) bool {
	for _, w := range writes[:i] {
		if w.table == writes[i].table {
			return false
		}
	}
	return true
}

// admitTogether admits those of the writes that are to the table of the first, all or
// none. If it fails, at is the number of the one that was not admitted.
func admitTogether(writes []*write) (at int, err *api.Error) {
	v := writes[0].v
	var demands []capacity.Demand
	var owners []int
	for i, w := range writes {
		if w.table != writes[0].table {
			continue
		}
		demands = w.appendDemands(demands)
		for len(owners) < len(demands) {
			owners = append(owners, i)
		}
	}
	if len(demands) == 0 {
		return 0, nil
	}
	d := v.meter.admit(demands)
	if d.Allowed {
		return 0, nil
	}
	writes[owners[d.Demand]].throttledBy(d)
	return owners[d.Demand], v.errThrottled(d)
}

// appendDemands appends what a write asks for: of the table what it writes there and
// in local indexes, and what it changes in each global index. Nothing is asked for
// deletions by time to live, and for what comes from other replicas.
func (w *write) appendDemands(list []capacity.Demand) []capacity.Demand {
	if w.expired || w.incoming {
		return list
	}
	factor := 1.0
	if w.transact {
		factor = capacity.TransactionFactor
	}
	own := capacity.Demand{Key: w.v.keyPlace(w.row), Class: capacity.Write, Units: factor * capacity.WriteUnits(max(w.counted()))}
	if w.replayed {
		own.Class, own.Units = capacity.Read, factor*capacity.ReadUnits(w.newSize, true)
	}
	at := len(list)
	list = append(list, own)
	for i := range w.indexed {
		c := &w.indexed[i]
		if !c.x.Global {
			list[at].Units += factor * c.units()
			continue
		}
		list = c.appendDemands(list, factor)
	}
	return list
}

// appendDemands appends what a change of a global index asks for: where the key has
// changed, a deletion at one place and an insertion at another.
func (c *indexChange) appendDemands(list []capacity.Demand, factor float64) []capacity.Demand {
	if c.moved && c.before.row != nil && c.after.row != nil {
		list = append(list, c.x.demand(c.before.row, factor*capacity.WriteUnits(c.before.size)))
		return append(list, c.x.demand(c.after.row, factor*capacity.WriteUnits(c.after.size)))
	}
	row := c.after.row
	if row == nil {
		row = c.before.row
	}
	return append(list, c.x.demand(row, factor*c.units()))
}

func (x *indexView) demand(row []byte, units float64) capacity.Demand {
	return capacity.Demand{Key: keyPlace(row[len(x.prefix):], &x.Key), Index: x.slot, Class: capacity.Write, Units: units}
}

// throttledBy counts the refusal for contributor insights: of the item, or of the
// index entry that there was no capacity for.
func (w *write) throttledBy(d capacity.Decision) {
	if d.Index == capacity.Itself {
		w.v.throttledRow(w.row)
		return
	}
	for i := range w.indexed {
		if c := &w.indexed[i]; c.x.slot == d.Index && c.x.insights != nil {
			row := c.after.row
			if row == nil {
				row = c.before.row
			}
			c.x.insights.throttled(row[len(c.x.prefix):])
		}
	}
}

// admittedOnly returns the writes that were not throttled.
func admittedOnly(writes []*write) []*write {
	for i, w := range writes {
		if w.throttled == nil {
			continue
		}
		kept := append(make([]*write, 0, len(writes)), writes[:i]...)
		for _, w := range writes[i+1:] {
			if w.throttled == nil {
				kept = append(kept, w)
			}
		}
		return kept
	}
	return writes
}

// stored tells the model how far the items of finished writes have grown.
func (w *write) stored() {
	m := w.v.meter
	if m == nil || w.op == opCheck {
		return
	}
	m.store(w.v.keyPlace(w.row), capacity.Itself, w.newSize-w.oldSize)
	for i := range w.indexed {
		c := &w.indexed[i]
		if row := c.after.row; row != nil && c.x.Global {
			m.store(keyPlace(row[len(c.x.prefix):], &c.x.Key), c.x.slot, c.after.size-c.before.size)
		}
	}
}

// keyPlace is where an item lies among the keys of the capacity model.
func (v *view) keyPlace(row []byte) uint64 { return keyPlace(row[len(v.prefix):], &v.Key) }

// keyPlace makes a place of a row without the prefix of its table or index: the hash
// of its partition key and, in the lower half, how its sort key begins. Sort keys that
// begin alike are one place, so that the model never divides them.
func keyPlace(row []byte, key *keySchema) uint64 {
	if len(row) < hashBytes {
		return 0 // a range from the first row
	}
	place := uint64(binary.BigEndian.Uint32(row)) << 32
	if len(key.Range) == 0 {
		return place
	}
	var sort [4]byte
	copy(sort[:], row[hashBytes+keyLength(row[hashBytes:], key.Hash):])
	return place | uint64(binary.BigEndian.Uint32(sort[:]))
}
