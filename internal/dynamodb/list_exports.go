package dynamodb

import (
	"bytes"
	"context"
	"encoding/hex"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxListJobs is the number of exports, or imports, in one page.
const maxListJobs = 25

// ListExports returns the exports of the caller, the oldest first.
func (e *Engine) ListExports(_ context.Context, c *api.Caller, in *ddb.ListExportsInput) (*ddb.ListExportsOutput, error) {
	after, err := jobAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	if err := e.settled(); err != nil {
		return nil, err
	}
	limit := int(in.MaxResults.Or(maxListJobs))
	out := &ddb.ListExportsOutput{ExportSummaries: []ddb.ExportSummary{}}
	last := ""
	for _, id := range idsAfter(e.exports.ids(c.Namespace), after) {
		x := e.exports.find(recordID{c.Namespace, id})
		if x == nil || in.TableArn.OK && !e.exportedFrom(x, in.TableArn.V) {
			continue
		}
		if len(out.ExportSummaries) == limit {
			out.NextToken = api.Some(jobToken(last))
			break
		}
		d := x.describe()
		out.ExportSummaries = append(out.ExportSummaries, ddb.ExportSummary{ExportArn: d.ExportArn, ExportStatus: d.ExportStatus, ExportType: api.Some(d.ExportType.Or(ddb.ExportTypeFullExport))})
		last = id
	}
	return out, nil
}

// exportedFrom reports whether an export is of the table that has an ARN now: exports
// of one that was deleted are only described, even when its name is used again.
func (e *Engine) exportedFrom(x *export, arn string) bool {
	if x.Table.arn() != arn {
		return false
	}
	v, _ := e.viewOf(arn)
	return v != nil && v.UUID == x.Table.UUID
}

// jobTokenBytes is the length of what a NextToken of a list says: it must have
// 112 hexadecimal digits or more, in blocks of 16.
const jobTokenBytes = 56

// jobToken returns the NextToken of a page that ends with an identifier.
func jobToken(id string) string {
	return hex.EncodeToString(append([]byte(id), make([]byte, jobTokenBytes-len(id))...))
}

// jobAfter returns the identifier in a NextToken, "" if there is none.
func jobAfter(token api.Opt[string]) (string, error) {
	if !token.OK {
		return "", nil
	}
	text, err := hex.DecodeString(token.V)
	if err != nil || len(text) != jobTokenBytes {
		return "", errInvalidRequest("Provided nextToken is invalid: %s", token.V)
	}
	return string(bytes.TrimRight(text, "\x00")), nil
}
