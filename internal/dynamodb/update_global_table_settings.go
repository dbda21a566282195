package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// UpdateGlobalTableSettings finds no global table of version 2017.11.29.
func (e *Engine) UpdateGlobalTableSettings(_ context.Context, _ *api.Caller, in *ddb.UpdateGlobalTableSettingsInput) (*ddb.UpdateGlobalTableSettingsOutput, error) {
	return nil, errNoGlobalTable(in.GlobalTableName.V)
}
