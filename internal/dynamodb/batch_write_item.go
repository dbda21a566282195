package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxBatchWrite is the number of writes that one BatchWriteItem takes.
const maxBatchWrite = 25

// BatchWriteItem puts and deletes up to 25 items of one or more tables. Nothing
// is left unprocessed. The writes are one commit, unless the items are so large
// that their index entries and stream records might be too much for one.
func (e *Engine) BatchWriteItem(_ context.Context, c *api.Caller, in *ddb.BatchWriteItemInput) (*ddb.BatchWriteItemOutput, error) {
	writes, usages, err := e.batchWrites(c, in)
	if err != nil {
		return nil, err
	}
	for rest := writes; len(rest) > 0; {
		n := fitting(rest)
		failed, err := e.commit(rest[:n], nil)
		if err == nil {
			err = first(failed)
		}
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	out := &ddb.BatchWriteItemOutput{UnprocessedItems: api.Map[[]ddb.WriteRequest]{}}
	out.ItemCollectionMetrics = collections(writes, in.ReturnItemCollectionMetrics)
	out.ConsumedCapacity = consumedByTable(writes, usages, in.ReturnConsumedCapacity)
	return out, nil
}

// batchWrites makes the writes of a batch and, for each, the usage of its
// table. The service checks the shape of every request before it looks at any
// table.
func (e *Engine) batchWrites(c *api.Caller, in *ddb.BatchWriteItemInput) ([]*write, []*usage, error) {
	if err := checkBatch(in.RequestItems); err != nil {
		return nil, nil, err
	}
	var writes []*write
	var usages []*usage
	seen := map[string]bool{}
	for _, entry := range in.RequestItems {
		u := &usage{name: entry.Key, write: true}
		for i := range entry.Value {
			w, err := e.batchWrite(c, entry.Key, &entry.Value[i])
			if err != nil {
				return nil, nil, err
			}
			if seen[string(w.row)] {
				return nil, nil, api.Validation("Provided list of item keys contains duplicates")
			}
			seen[string(w.row)] = true
			writes, usages = append(writes, w), append(usages, u)
		}
	}
	return writes, usages, nil
}

func checkBatch(tables api.Map[[]ddb.WriteRequest]) error {
	n := 0
	for _, entry := range tables {
		n += len(entry.Value)
		for i := range entry.Value {
			r := &entry.Value[i]
			if (r.PutRequest == nil) == (r.DeleteRequest == nil) {
				return api.Validation("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			}
			if r.PutRequest != nil && r.PutRequest.Item.Size() > maxItemSize {
				return api.Validation(msgItemSize)
			}
		}
	}
	if n > maxBatchWrite {
		return api.Validation("Too many items requested for the BatchWriteItem call")
	}
	return nil
}

func (e *Engine) batchWrite(c *api.Caller, tableName string, r *ddb.WriteRequest) (*write, error) {
	if r.PutRequest != nil {
		w := &write{op: opPut, item: r.PutRequest.Item}
		if err := w.measure(); err != nil {
			return nil, err
		}
		return w, e.targetPut(c, w, tableName, (*view).keyOfBatchItem)
	}
	w := &write{op: opDelete}
	return w, e.targetKey(c, w, tableName, r.DeleteRequest.Key)
}

// fitting returns how many of the writes one commit takes: at least one, and no
// more than maxTransactionSize of items.
func fitting(writes []*write) int {
	size := 0
	for i, w := range writes {
		if size += w.size; size > maxTransactionSize {
			return max(1, i)
		}
	}
	return len(writes)
}

// first returns the first error of a list.
func first(failed []error) error {
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// consumedByTable adds up the writes into the usage of their tables and
// returns one report a table, in the order of the request.
func consumedByTable(writes []*write, usages []*usage, mode api.Opt[string]) []ddb.ConsumedCapacity {
	if mode.V == "" || mode.V == ddb.ReturnConsumedCapacityNone {
		return nil
	}
	var list []ddb.ConsumedCapacity
	for i, w := range writes {
		usages[i].addWrite(w)
		if i+1 == len(writes) || usages[i+1] != usages[i] {
			list = append(list, *usages[i].report(mode))
		}
	}
	return list
}

// collections returns the item collection metrics by table.
func collections(writes []*write, mode api.Opt[string]) api.Map[[]ddb.ItemCollectionMetrics] {
	var out api.Map[[]ddb.ItemCollectionMetrics]
	for _, w := range writes {
		m := w.collection(mode)
		if m == nil {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Key == w.v.Name {
			out[n-1].Value = append(out[n-1].Value, *m)
			continue
		}
		out = append(out, api.Entry[[]ddb.ItemCollectionMetrics]{Key: w.v.Name, Value: []ddb.ItemCollectionMetrics{*m}})
	}
	return out
}
