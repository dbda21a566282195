package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeGlobalTableSettings finds no global table of version 2017.11.29.
func (e *Engine) DescribeGlobalTableSettings(_ context.Context, _ *api.Caller, in *ddb.DescribeGlobalTableSettingsInput) (*ddb.DescribeGlobalTableSettingsOutput, error) {
	return nil, errNoGlobalTable(in.GlobalTableName.V)
}
