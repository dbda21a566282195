package dynamodb

import (
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxListTables is the number of names in one page.
const maxListTables = 100

// ListTables returns the names of the caller's tables in byte order.
func (e *Engine) ListTables(_ context.Context, c *api.Caller, in *ddb.ListTablesInput) (*ddb.ListTablesOutput, error) {
	names := e.tableNames(c.Namespace)
	if after := in.ExclusiveStartTableName; after.OK {
		i, found := slices.BinarySearch(names, after.V)
		if found {
			i++
		}
		names = names[i:]
	}
	out := &ddb.ListTablesOutput{TableNames: names}
	if limit := int(in.Limit.Or(maxListTables)); len(names) > limit {
		out.TableNames = names[:limit]
		out.LastEvaluatedTableName = api.Some(names[limit-1])
	}
	return out, nil
}

// tableNames returns the names of a namespace's tables, sorted.
func (e *Engine) tableNames(ns api.Namespace) []string {
	names := []string{}
	e.catalog.RLock()
	for id := range e.catalog.tables {
		if id.ns == ns {
			names = append(names, id.name)
		}
	}
	e.catalog.RUnlock()
	slices.Sort(names)
	return names
}
