package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DeleteItem deletes an item; deleting an absent one succeeds.
func (e *Engine) DeleteItem(_ context.Context, c *api.Caller, in *ddb.DeleteItemInput) (*ddb.DeleteItemOutput, error) {
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
	p, err := x.parse()
	if err != nil {
		return nil, api.Enveloped(err)
	}
	both := &answered[ddb.DeleteItemOutput]{}
	w, out := &both.write, &both.out
	w.op, w.cond, w.keep = opDelete, p.condition, keepsItem(in.ReturnValuesOnConditionCheckFailure)
	if err := e.targetKey(c, w, in.TableName.V, in.Key); err != nil {
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
