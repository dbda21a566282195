package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeContinuousBackups says to which times a table can be restored.
func (e *Engine) DescribeContinuousBackups(_ context.Context, c *api.Caller, in *ddb.DescribeContinuousBackupsInput) (*ddb.DescribeContinuousBackupsOutput, error) {
	v, err := e.sourceView(c, in.TableName.V)
	// What another caller changed may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	return &ddb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: v.describeBackups(time.Now())}, nil
}

// sourceView is view for the operations that say TableNotFoundException.
func (e *Engine) sourceView(c *api.Caller, nameOrARN string) (*view, error) {
	t, err := e.lookup(c, nameOrARN)
	if isCode(err, ddb.CodeResourceNotFoundException) {
		return nil, errNoSource(nameOrARN)
	}
	if err != nil {
		return nil, err
	}
	if v := t.current.Load(); v != nil {
		return v, nil
	}
	return nil, errNoSource(nameOrARN)
}
