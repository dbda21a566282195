package dynamodb

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeExport describes an export.
func (e *Engine) DescribeExport(_ context.Context, c *api.Caller, in *ddb.DescribeExportInput) (*ddb.DescribeExportOutput, error) {
	_, id, ok := strings.Cut(in.ExportArn.V, "/export/")
	if !ok {
		return nil, api.Validation("Invalid Export ARN")
	}
	if named, ok := api.ParseARN(in.ExportArn.V); ok {
		switch {
		case named.Account != c.Account:
			return nil, errDenied()
		case named.Region != c.Region:
			return nil, api.Errorf(ddb.CodeExportNotFoundException, "Export not found: Invalid export arn")
		}
	}
	x := e.exports.find(recordID{c.Namespace, id})
	// What another caller did may not be on disk yet.
	if err := e.settled(); err != nil {
		return nil, err
	}
	if x == nil || x.arn() != in.ExportArn.V {
		return nil, api.Errorf(ddb.CodeExportNotFoundException, "Export not found: Export not found: %s", in.ExportArn.V)
	}
	return &ddb.DescribeExportOutput{ExportDescription: x.describe()}, nil
}
