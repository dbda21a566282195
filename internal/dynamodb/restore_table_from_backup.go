package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// RestoreTableFromBackup creates a table with the items of a backup. Tags,
// streams, time to live, deletion protection and point-in-time recovery are not
// restored, as in the service.
func (e *Engine) RestoreTableFromBackup(_ context.Context, c *api.Caller, in *ddb.RestoreTableFromBackupInput) (*ddb.RestoreTableFromBackupOutput, error) {
	if err := checkRestoreRegion(c, in.BackupArn.V, in.SSESpecificationOverride); err != nil {
		return nil, err
	}
	k, err := e.findBackup(c, "RestoreTableFromBackup", in.BackupArn.V)
	if err != nil {
		return nil, err
	}
	r := restoration{
		target: in.TargetTableName.V, billing: in.BillingModeOverride,
		globals: in.GlobalSecondaryIndexOverride, locals: in.LocalSecondaryIndexOverride, vectors: in.VectorIndexOverride,
		throughput: in.ProvisionedThroughputOverride, onDemand: in.OnDemandThroughputOverride, sse: in.SSESpecificationOverride,
	}
	now := time.Now()
	d, err := r.descriptor(c, &k.Table, now)
	if err != nil {
		return nil, err
	}
	d.Origin = &origin{Backup: k.arn(), Table: k.Table.arn(), Time: now}
	if err := e.holdBackup(k, d.Name); err != nil {
		return nil, err
	}
	t, err := e.createFilled(d, &filling{Source: k.Number}, nil)
	if err != nil {
		e.letGo(k.Number, d.Name)
		return nil, err
	}
	out := t.describeRestored()
	e.startRestore(t, d.Filling, func() error { e.letGo(k.Number, d.Name); return nil })
	return &ddb.RestoreTableFromBackupOutput{TableDescription: out}, nil
}
