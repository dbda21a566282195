package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// UpdateKinesisStreamingDestination changes how exact the times of records are.
func (e *Engine) UpdateKinesisStreamingDestination(_ context.Context, c *api.Caller, in *ddb.UpdateKinesisStreamingDestinationInput) (*ddb.UpdateKinesisStreamingDestinationOutput, error) {
	cfg := in.UpdateKinesisStreamingConfiguration
	if cfg == nil || !cfg.ApproximateCreationDateTimePrecision.OK {
		return nil, api.Validation("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
	}
	precision := cfg.ApproximateCreationDateTimePrecision.V
	d, err := e.redirect(c, in.TableName.V, func(d *descriptor, now time.Time) error {
		k := d.destination(in.StreamArn.V)
		if k == nil || k.status(now) != ddb.DestinationStatusActive {
			return errDestination("Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: %s, kdsArn: %s", d.Name, in.StreamArn.V)
		}
		present := k.Precision
		if present == "" {
			present = ddb.ApproximateCreationDateTimePrecisionMillisecond
		}
		if present == precision {
			return api.Validation("Invalid Request: Precision is already set to the desired value of %s for tableId: %s, kdsArn: %s", precision, d.UUID, k.Stream)
		}
		k.Precision, k.Changing, k.Until = precision, ddb.DestinationStatusUpdating, now.Add(e.delay)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ddb.UpdateKinesisStreamingDestinationOutput{
		TableName: api.Some(d.Name), StreamArn: in.StreamArn, DestinationStatus: api.Some(ddb.DestinationStatusUpdating),
		UpdateKinesisStreamingConfiguration: cfg,
	}, nil
}
