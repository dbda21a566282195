package dynamodb

import (
	"errors"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxRecoveryDays is how far back a table can be restored unless a request says
// less.
const maxRecoveryDays = 35

// historyInterval is how often history is deleted that is past its time, and
// backups that are.
const historyInterval = 10 * time.Minute

// recovery is the setting of a table whose point-in-time recovery is on. It is
// immutable.
type recovery struct {
	Since time.Time `json:"since"`
	Days  int       `json:"days"`
}

// earliest returns the first time to which the table can be restored.
func (r *recovery) earliest(now time.Time) time.Time {
	first := now.AddDate(0, 0, -r.Days)
	if first.Before(r.Since) {
		return r.Since
	}
	return first
}

// describeBackups describes the continuous backups of a table. There is no delay
// before a table can be restored to the present.
func (d *descriptor) describeBackups(now time.Time) *ddb.ContinuousBackupsDescription {
	out := &ddb.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: api.Some(ddb.PointInTimeRecoveryStatusDisabled)}
	if r := d.Recovery; r != nil {
		out.PointInTimeRecoveryStatus = api.Some(ddb.PointInTimeRecoveryStatusEnabled)
		out.RecoveryPeriodInDays = api.Some(int64(r.Days))
		out.EarliestRestorableDateTime = api.Some(r.earliest(now))
		out.LatestRestorableDateTime = api.Some(now)
	}
	return &ddb.ContinuousBackupsDescription{
		ContinuousBackupsStatus: api.Some(ddb.ContinuousBackupsStatusEnabled), PointInTimeRecoveryDescription: out,
	}
}

// forgetHistory deletes old history and old backups until the engine is closed.
func (e *Engine) forgetHistory() {
	tick := time.NewTicker(historyInterval)
	defer tick.Stop()
	for {
		select {
		case <-e.background.ctx.Done():
			return
		case now := <-tick.C:
			if err := e.forgetHistoryAt(now); err != nil {
				e.log.Error("forget history", "error", err)
			}
		}
	}
}

func (e *Engine) forgetHistoryAt(now time.Time) error {
	for _, t := range e.allTables() {
		if err := e.trimHistory(t, now); err != nil {
			return err
		}
	}
	return errors.Join(e.expireBackups(now), forgetJobs(&e.exports, e.store, now), forgetJobs(&e.imports, e.store, now))
}
