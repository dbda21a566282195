package dynamodb

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// Operations returns the operation table of DynamoDB and DynamoDB Streams,
// sorted by target and name. Operations of the services that the engine does
// not have yet stand in it without a handler.
func (e *Engine) Operations() []api.Operation {
	ops := slices.Concat(e.itemOperations(), e.readOperations(), e.tableOperations(), e.globalOperations(), e.backupOperations(), e.streamOperations(), e.counterOperations())
	ops = withUnknown(ops, ddb.Target, ddb.OperationNames)
	ops = withUnknown(ops, streams.Target, streams.OperationNames)
	slices.SortFunc(ops, func(a, b api.Operation) int {
		return strings.Compare(a.Target+"."+a.Name, b.Target+"."+b.Name)
	})
	return ops
}

// withUnknown adds a row without handler for each operation that has none.
func withUnknown(ops []api.Operation, target string, names []string) []api.Operation {
	for _, name := range names {
		known := slices.ContainsFunc(ops, func(op api.Operation) bool { return op.Target == target && op.Name == name })
		if !known {
			ops = append(ops, api.Operation{Target: target, Name: name, Doc: "not implemented yet"})
		}
	}
	return ops
}

// itemOperations are those that write items.
func (e *Engine) itemOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "PutItem", api.Write, "whole", e.PutItem).Checking(api.CheckEnveloped),
		api.Op(ddb.Target, "UpdateItem", api.Write, "whole", e.UpdateItem).Checking(api.CheckEnveloped),
		api.Op(ddb.Target, "DeleteItem", api.Write, "whole", e.DeleteItem).Checking(api.CheckEnveloped),
		api.Op(ddb.Target, "BatchWriteItem", api.Write, "whole; the writes of one call, up to 4 MB of items, become visible together, which the service does not promise; those that a transaction is in the way of are left unprocessed", e.BatchWriteItem),
		api.Op(ddb.Target, "TransactWriteItems", api.Write, "whole", e.TransactWriteItems),
		api.Op(ddb.Target, "ExecuteStatement", api.Write, "whole; a NextToken does not expire", e.ExecuteStatement),
		api.Op(ddb.Target, "BatchExecuteStatement", api.Write, "whole", e.BatchExecuteStatement),
		api.Op(ddb.Target, "ExecuteTransaction", api.Write, "whole", e.ExecuteTransaction),
	}
}
