package dynamodb

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeImport describes an import.
func (e *Engine) DescribeImport(_ context.Context, c *api.Caller, in *ddb.DescribeImportInput) (*ddb.DescribeImportOutput, error) {
	_, id, ok := strings.Cut(in.ImportArn.V, "/import/")
	if !ok {
		return nil, api.Validation("Invalid Import ARN")
	}
	if named, ok := api.ParseARN(in.ImportArn.V); ok && named.Account != c.Account {
		return nil, errDenied()
	}
	m := e.imports.find(recordID{c.Namespace, id})
	// What another caller did may not be on disk yet.
	if err := e.settled(); err != nil {
		return nil, err
	}
	if m == nil || m.arn() != in.ImportArn.V {
		return nil, api.Errorf(ddb.CodeImportNotFoundException, "Import not found: %s", in.ImportArn.V)
	}
	d := m.describe()
	return &ddb.DescribeImportOutput{ImportTableDescription: &d}, nil
}
