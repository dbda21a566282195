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
	w := &write{op: opPut, item: in.Item, keep: keepsItem(in.ReturnValuesOnConditionCheckFailure)}
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
	return &ddb.PutItemOutput{
		Attributes:            w.allOld(in.ReturnValues),
		ConsumedCapacity:      w.consumed(in.TableName.V, in.ReturnConsumedCapacity),
		ItemCollectionMetrics: w.collectionMetrics(in.ReturnItemCollectionMetrics),
	}, nil
}

// targetItem finds the table of a put and checks the item against it.
func (e *Engine) targetItem(c *api.Caller, w *write, tableName string) error {
	return e.targetPut(c, w, tableName, (*view).keyOfItem)
}

func (e *Engine) targetPut(c *api.Caller, w *write, tableName string, keyOf func(*view, attr.Map) ([]byte, error)) error {
	w.key = w.item
	if err := e.target(c, w, tableName, keyOf); err != nil {
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
	return e.target(c, w, tableName, (*view).keyOf)
}

func (e *Engine) target(c *api.Caller, w *write, tableName string, keyOf func(*view, attr.Map) ([]byte, error)) (err error) {
	if w.table, err = e.lookup(c, tableName); err != nil {
		return err
	}
	if w.v = w.table.open(); w.v == nil {
		return errNoResource()
	}
	if w.v.CounterOf != "" {
		return errCounter(w.v.descriptor)
	}
	w.row, err = keyOf(w.v, w.key)
	return err
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
