package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeTable describes a table.
func (e *Engine) DescribeTable(_ context.Context, c *api.Caller, in *ddb.DescribeTableInput) (*ddb.DescribeTableOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	// What another caller created, changed or deleted may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	return &ddb.DescribeTableOutput{Table: t.describe(v)}, nil
}
