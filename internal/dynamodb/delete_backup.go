package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DeleteBackup deletes a backup. It is gone at once.
func (e *Engine) DeleteBackup(_ context.Context, c *api.Caller, in *ddb.DeleteBackupInput) (*ddb.DeleteBackupOutput, error) {
	k, err := e.findBackup(c, "DeleteBackup", in.BackupArn.V)
	if err != nil {
		return nil, err
	}
	if k.Type == ddb.BackupTypeSystem {
		return nil, errInvalidRequest("User is not allowed to delete the system backup with arn %s. It will automatically expire on %s", k.arn(), k.Expires.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if err := e.removeBackup(k); err != nil {
		return nil, err
	}
	out := k.describe()
	out.BackupDetails.BackupStatus = api.Some(ddb.BackupStatusDeleted)
	return &ddb.DeleteBackupOutput{BackupDescription: out}, nil
}
