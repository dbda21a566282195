package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DisableKinesisStreamingDestination ends what EnableKinesisStreamingDestination
// began. The destination stays in the list. What the table was given before is still
// delivered, if the data stream takes it.
func (e *Engine) DisableKinesisStreamingDestination(_ context.Context, c *api.Caller, in *ddb.KinesisStreamingDestinationInput) (*ddb.KinesisStreamingDestinationOutput, error) {
	if in.EnableKinesisStreamingConfiguration != nil {
		return nil, api.Validation("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
	}
	d, err := e.redirect(c, in.TableName.V, func(d *descriptor, now time.Time) error {
		k := d.destination(in.StreamArn.V)
		if k == nil || k.status(now) != ddb.DestinationStatusActive {
			return errDestination("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		}
		*k = destination{Stream: k.Stream, Status: ddb.DestinationStatusDisabled, Changing: ddb.DestinationStatusDisabling, Until: now.Add(e.delay), Outbox: k.Outbox}
		if k.Outbox != nil {
			k.Outbox.Disabled = now
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ddb.KinesisStreamingDestinationOutput{
		TableName: api.Some(d.Name), StreamArn: in.StreamArn, DestinationStatus: api.Some(ddb.DestinationStatusDisabling),
	}, nil
}
