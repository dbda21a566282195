package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// CreateGlobalTable refuses to make a global table of version 2017.11.29.
func (e *Engine) CreateGlobalTable(_ context.Context, _ *api.Caller, _ *ddb.CreateGlobalTableInput) (*ddb.CreateGlobalTableOutput, error) {
	return nil, errNoLegacy()
}
