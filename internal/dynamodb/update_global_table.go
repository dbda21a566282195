package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// UpdateGlobalTable adds no replica and finds no global table of version 2017.11.29.
func (e *Engine) UpdateGlobalTable(_ context.Context, _ *api.Caller, in *ddb.UpdateGlobalTableInput) (*ddb.UpdateGlobalTableOutput, error) {
	if len(in.ReplicaUpdates) == 0 {
		return nil, api.Validation("One or more parameter values were invalid")
	}
	for i := range in.ReplicaUpdates {
		if in.ReplicaUpdates[i].Create != nil {
			return nil, errNoLegacy()
		}
	}
	return nil, errNoGlobalTable(in.GlobalTableName.V)
}
