package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// tableOperations are those that manage tables and say what there is.
func (e *Engine) tableOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "CreateTable", api.Control, "whole, but for vector indexes, global tables and resource policies; the table is usable at once", e.CreateTable),
		api.Op(ddb.Target, "DescribeTable", api.Control, "whole; counts and sizes are those of the moment, not of six hours ago", e.DescribeTable),
		api.Op(ddb.Target, "ListTables", api.Control, "whole", e.ListTables),
		api.Op(ddb.Target, "DeleteTable", api.Control, "whole; the table and its stream are gone at once", e.DeleteTable),
	}
}
