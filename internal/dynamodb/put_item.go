package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// PutItem creates an item or replaces it whole.
func (e *Engine) PutItem(_ context.Context, c *api.Caller, in *ddb.PutItemInput) (*ddb.PutItemOutput, error) {
	x := expressions{
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, condition: in.ConditionExpression,
		legacy: legacy{expected: in.Expected, operator: in.ConditionalOperator},
	}
	if err := x.checkTogether(); err != nil {
		return nil, api.Enveloped(err)
	}
	if err := onlyAllOld(in.ReturnValues); err != nil {
		return nil, api.Enveloped(err)
	}
	both := &answered[ddb.PutItemOutput]{}
	w, out := &both.write, &both.out
	w.op, w.item, w.keep = opPut, in.Item, keepsItem(in.ReturnValuesOnConditionCheckFailure)
	if err := w.measure(); err != nil {
		return nil, err
	}
	p, err := x.parse()
	if err != nil {
		return nil, api.Enveloped(err)
	}
	w.cond = p.condition
	if err := e.targetItem(c, w, in.TableName.V); err != nil {
		return nil, err
	}
	if err := e.commitOne(w); err != nil {
		return nil, err
	}
	out.Attributes = w.allOld(in.ReturnValues)
	out.ConsumedCapacity = w.consumed(in.TableName.V, in.ReturnConsumedCapacity)
	out.ItemCollectionMetrics = w.collectionMetrics(in.ReturnItemCollectionMetrics)
	return out, nil
}

// answered is a write and the answer to its request, in one allocation.
type answered[Output any] struct {
	write write
	out   Output
}

// targetItem finds the table of a put and checks the item against it.
func (e *Engine) targetItem(c *api.Caller, w *write, tableName string) error {
	return e.targetPut(c, w, tableName, (*view).checkItemKey)
}

func (e *Engine) targetPut(c *api.Caller, w *write, tableName string, check func(*view, attr.Map) error) error {
	w.key = w.item
	if err := e.target(c, w, tableName, check); err != nil {
		return err
	}
	if err := w.v.checkIndexKeys(w.item); err != nil {
		return err
	}
	if !w.v.fits(w.item, w.size) {
		return api.Validation(msgItemSize)
	}
	return nil
}

// measure finds the size of the item of a put and refuses one that is too large.
func (w *write) measure() error {
	if w.size = w.item.Size(); w.size > maxItemSize {
		return api.Validation(msgItemSize)
	}
	return nil
}

// targetKey finds the table of any other write and checks the key against it.
func (e *Engine) targetKey(c *api.Caller, w *write, tableName string, key attr.Map) error {
	w.key = key
	return e.target(c, w, tableName, (*view).checkKey)
}

func (e *Engine) target(c *api.Caller, w *write, tableName string, check func(*view, attr.Map) error) (err error) {
	if w.table, err = e.lookup(c, tableName); err != nil {
		return err
	}
	if w.v = w.table.open(); w.v == nil {
		return errNoResource()
	}
	if w.v.CounterOf != "" {
		return errCounter(w.v.descriptor)
	}
	if err := check(w.v, w.key); err != nil {
		return err
	}
	w.row = w.v.appendRow(w.rowRoom[:0], w.key)
	return nil
}

// commitOne carries out a write that is an operation of its own.
func (e *Engine) commitOne(w *write) error {
	if e.ongoing.has(w.row) {
		return errConflict()
	}
	failed, err := e.commit([]*write{w}, nil)
	if err != nil {
		return err
	}
	if failed != nil {
		return failed[0]
	}
	return nil
}

// onlyAllOld checks ReturnValues where only the old item can be returned.
func onlyAllOld(rv api.Opt[string]) error {
	if rv.OK && rv.V != ddb.ReturnValueAllOld && rv.V != ddb.ReturnValueNone {
		return api.Validation("ReturnValues can only be ALL_OLD or NONE")
	}
	return nil
}

// keepsItem reports whether a failed condition returns the item.
func keepsItem(mode api.Opt[string]) bool {
	return mode.V == ddb.ReturnValuesOnConditionCheckFailureAllOld
}

// allOld returns the item before the write where ReturnValues asks for it.
func (w *write) allOld(rv api.Opt[string]) attr.Item {
	if rv.V != ddb.ReturnValueAllOld || !w.existed {
		return attr.Item{}
	}
	return attr.EncodedItem(w.oldRaw)
}

// consumed returns what the write cost, in the form asked for.
func (w *write) consumed(tableName string, mode api.Opt[string]) *ddb.ConsumedCapacity {
	if mode.V == "" || mode.V == ddb.ReturnConsumedCapacityNone {
		return nil
	}
	u := usage{name: tableName, write: true}
	u.addWrite(w)
	return u.report(mode)
}
