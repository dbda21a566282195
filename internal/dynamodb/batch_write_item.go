package dynamodb

import (
	"bytes"
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxBatchWrite is the number of writes that one BatchWriteItem takes.
const maxBatchWrite = 25

// BatchWriteItem puts and deletes up to 25 items of one or more tables. Only what
// a transaction is in the way of, and what is throttled, is left unprocessed. The
// writes are one commit, unless the items are so large that their index entries and
// stream records might be too much for one.
func (e *Engine) BatchWriteItem(_ context.Context, c *api.Caller, in *ddb.BatchWriteItemInput) (*ddb.BatchWriteItemOutput, error) {
	writes, usages, err := e.batchWrites(c, in)
	if err != nil {
		return nil, err
	}
	for rest := e.setAside(writes); len(rest) > 0; {
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
	out := &ddb.BatchWriteItemOutput{UnprocessedItems: unprocessed(in.RequestItems, writes)}
	done, usages := doneOf(writes, usages)
	if err := throttledWhole(writes); err != nil {
		return nil, err
	}
	out.ItemCollectionMetrics = collections(done, in.ReturnItemCollectionMetrics)
	out.ConsumedCapacity = consumedByTable(done, usages, in.ReturnConsumedCapacity)
	return out, nil
}

// batchWrites makes the writes of a batch and, for each, the usage of its
// table. The service checks the shape of every request before it looks at any
// table.
func (e *Engine) batchWrites(c *api.Caller, in *ddb.BatchWriteItemInput) ([]*write, []*usage, error) {
	n, err := checkBatch(in.RequestItems)
	if err != nil {
		return nil, nil, err
	}
	room, writes, usages := make([]write, n), make([]*write, 0, n), make([]*usage, 0, n)
	for _, entry := range in.RequestItems {
		u := &usage{name: entry.Key, write: true}
		for i := range entry.Value {
			w := &room[len(writes)]
			w.apart = true
			if err := e.batchWrite(c, w, entry.Key, &entry.Value[i]); err != nil {
				return nil, nil, err
			}
			writes, usages = append(writes, w), append(usages, u)
		}
	}
	if repeated(writes) {
		return nil, nil, api.Validation("Provided list of item keys contains duplicates")
	}
	return writes, usages, nil
}

// setAside finds the writes of a batch whose items are part of an ongoing
// transaction, and returns the others.
func (e *Engine) setAside(writes []*write) []*write {
	if e.ongoing.idle() {
		return writes
	}
	free := make([]*write, 0, len(writes))
	for _, w := range writes {
		if w.aside = e.ongoing.has(w.row); !w.aside {
			free = append(free, w)
		}
	}
	return free
}

// unprocessed returns the requests whose writes were not done, as the answer names
// them.
func unprocessed(tables api.Map[[]ddb.WriteRequest], writes []*write) api.Map[[]ddb.WriteRequest] {
	out := api.Map[[]ddb.WriteRequest]{}
	next := 0
	for _, entry := range tables {
		var left []ddb.WriteRequest
		for i := range entry.Value {
			if w := writes[next]; w.aside || w.throttled != nil {
				left = append(left, entry.Value[i])
			}
			next++
		}
		if left != nil {
			out = append(out, api.Entry[[]ddb.WriteRequest]{Key: entry.Key, Value: left})
		}
	}
	return out
}

// throttledWhole returns an error if every write of a batch was throttled.
func throttledWhole(writes []*write) error {
	var err error
	for _, w := range writes {
		if w.throttled == nil {
			return nil
		}
		err = w.throttled
	}
	return err
}

// doneOf returns the writes of a batch that were done, and their usages.
func doneOf(writes []*write, usages []*usage) (done []*write, of []*usage) {
	if !slices.ContainsFunc(writes, func(w *write) bool { return w.aside || w.throttled != nil }) {
		return writes, usages
	}
	for i, w := range writes {
		if !w.aside && w.throttled == nil {
			done, of = append(done, w), append(of, usages[i])
		}
	}
	return done, of
}

// repeated reports whether two of the writes are to the same item.
func repeated(writes []*write) bool {
	var few [4][]byte
	rows := few[:0]
	for _, w := range writes {
		rows = append(rows, w.row)
	}
	slices.SortFunc(rows, bytes.Compare)
	for i := 1; i < len(rows); i++ {
		if bytes.Equal(rows[i-1], rows[i]) {
			return true
		}
	}
	return false
}

// checkBatch checks the requests of all tables and returns their number.
func checkBatch(tables api.Map[[]ddb.WriteRequest]) (n int, err error) {
	if text := ddb.BadWriteName(tables); text != "" {
		return 0, api.Validation("1 validation error detected: %s", text)
	}
	for _, entry := range tables {
		n += len(entry.Value)
		for i := range entry.Value {
			r := &entry.Value[i]
			if (r.PutRequest == nil) == (r.DeleteRequest == nil) {
				return 0, api.Validation("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			}
			if r.PutRequest != nil && r.PutRequest.Item.Size() > maxItemSize {
				return 0, api.Validation(msgItemSize)
			}
		}
	}
	if n > maxBatchWrite {
		return 0, api.Validation("Too many items requested for the BatchWriteItem call")
	}
	return n, nil
}

// batchWrite makes the write of one request.
func (e *Engine) batchWrite(c *api.Caller, w *write, tableName string, r *ddb.WriteRequest) error {
	if r.PutRequest == nil {
		w.op = opDelete
		return e.targetKey(c, w, tableName, r.DeleteRequest.Key)
	}
	w.op, w.item = opPut, r.PutRequest.Item
	if err := w.measure(); err != nil {
		return err
	}
	return e.targetPut(c, w, tableName, (*view).checkBatchItemKey)
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
		m := w.collectionMetrics(mode)
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
