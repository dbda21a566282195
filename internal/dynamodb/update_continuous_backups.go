package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// UpdateContinuousBackups turns point-in-time recovery of a table on or off, or
// changes how far back it reaches.
func (e *Engine) UpdateContinuousBackups(_ context.Context, c *api.Caller, in *ddb.UpdateContinuousBackupsInput) (*ddb.UpdateContinuousBackupsOutput, error) {
	spec := in.PointInTimeRecoverySpecification
	if !spec.PointInTimeRecoveryEnabled.V && spec.RecoveryPeriodInDays.OK {
		return nil, errInvalidRequest("Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
	}
	t, v, err := e.alterSource(c, in.TableName.V, errNoBackupsYet)
	if err != nil {
		return nil, err
	}
	defer t.alter.Unlock()
	now := time.Now()
	next := v.clone()
	next.Recovery = v.Recovery.changed(spec, now)
	if next.Recovery == nil {
		v, err = e.publish(t, next, t.eraseHistory, t.keepRecording)
	} else {
		v, err = e.publish(t, next, nil, nil)
	}
	if err != nil {
		return nil, err
	}
	return &ddb.UpdateContinuousBackupsOutput{ContinuousBackupsDescription: v.describeBackups(now)}, nil
}

// changed returns the setting after a request.
func (r *recovery) changed(spec *ddb.PointInTimeRecoverySpecification, now time.Time) *recovery {
	if !spec.PointInTimeRecoveryEnabled.V {
		return nil
	}
	next := &recovery{Since: now, Days: maxRecoveryDays}
	if r != nil {
		*next = *r
	}
	next.Days = int(spec.RecoveryPeriodInDays.Or(int64(next.Days)))
	return next
}

// eraseHistory deletes what is no longer to be restored, unless something still
// reads it. t.alter must be held.
func (t *table) eraseHistory(b kv.Batch) {
	if len(t.pins) == 0 {
		erasePrefix(b, undoPrefix(t.id))
	}
}

// keepRecording goes on recording for the pins alone. t.alter must be held.
func (t *table) keepRecording(v *view) { v.recording = len(t.pins) > 0 }
