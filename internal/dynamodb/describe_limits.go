package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeLimits returns the quotas, which are the service's defaults.
func (e *Engine) DescribeLimits(context.Context, *api.Caller, *ddb.DescribeLimitsInput) (*ddb.DescribeLimitsOutput, error) {
	return &ddb.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits:  api.Some[int64](accountQuota),
		AccountMaxWriteCapacityUnits: api.Some[int64](accountQuota),
		TableMaxReadCapacityUnits:    api.Some[int64](tableQuota),
		TableMaxWriteCapacityUnits:   api.Some[int64](tableQuota),
	}, nil
}
