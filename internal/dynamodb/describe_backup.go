package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeBackup describes a backup.
func (e *Engine) DescribeBackup(_ context.Context, c *api.Caller, in *ddb.DescribeBackupInput) (*ddb.DescribeBackupOutput, error) {
	k, err := e.findBackup(c, "DescribeBackup", in.BackupArn.V)
	// What another caller did may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	return &ddb.DescribeBackupOutput{BackupDescription: k.describe()}, nil
}
