package authz

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// access is how a request gets at the items of one table or index: those parts of
// it that condition keys are about. They are worked out only for a policy that
// has such a condition.
type access struct {
	items []attr.Map // keys of items, and items to be put
	// named are the attributes that the request names outright.
	named []string

	names  api.Map[string]
	values attr.Map

	condition, update, filter, key, projection, search api.Opt[string]

	keyConditions api.Map[ddb.Condition]

	statement  api.Opt[string]
	parameters []attr.Value

	reach reach
	// selects and returns are the Select and ReturnValues in force, "" where the
	// operation has no such thing.
	selects, returns string
}

// reach is how an access comes to its items.
type reach uint8

const (
	byItems     reach = iota // it names their keys
	byPartition              // of what it reads it says the partition key
	bySearch                 // the same, if the index has a partition key
	byStatement              // its WHERE says
	byScan                   // it reads all
)

// selecting returns the Select in force for a read with or without a projection.
func selecting(given api.Opt[string], projects, index bool) string {
	switch {
	case given.OK:
		return given.V
	case projects:
		return ddb.SelectSpecificAttributes
	case index:
		return ddb.SelectAllProjectedAttributes
	}
	return ddb.SelectAllAttributes
}

func accessOfGet(in *ddb.GetItemInput) access {
	return access{
		items: []attr.Map{in.Key}, named: in.AttributesToGet, names: in.ExpressionAttributeNames, projection: in.ProjectionExpression,
		selects: selecting(api.Opt[string]{}, in.ProjectionExpression.OK || in.AttributesToGet != nil, false),
	}
}

func accessOfPut(in *ddb.PutItemInput) access {
	return access{
		items: []attr.Map{in.Item}, named: keysOf(in.Expected), names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		condition: in.ConditionExpression, returns: in.ReturnValues.Or(ddb.ReturnValueNone),
	}
}

func accessOfUpdate(in *ddb.UpdateItemInput) access {
	return access{
		items: []attr.Map{in.Key}, named: append(keysOf(in.Expected), keysOf(in.AttributeUpdates)...),
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		condition: in.ConditionExpression, update: in.UpdateExpression, returns: in.ReturnValues.Or(ddb.ReturnValueNone),
	}
}

func accessOfDelete(in *ddb.DeleteItemInput) access {
	return access{
		items: []attr.Map{in.Key}, named: keysOf(in.Expected), names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		condition: in.ConditionExpression, returns: in.ReturnValues.Or(ddb.ReturnValueNone),
	}
}

func accessOfQuery(in *ddb.QueryInput) access {
	return access{
		reach: byPartition, named: append(keysOf(in.QueryFilter), in.AttributesToGet...), keyConditions: in.KeyConditions,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		key: in.KeyConditionExpression, filter: in.FilterExpression, projection: in.ProjectionExpression,
		selects: selecting(in.Select, in.ProjectionExpression.OK || in.AttributesToGet != nil, in.IndexName.OK),
	}
}

func accessOfScan(in *ddb.ScanInput) access {
	return access{
		reach: byScan, named: append(keysOf(in.ScanFilter), in.AttributesToGet...),
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, filter: in.FilterExpression, projection: in.ProjectionExpression,
		selects: selecting(in.Select, in.ProjectionExpression.OK || in.AttributesToGet != nil, in.IndexName.OK),
	}
}

func accessOfSearch(in *ddb.SearchVectorsInput) access {
	return access{
		reach: bySearch, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		search: in.SearchConditionExpression, projection: in.ProjectionExpression,
		selects: selecting(api.Opt[string]{}, in.ProjectionExpression.OK, true),
	}
}

func accessOfKeys(in *ddb.KeysAndAttributes) access {
	return access{
		items: in.Keys, named: in.AttributesToGet, names: in.ExpressionAttributeNames, projection: in.ProjectionExpression,
		selects: selecting(api.Opt[string]{}, in.ProjectionExpression.OK || in.AttributesToGet != nil, false),
	}
}

func accessOfWrites(list []ddb.WriteRequest) (a access) {
	for i := range list {
		if put := list[i].PutRequest; put != nil {
			a.items = append(a.items, put.Item)
		}
		if del := list[i].DeleteRequest; del != nil {
			a.items = append(a.items, del.Key)
		}
	}
	return a
}

// accessOfAction returns the access of one action of a transaction.
func accessOfAction(t *ddb.TransactWriteItem) access {
	switch {
	case t.Put != nil:
		return access{items: []attr.Map{t.Put.Item}, names: t.Put.ExpressionAttributeNames, values: t.Put.ExpressionAttributeValues, condition: t.Put.ConditionExpression}
	case t.Update != nil:
		return access{items: []attr.Map{t.Update.Key}, names: t.Update.ExpressionAttributeNames, values: t.Update.ExpressionAttributeValues,
			condition: t.Update.ConditionExpression, update: t.Update.UpdateExpression}
	case t.Delete != nil:
		return access{items: []attr.Map{t.Delete.Key}, names: t.Delete.ExpressionAttributeNames, values: t.Delete.ExpressionAttributeValues, condition: t.Delete.ConditionExpression}
	case t.ConditionCheck != nil:
		return access{items: []attr.Map{t.ConditionCheck.Key}, names: t.ConditionCheck.ExpressionAttributeNames, values: t.ConditionCheck.ExpressionAttributeValues,
			condition: t.ConditionCheck.ConditionExpression}
	}
	return access{}
}

// accessOfStatement returns the access of a statement of PartiQL.
func accessOfStatement(text string, parameters []attr.Value) access {
	return access{reach: byStatement, statement: api.Some(text), parameters: parameters}
}

// parse reads the statement.
func (a *access) parse() (*partiql.Statement, bool) {
	s, err := partiql.Parse(a.statement.V, a.parameters)
	return s, err == nil
}

func keysOf[T any](m api.Map[T]) []string {
	list := make([]string, 0, len(m))
	for i := range m {
		list = append(list, m[i].Key)
	}
	return list
}
