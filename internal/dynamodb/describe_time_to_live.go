package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeTimeToLive returns the TTL setting of a table.
func (e *Engine) DescribeTimeToLive(_ context.Context, c *api.Caller, in *ddb.DescribeTimeToLiveInput) (*ddb.DescribeTimeToLiveOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	// What another caller changed may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if v.hidden {
		return nil, api.Validation("Cannot describe time to live while table is in %s state: Current table state is %[1]s", v.status())
	}
	return &ddb.DescribeTimeToLiveOutput{TimeToLiveDescription: v.describeTTL()}, nil
}

func (v *view) describeTTL() *ddb.TimeToLiveDescription {
	c := v.under(changeTTL)
	if c != nil && !c.On {
		return &ddb.TimeToLiveDescription{TimeToLiveStatus: api.Some(ddb.TimeToLiveStatusDisabling), AttributeName: api.Some(c.Name)}
	}
	if v.expiry == nil {
		return &ddb.TimeToLiveDescription{TimeToLiveStatus: api.Some(ddb.TimeToLiveStatusDisabled)}
	}
	status := ddb.TimeToLiveStatusEnabled
	if v.expiry.Filling || c != nil {
		status = ddb.TimeToLiveStatusEnabling
	}
	return &ddb.TimeToLiveDescription{TimeToLiveStatus: api.Some(status), AttributeName: api.Some(v.expiry.Attribute)}
}
