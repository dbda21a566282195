package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// noAccess is what becomes of a destination that the table cannot write to.
const noAccess = "User does not have a permission to use kinesis stream"

// EnableKinesisStreamingDestination names a data stream as the place for a table's
// changes. Where the engine has data streams it is enabled in the background.
func (e *Engine) EnableKinesisStreamingDestination(_ context.Context, c *api.Caller, in *ddb.KinesisStreamingDestinationInput) (*ddb.KinesisStreamingDestinationOutput, error) {
	stream := in.StreamArn.V
	d, err := e.redirect(c, in.TableName.V, func(d *descriptor, now time.Time) error {
		if slices.ContainsFunc(d.Destinations, func(k destination) bool { return k.live(now) }) {
			return errDestination("EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
		}
		k := destination{Stream: stream, Status: ddb.DestinationStatusActive, Changing: ddb.DestinationStatusEnabling, Until: now.Add(e.delay)}
		switch {
		case !d.canReceive(stream):
			k.Status = ddb.DestinationStatusEnableFailed
		case e.dataStreams != nil:
			k = destination{Stream: stream, Status: ddb.DestinationStatusEnabling}
		}
		if cfg := in.EnableKinesisStreamingConfiguration; cfg != nil {
			k.Precision = cfg.ApproximateCreationDateTimePrecision.V
		}
		d.Destinations = slices.DeleteFunc(d.Destinations, func(old destination) bool { return old.Stream == stream })
		d.Destinations = slices.Insert(d.Destinations, 0, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ddb.KinesisStreamingDestinationOutput{
		TableName: api.Some(d.Name), StreamArn: in.StreamArn, DestinationStatus: api.Some(ddb.DestinationStatusEnabling),
		EnableKinesisStreamingConfiguration: in.EnableKinesisStreamingConfiguration,
	}, nil
}
