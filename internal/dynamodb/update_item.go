package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// UpdateItem changes attributes of an item, or creates it.
func (e *Engine) UpdateItem(_ context.Context, c *api.Caller, in *ddb.UpdateItemInput) (*ddb.UpdateItemOutput, error) {
	x := expressions{
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		update: in.UpdateExpression, condition: in.ConditionExpression,
		legacy: legacy{updates: in.AttributeUpdates, expected: in.Expected, operator: in.ConditionalOperator},
	}
	p, err := x.parse()
	if err != nil {
		return nil, api.Enveloped(err)
	}
	both := &answered[ddb.UpdateItemOutput]{}
	w, out := &both.write, &both.out
	w.op, w.update, w.cond, w.keep = opUpdate, p.update, p.condition, keepsItem(in.ReturnValuesOnConditionCheckFailure)
	if err := e.targetUpdate(c, w, in.TableName.V, in.Key); err != nil {
		return nil, err
	}
	if in.UpdateExpression.OK && w.update.Charge() > maxItemSize {
		return nil, api.Validation(msgUpdateItemSize)
	}
	if err := e.commitOne(w); err != nil {
		return nil, err
	}
	out.Attributes = w.updated(in.ReturnValues)
	out.ConsumedCapacity = w.consumed(in.TableName.V, in.ReturnConsumedCapacity)
	out.ItemCollectionMetrics = w.collectionMetrics(in.ReturnItemCollectionMetrics)
	return out, nil
}

// targetUpdate is targetKey for an update, which must leave the key alone.
func (e *Engine) targetUpdate(c *api.Caller, w *write, tableName string, key attr.Map) error {
	if err := e.targetKey(c, w, tableName, key); err != nil {
		return err
	}
	return checkTargets(w.v, w.update)
}

// checkTargets checks what an update changes against its table.
func checkTargets(v *view, u *expr.Update) error {
	if u == nil {
		return nil
	}
	for _, a := range v.Key.attrs() {
		if err := u.CheckKeys(a.Name); err != nil {
			return invalid(err)
		}
	}
	return v.checkIndexUpdate(u)
}

// updated returns what ReturnValues asks for.
func (w *write) updated(rv api.Opt[string]) attr.Item {
	switch rv.V {
	case ddb.ReturnValueAllOld:
		return w.allOld(rv)
	case ddb.ReturnValueAllNew:
		if w.newRaw == nil {
			return attr.Item{}
		}
		return attr.EncodedItem(w.newRaw)
	case ddb.ReturnValueUpdatedOld:
		return w.touched(w.old)
	case ddb.ReturnValueUpdatedNew:
		return w.touched(w.new)
	}
	return attr.Item{}
}

// touched returns the attributes of item that the update names, none if there
// are none.
func (w *write) touched(item attr.Map) attr.Item {
	if w.update == nil || item == nil {
		return attr.Item{}
	}
	m := w.update.Project(item)
	if len(m) == 0 {
		return attr.Item{}
	}
	return attr.ItemOf(m)
}
