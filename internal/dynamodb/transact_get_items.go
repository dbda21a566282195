package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// TransactGetItems returns up to 100 items as they were at one moment.
func (e *Engine) TransactGetItems(_ context.Context, c *api.Caller, in *ddb.TransactGetItemsInput) (*ddb.TransactGetItemsOutput, error) {
	gets, err := e.transactGets(c, in.TransactItems)
	if err != nil {
		return nil, err
	}
	out := &ddb.TransactGetItemsOutput{}
	out.Responses, out.ConsumedCapacity, err = e.getTogether(gets, in.ReturnConsumedCapacity)
	return out, err
}

// getTogether reads the items and makes the answer of them.
func (e *Engine) getTogether(gets []transactGet, mode api.Opt[string]) ([]ddb.ItemResponse, []ddb.ConsumedCapacity, error) {
	if err := e.checkConflicts(gets); err != nil {
		return nil, nil, err
	}
	if err := e.readTogether(gets); err != nil {
		return nil, nil, err
	}
	failed, err := admitGets(gets)
	if err != nil {
		return nil, nil, err
	}
	if failed != nil {
		return nil, nil, cancellation(failed)
	}
	responses := make([]ddb.ItemResponse, len(gets))
	for i := range gets {
		var err error
		if responses[i].Item, err = gets[i].item(); err != nil {
			return nil, nil, err
		}
	}
	used, err := transactGetConsumed(gets, mode)
	return responses, used, err
}

// transactGet is one item of the request.
type transactGet struct {
	table      string // as the request names it
	projection *expr.Projection
	v          *view
	row        []byte
	raw        []byte
	found      bool
}

// item is what the answer shows: none if the projection leaves nothing, where
// GetItem shows an empty one.
func (g *transactGet) item() (attr.Item, error) {
	if !g.found {
		return attr.Item{}, nil
	}
	item, err := projected(g.raw, g.projection)
	if err != nil || g.projection == nil {
		return item, err
	}
	if shown, err := item.Map(); err != nil || len(shown) == 0 {
		return attr.Item{}, err
	}
	return item, nil
}

// transactGets checks the request: every expression first, then the tables and
// keys. A key that does not fit its table cancels the transaction.
func (e *Engine) transactGets(c *api.Caller, items []ddb.TransactGetItem) ([]transactGet, error) {
	gets := make([]transactGet, len(items))
	for i := range items {
		in := items[i].Get
		if in == nil {
			return nil, api.Validation("TransactItems can only contain Get")
		}
		x := expressions{names: in.ExpressionAttributeNames, projection: in.ProjectionExpression, idle: true}
		p, err := x.parse()
		if err != nil {
			return nil, err
		}
		gets[i].table, gets[i].projection = in.TableName.V, p.projection
	}
	seen := make(map[string]bool, len(gets))
	for i := range gets {
		g := &gets[i]
		v, err := e.view(c, g.table)
		if err != nil {
			return nil, err
		}
		if err := v.admitTransaction(); err != nil {
			return nil, err
		}
		if g.row, err = v.projectedRow(items[i].Get.Key, g.projection); err != nil {
			return nil, cancelled(len(gets), i, err)
		}
		g.v = v
		if seen[string(g.row)] {
			return nil, api.Validation(msgTransactionRepeats)
		}
		seen[string(g.row)] = true
	}
	return gets, nil
}

// checkConflicts refuses to read items that a transaction is about to change.
func (e *Engine) checkConflicts(gets []transactGet) error {
	var failed []error
	for i := range gets {
		if !e.ongoing.has(gets[i].row) {
			continue
		}
		if failed == nil {
			failed = make([]error, len(gets))
		}
		failed[i] = errConflict()
	}
	if failed == nil {
		return nil
	}
	return cancellation(failed)
}

// readTogether reads the items of one moment and waits until what it found is
// durable. A batch is applied as a whole, so a snapshot never shows a part of a
// transaction, and no writer has to wait for the reader.
func (e *Engine) readTogether(gets []transactGet) error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	size := 0
	for i := range gets {
		g := &gets[i]
		var err error
		if g.raw, g.found, err = snapshot.Get(g.row, nil); err != nil {
			return err
		}
		g.v.accessedRow(g.row)
		if !g.found {
			continue
		}
		n, err := attr.SizeEncoded(g.raw)
		if err != nil {
			return err
		}
		if size += n; size > maxTransactionSize {
			return api.Validation(msgTransactionSize)
		}
	}
	for i := range gets {
		if err := e.latchesOf(gets[i].v).settle(gets[i].row); err != nil {
			return err
		}
	}
	return nil
}

// transactGetConsumed returns the capacity by table, in the order of the
// request.
func transactGetConsumed(gets []transactGet, mode api.Opt[string]) ([]ddb.ConsumedCapacity, error) {
	if mode.V == "" || mode.V == ddb.ReturnConsumedCapacityNone {
		return nil, nil
	}
	var usages []*usage
	for i := range gets {
		u := usageOf(&usages, gets[i].table)
		u.write = false
		if err := u.addRead(gets[i].raw, true); err != nil {
			return nil, err
		}
	}
	list := make([]ddb.ConsumedCapacity, len(usages))
	for i, u := range usages {
		list[i] = *u.report(mode)
	}
	return list, nil
}
