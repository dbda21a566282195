package dynamodb

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// Bounds of the time between the ends of an incremental export (Developer Guide,
// "Requesting a table export in DynamoDB").
const (
	minIncrement = 15 * time.Minute
	maxIncrement = 24 * time.Hour
)

// ExportTableToPointInTime writes the items that a table had at a time, or its
// changes between two times, into a bucket. Nothing of the table's throughput is
// used.
func (e *Engine) ExportTableToPointInTime(_ context.Context, c *api.Caller, in *ddb.ExportTableToPointInTimeInput) (*ddb.ExportTableToPointInTimeOutput, error) {
	if err := checkExport(in); err != nil {
		return nil, err
	}
	if err := checkExported(c, in.TableArn.V); err != nil {
		return nil, err
	}
	t, v, err := e.alterSource(c, in.TableArn.V, errSourceInUse)
	if isCode(err, ddb.CodeTableNotFoundException) {
		err = api.Errorf(ddb.CodeTableNotFoundException, "Table not found: %s", in.TableArn.V)
	}
	if err != nil {
		return nil, err
	}
	defer t.alter.Unlock()
	now := time.Now()
	x, again, err := e.newExport(v, in, now)
	if err == nil && !again {
		err = e.beginExport(t, v, x)
	}
	if err != nil {
		return nil, err
	}
	return &ddb.ExportTableToPointInTimeOutput{ExportDescription: x.describe()}, nil
}

// checkExport checks what can be checked without the table.
func checkExport(in *ddb.ExportTableToPointInTimeInput) error {
	incremental := in.ExportType.V == ddb.ExportTypeIncrementalExport
	spec := in.IncrementalExportSpecification
	switch {
	case !strings.HasPrefix(in.TableArn.V, "arn:"):
		return badParameter("tableArn is not a valid ARN")
	case in.ExportFormat.V == ddb.ExportFormatIon:
		return errUnsupported("ExportFormat ION")
	case in.S3SseKmsKeyId.OK && in.S3SseAlgorithm.V != ddb.S3SseAlgorithmKms:
		return errInvalidRequest("KMS Key Id is not supported for this encryption type")
	case incremental && spec == nil:
		return errInvalidRequest("Incremental Export Specification expected when export type is set as Incremental Export")
	case incremental && !spec.ExportFromTime.OK:
		return errInvalidRequest("ExportFromTime must be provided in IncrementalExportSpecification")
	case !incremental && spec != nil && in.ExportType.OK:
		return errInvalidRequest("When Export Type is Full Export , Incremental Export Specification should not be provided")
	case !incremental && spec != nil:
		return errInvalidRequest("Export Type expected to be Incremental Export when incremental export specification is provided")
	}
	return nil
}

// checkExported checks the ARN of the table that is exported. The region in it is not
// checked by itself: a table of another region is one that is not there.
func checkExported(c *api.Caller, arn string) error {
	named, ok := api.ParseARN(arn)
	switch {
	case !ok || strings.Count(named.Resource, "/") != 1:
		return errInvalidRequest("Table ARN is invalid.")
	case named.Account != c.Account:
		return errDenied()
	case named.Region != c.Region:
		return api.Errorf(ddb.CodeTableNotFoundException, "Table not found: %s", arn)
	}
	return nil
}

// newExport returns the record of the export that a request asks for, or the one
// that it asked for before. The table's alter must be held.
func (e *Engine) newExport(v *view, in *ddb.ExportTableToPointInTimeInput, now time.Time) (x *export, again bool, err error) {
	token := in.ClientToken.Or(newUUID())
	request, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	if before := sameToken(&e.exports, v.id().ns, token, now); before != nil {
		if before.Request != string(request) {
			return nil, false, api.Errorf(ddb.CodeExportConflictException, "Export conflict: Duplicate request detected with conflicting parameters")
		}
		return before, true, nil
	}
	incremental := in.ExportType.V == ddb.ExportTypeIncrementalExport
	if incremental {
		if err := v.checkIncrement(in.IncrementalExportSpecification, now); err != nil {
			return nil, false, err
		}
	}
	if v.Recovery == nil {
		return nil, false, errNoRecovery(v.Name)
	}
	x = &export{
		ID: newRecordID(now), Request: string(request), Token: token, Status: ddb.ExportStatusInProgress, Started: now, Table: *v.clone(),
		Bucket: in.S3Bucket.V, Owner: in.S3BucketOwner.V, Prefix: in.S3Prefix.V,
		Algorithm: in.S3SseAlgorithm.Or(ddb.S3SseAlgorithmAes256), KMSKey: in.S3SseKmsKeyId.V, Type: in.ExportType.V,
	}
	if incremental {
		return x, false, x.setIncrement(v, in.IncrementalExportSpecification, now)
	}
	x.Time = in.ExportTime.Or(now)
	return x, false, v.checkExportTime(x.Time, now)
}

// checkIncrement checks the times of an incremental export against the table, in the
// order of the service: even that there is no history comes later.
func (v *view) checkIncrement(spec *ddb.IncrementalExportSpecification, now time.Time) error {
	from, to := spec.ExportFromTime.V, spec.ExportToTime.Or(now)
	const wrong = ddb.CodeInvalidExportTimeException
	switch length := to.Sub(from); {
	case from.Before(v.Created.Truncate(time.Second)):
		return api.Errorf(wrong, "Incremental export period from time cannot be less than the table creation time : %s", second(from))
	case to.After(now):
		return api.Errorf(wrong, "Incremental export period to time cannot be greater than the current time : %s", second(to))
	case length < minIncrement:
		return api.Errorf(wrong, "Difference between export period from time and export period to time is less than 15 minutes")
	case length > maxIncrement:
		return api.Errorf(wrong, "Difference between export period from time and export period to time is greater than 24 hours")
	}
	return nil
}

// second returns a time as errors of exports and restores quote it.
func second(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// setIncrement sets the times of an incremental export.
func (x *export) setIncrement(v *view, spec *ddb.IncrementalExportSpecification, now time.Time) error {
	x.From, x.To = spec.ExportFromTime.V, spec.ExportToTime.Or(now)
	x.View = spec.ExportViewType.Or(ddb.ExportViewTypeNewAndOldImages)
	if err := v.checkExportTime(x.From, now); err != nil {
		return err
	}
	return v.checkExportTime(x.To, now)
}

// checkExportTime checks that a time is within the history of a table.
func (v *view) checkExportTime(at, now time.Time) error {
	if at.Before(v.Recovery.earliest(now)) || at.After(now) {
		return api.Errorf(ddb.CodeInvalidExportTimeException, "Export Time is invalid")
	}
	return nil
}

// beginExport pins what is exported and starts. t.alter must be held.
func (e *Engine) beginExport(t *table, v *view, x *export) (err error) {
	if x.Scratch, err = e.newNumber(); err != nil {
		return err
	}
	_, err = e.pin(t, v, func(b kv.Batch, at moment) {
		switch {
		case x.incremental():
			x.At = momentOf(x.From) - 1 // the first change at From has an undo row
		case x.Time.Equal(x.Started):
			x.At = at // the present, to the last commit
		default:
			x.At = momentOf(x.Time)
		}
		e.exports.stage(b, x.id(), x)
	})
	if err != nil {
		return err
	}
	t.pins[len(t.pins)-1] = x.At
	e.exports.remember(x.id(), x)
	e.startExport(t, x)
	return nil
}
