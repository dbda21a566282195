package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/expr"
)

// GetItem returns the item of a key, if there is one.
func (e *Engine) GetItem(_ context.Context, c *api.Caller, in *ddb.GetItemInput) (*ddb.GetItemOutput, error) {
	projection, err := parseProjection(in.AttributesToGet, in.ProjectionExpression, in.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	v, err := e.view(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	row, err := v.projectedRow(in.Key, projection)
	if err != nil {
		return nil, err
	}
	v.accessedRow(row)
	raw, ok, err := e.store.Get(row, nil)
	if err == nil {
		err = v.admitRead(row, raw, in.ConsistentRead.V)
	}
	if err == nil && in.ConsistentRead.V {
		err = e.latchesOf(v).settle(row)
	}
	if err != nil {
		return nil, err
	}
	out := &ddb.GetItemOutput{}
	if mode := in.ReturnConsumedCapacity; mode.V != "" && mode.V != ddb.ReturnConsumedCapacityNone {
		u := usage{name: in.TableName.V}
		if err := u.addRead(raw, in.ConsistentRead.V); err != nil {
			return nil, err
		}
		out.ConsumedCapacity = u.report(mode)
	}
	if ok {
		out.Item, err = projected(raw, projection)
	}
	return out, err
}

// parseProjection parses the projection of a request that gets items by their
// keys; nil for all attributes.
func parseProjection(attributes []string, projection api.Opt[string], names api.Map[string]) (*expr.Projection, error) {
	if !projection.OK && names == nil && attributes == nil {
		return nil, nil
	}
	x := expressions{names: names, projection: projection, legacy: legacy{attributes: attributes}}
	p, err := x.parse()
	return p.projection, err
}

// projectedRow checks a key, and a projection (which may be nil) against the
// table, and returns the row of the key.
func (v *view) projectedRow(key attr.Map, projection *expr.Projection) ([]byte, error) {
	if err := v.checkKey(key); err != nil {
		return nil, err
	}
	if projection != nil {
		if err := v.checkScalars(projection); err != nil {
			return nil, err
		}
	}
	return v.row(key), nil
}

// projected makes an answer's item of a stored one. Without a projection the
// bytes go to the wire as they are.
func projected(raw []byte, projection *expr.Projection) (attr.Item, error) {
	if projection == nil {
		return attr.EncodedItem(raw), nil
	}
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return attr.Item{}, err
	}
	return attr.ItemOf(projection.Apply(item)), nil
}

// addRead adds what reading one item costs; raw is empty where there is none.
func (u *usage) addRead(raw []byte, consistent bool) error {
	size := 0
	if len(raw) > 0 {
		var err error
		if size, err = attr.SizeEncoded(raw); err != nil {
			return err
		}
	}
	units := capacity.ReadUnits(size, consistent)
	if u.transact {
		units *= capacity.TransactionFactor
	}
	u.table += units
	return nil
}
