package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// ListImports returns the imports of the caller, the oldest first.
func (e *Engine) ListImports(_ context.Context, c *api.Caller, in *ddb.ListImportsInput) (*ddb.ListImportsOutput, error) {
	after, err := jobAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	if err := e.settled(); err != nil {
		return nil, err
	}
	limit := int(in.PageSize.Or(maxListJobs))
	out := &ddb.ListImportsOutput{ImportSummaryList: []ddb.ImportSummary{}}
	last := ""
	for _, id := range idsAfter(e.imports.ids(c.Namespace), after) {
		m := e.imports.find(recordID{c.Namespace, id})
		if m == nil || in.TableArn.OK && m.Table.arn() != in.TableArn.V {
			continue
		}
		if len(out.ImportSummaryList) == limit {
			out.NextToken = api.Some(jobToken(last))
			break
		}
		d := m.describe()
		out.ImportSummaryList = append(out.ImportSummaryList, ddb.ImportSummary{
			ImportArn: d.ImportArn, ImportStatus: d.ImportStatus, TableArn: d.TableArn, S3BucketSource: d.S3BucketSource,
			InputFormat: d.InputFormat, StartTime: d.StartTime, EndTime: d.EndTime,
		})
		last = id
	}
	return out, nil
}
