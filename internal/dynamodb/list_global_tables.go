package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// ListGlobalTables lists the global tables of version 2017.11.29: none.
func (e *Engine) ListGlobalTables(_ context.Context, _ *api.Caller, _ *ddb.ListGlobalTablesInput) (*ddb.ListGlobalTablesOutput, error) {
	return &ddb.ListGlobalTablesOutput{GlobalTables: []ddb.GlobalTable{}}, nil
}
