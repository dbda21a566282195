package dynamodb

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
)

// usage adds up the capacity units that one request consumed on one table.
type usage struct {
	name    string // of the table, as the request gave it
	table   float64
	indexes []indexUsage
	vectors []vectorUsage
	// write and transact say how units are named in the answer: a transaction
	// tells read and write units apart.
	write, transact bool
}

// vectorUsage is what was written to a vector index, which is counted in bytes.
type vectorUsage struct {
	name  string
	bytes int
}

type indexUsage struct {
	x     *indexView
	units float64
}

// addIndex adds units to an index.
func (u *usage) addIndex(x *indexView, units float64) {
	for i := range u.indexes {
		if u.indexes[i].x.Number == x.Number {
			u.indexes[i].units += units
			return
		}
	}
	u.indexes = append(u.indexes, indexUsage{x, units})
}

// addWrite adds what a finished write costs: the larger of the item before and
// after, and for each index the entries that changed.
func (u *usage) addWrite(w *write) {
	factor := 1.0
	if u.transact {
		factor = capacity.TransactionFactor
	}
	u.table += factor * capacity.WriteUnits(max(w.counted()))
	for i := range w.indexed {
		u.addIndex(w.indexed[i].x, factor*w.indexed[i].units())
	}
	for i := range w.vectored {
		c := &w.vectored[i]
		u.vectors = append(u.vectors, vectorUsage{c.x.Name, max(c.before.size, c.after.size, leastSearchBytes)})
	}
}

// units is what an index entry's change costs: a changed key is a deletion and
// an insertion.
func (c *indexChange) units() float64 {
	if c.moved && c.before.row != nil && c.after.row != nil {
		return capacity.WriteUnits(c.before.size) + capacity.WriteUnits(c.after.size)
	}
	return capacity.WriteUnits(max(c.before.size, c.after.size))
}

// report returns the answer's ConsumedCapacity in the form that
// ReturnConsumedCapacity asks for; nil for NONE.
func (u *usage) report(mode api.Opt[string]) *ddb.ConsumedCapacity {
	if mode.V != ddb.ReturnConsumedCapacityTotal && mode.V != ddb.ReturnConsumedCapacityIndexes {
		return nil
	}
	total := u.table
	for i := range u.indexes {
		total += u.indexes[i].units
	}
	out := &ddb.ConsumedCapacity{TableName: api.Some(u.name), CapacityUnits: api.Some(total)}
	if u.transact {
		out.ReadCapacityUnits, out.WriteCapacityUnits = u.split(total)
	}
	if mode.V == ddb.ReturnConsumedCapacityIndexes {
		u.reportIndexes(out)
	}
	return out
}

func (u *usage) reportIndexes(out *ddb.ConsumedCapacity) {
	table := u.capacity(u.table)
	out.Table = &table
	for i := range u.indexes {
		entry := api.Entry[ddb.Capacity]{Key: u.indexes[i].x.Name, Value: u.capacity(u.indexes[i].units)}
		if u.indexes[i].x.Global {
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, entry)
		} else {
			out.LocalSecondaryIndexes = append(out.LocalSecondaryIndexes, entry)
		}
	}
	u.reportVectors(out)
}

func (u *usage) capacity(units float64) ddb.Capacity {
	c := ddb.Capacity{CapacityUnits: api.Some(units)}
	if u.transact {
		c.ReadCapacityUnits, c.WriteCapacityUnits = u.split(units)
	}
	return c
}

// split names units as those of reads or of writes.
func (u *usage) split(units float64) (read, write api.Opt[float64]) {
	if u.write {
		return read, api.Some(units)
	}
	return api.Some(units), write
}

// reportVectors names each vector index once, whatever number of writes it had.
func (u *usage) reportVectors(out *ddb.ConsumedCapacity) {
	for _, x := range u.vectors {
		i := slices.IndexFunc(out.VectorIndexes, func(e api.Entry[ddb.VectorCapacity]) bool { return e.Key == x.name })
		if i < 0 {
			i = len(out.VectorIndexes)
			out.VectorIndexes = append(out.VectorIndexes, api.Entry[ddb.VectorCapacity]{Key: x.name})
		}
		written := &out.VectorIndexes[i].Value.VectorWriteRequestBytes
		*written = api.Some(written.V + float64(x.bytes))
	}
}
