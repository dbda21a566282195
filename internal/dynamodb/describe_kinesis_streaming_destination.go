package dynamodb

import (
	"cmp"
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeKinesisStreamingDestination lists the destinations that a table has and
// had.
func (e *Engine) DescribeKinesisStreamingDestination(_ context.Context, c *api.Caller, in *ddb.DescribeKinesisStreamingDestinationInput) (*ddb.DescribeKinesisStreamingDestinationOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil || v.under(changeCreate) != nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := e.settled(); err != nil {
		return nil, err
	}
	now := time.Now()
	out := &ddb.DescribeKinesisStreamingDestinationOutput{TableName: api.Some(v.Name), KinesisDataStreamDestinations: make([]ddb.KinesisDataStreamDestination, len(v.Destinations))}
	for i := range v.Destinations {
		k := &v.Destinations[i]
		one := ddb.KinesisDataStreamDestination{
			StreamArn: api.Some(k.Stream), DestinationStatus: api.Some(k.status(now)),
			ApproximateCreationDateTimePrecision: api.Opt[string]{V: k.Precision, OK: k.Precision != ""},
		}
		if one.DestinationStatus.V == ddb.DestinationStatusEnableFailed {
			one.DestinationStatusDescription = api.Some(cmp.Or(k.Why, noAccess))
		}
		out.KinesisDataStreamDestinations[i] = one
	}
	return out, nil
}
