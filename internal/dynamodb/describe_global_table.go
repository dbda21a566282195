package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeGlobalTable finds no global table of version 2017.11.29.
func (e *Engine) DescribeGlobalTable(_ context.Context, _ *api.Caller, in *ddb.DescribeGlobalTableInput) (*ddb.DescribeGlobalTableOutput, error) {
	return nil, api.Errorf(ddb.CodeGlobalTableNotFoundException, "Global table not found: Global table with name: '%s' does not exist.", in.GlobalTableName.V)
}
