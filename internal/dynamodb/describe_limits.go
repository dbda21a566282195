package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// The default quotas in capacity units of an account and a table, for reads and
// for writes (Developer Guide, "Service, account, and table quotas").
const (
	accountQuota = 80000
	tableQuota   = 40000
)

// DescribeLimits returns the default quotas. Levee does not enforce them.
func (e *Engine) DescribeLimits(context.Context, *api.Caller, *ddb.DescribeLimitsInput) (*ddb.DescribeLimitsOutput, error) {
	return &ddb.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits:  api.Some[int64](accountQuota),
		AccountMaxWriteCapacityUnits: api.Some[int64](accountQuota),
		TableMaxReadCapacityUnits:    api.Some[int64](tableQuota),
		TableMaxWriteCapacityUnits:   api.Some[int64](tableQuota),
	}, nil
}
