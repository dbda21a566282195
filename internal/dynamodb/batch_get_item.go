package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// Limits of one BatchGetItem (API reference): keys, and bytes of items, beyond
// which keys are left unprocessed.
const (
	maxBatchGet     = 100
	maxBatchGetSize = 16 << 20
)

// BatchGetItem returns the items of up to 100 keys of one or more tables.
func (e *Engine) BatchGetItem(ctx context.Context, c *api.Caller, in *ddb.BatchGetItemInput) (*ddb.BatchGetItemOutput, error) {
	gets, err := e.batchGets(c, in.RequestItems)
	if err != nil {
		return nil, err
	}
	out := &ddb.BatchGetItemOutput{
		Responses:       api.Map[[]attr.Item]{},
		UnprocessedKeys: api.Map[ddb.KeysAndAttributes]{},
	}
	room := maxBatchGetSize
	for i := range gets {
		g := &gets[i]
		if err := g.read(ctx, e, &room); err != nil {
			return nil, err
		}
		out.Responses = append(out.Responses, api.Entry[[]attr.Item]{Key: g.used.name, Value: g.items})
		if g.left != nil {
			rest := *g.in
			rest.Keys = g.left
			out.UnprocessedKeys = append(out.UnprocessedKeys, api.Entry[ddb.KeysAndAttributes]{Key: g.used.name, Value: rest})
		}
		if report := g.used.report(in.ReturnConsumedCapacity); report != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *report)
		}
	}
	if err := allThrottled(gets); err != nil {
		return nil, err
	}
	return out, e.settleAll(gets)
}

// allThrottled returns an error if every key of a batch was throttled.
func allThrottled(gets []batchGet) (err error) {
	for i := range gets {
		if len(gets[i].left) < len(gets[i].rows) || gets[i].throttled == nil {
			return nil
		}
		err = gets[i].throttled
	}
	return err
}

// settleAll waits until what consistent reads have found is durable. It comes
// after all reads, so that a request waits for the disk about once.
func (e *Engine) settleAll(gets []batchGet) error {
	for i := range gets {
		g := &gets[i]
		if !g.in.ConsistentRead.V {
			continue
		}
		for _, row := range g.rows[:g.reached] {
			if err := e.latchesOf(g.v).settle(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// batchGet is the part of a BatchGetItem that concerns one table.
type batchGet struct {
	in         *ddb.KeysAndAttributes
	projection *expr.Projection
	v          *view
	rows       [][]byte

	items     []attr.Item
	reached   int        // number of keys that were looked at
	left      []attr.Map // keys that were not processed
	throttled error      // why the last of them was, if it was throttled
	used      usage
}

// batchGets checks a batch. The service checks all of it before it looks at any
// table.
func (e *Engine) batchGets(c *api.Caller, tables api.Map[ddb.KeysAndAttributes]) ([]batchGet, error) {
	if text := ddb.BadGetName(tables); text != "" {
		return nil, api.Validation("1 validation error detected: %s", text)
	}
	gets := make([]batchGet, len(tables))
	keys := 0
	for i := range tables {
		g, in := &gets[i], &tables[i].Value
		g.in, g.items, g.used.name = in, []attr.Item{}, tables[i].Key
		var err error
		if g.projection, err = parseProjection(in.AttributesToGet, in.ProjectionExpression, in.ExpressionAttributeNames); err != nil {
			return nil, err
		}
		if err := checkDistinct(in.Keys); err != nil {
			return nil, err
		}
		if keys += len(in.Keys); keys > maxBatchGet {
			return nil, api.Validation("Too many items requested for the BatchGetItem call")
		}
	}
	if err := checkOneStyle(tables); err != nil {
		return nil, err
	}
	for i := range gets {
		if err := gets[i].target(c, e); err != nil {
			return nil, err
		}
	}
	return gets, nil
}

// checkOneStyle refuses a batch that has an expression for one table and
// AttributesToGet for another.
func checkOneStyle(tables api.Map[ddb.KeysAndAttributes]) error {
	var x expressions
	for i := range tables {
		in := &tables[i].Value
		if in.ProjectionExpression.OK {
			x.projection = in.ProjectionExpression
		}
		if in.AttributesToGet != nil {
			x.legacy.attributes = in.AttributesToGet
		}
	}
	return x.checkStyle()
}

func checkDistinct(keys []attr.Map) error {
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		id := string(attr.AppendMap(nil, key))
		if seen[id] {
			return api.Validation("Provided list of item keys contains duplicates")
		}
		seen[id] = true
	}
	return nil
}

// target finds the table and checks the keys against it.
func (g *batchGet) target(c *api.Caller, e *Engine) error {
	v, err := e.view(c, g.used.name)
	if err != nil {
		return err
	}
	g.v, g.rows = v, make([][]byte, len(g.in.Keys))
	for i, key := range g.in.Keys {
		if g.rows[i], err = v.projectedRow(key, g.projection); err != nil {
			return err
		}
	}
	return nil
}

// read reads the items as long as there is room for them.
func (g *batchGet) read(ctx context.Context, e *Engine, room *int) error {
	for i, row := range g.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, ok, err := e.store.Get(row, nil)
		if err != nil {
			return err
		}
		if err := g.v.admitRead(row, raw, g.in.ConsistentRead.V); err != nil {
			g.throttled, g.left = err, append(g.left, g.in.Keys[i])
			g.reached++
			continue
		}
		if ok {
			size, err := attr.SizeEncoded(raw)
			if err != nil {
				return err
			}
			if size > *room {
				g.left = append(g.left, g.in.Keys[g.reached:]...)
				return nil
			}
			*room -= size
			item, err := projected(raw, g.projection)
			if err != nil {
				return err
			}
			g.items = append(g.items, item)
		}
		if err := g.used.addRead(raw, g.in.ConsistentRead.V); err != nil {
			return err
		}
		g.v.accessedRow(row)
		g.reached++
	}
	return nil
}
