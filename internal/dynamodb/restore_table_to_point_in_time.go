package dynamodb

import (
	"context"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// RestoreTableToPointInTime creates a table with the items that another had at a
// time for which it kept its history. Its settings are the present ones.
func (e *Engine) RestoreTableToPointInTime(_ context.Context, c *api.Caller, in *ddb.RestoreTableToPointInTimeInput) (*ddb.RestoreTableToPointInTimeOutput, error) {
	if err := checkRestore(in); err != nil {
		return nil, err
	}
	source := in.SourceTableName.V
	if in.SourceTableArn.OK {
		source = in.SourceTableArn.V
		if err := checkSourceARN(c, in); err != nil {
			return nil, err
		}
	}
	t, v, err := e.alterSource(c, source, errSourceInUse)
	if err != nil {
		return nil, err
	}
	defer t.alter.Unlock()
	r := restoration{
		target: in.TargetTableName.V, billing: in.BillingModeOverride,
		globals: in.GlobalSecondaryIndexOverride, locals: in.LocalSecondaryIndexOverride, vectors: in.VectorIndexOverride,
		throughput: in.ProvisionedThroughputOverride, onDemand: in.OnDemandThroughputOverride, sse: in.SSESpecificationOverride,
	}
	at := api.Opt[time.Time]{}
	if !in.UseLatestRestorableTime.V {
		at = in.RestoreDateTime
	}
	restored, err := e.restoreTo(c, t, v, &r, at)
	if err != nil {
		return nil, err
	}
	return &ddb.RestoreTableToPointInTimeOutput{TableDescription: restored}, nil
}

// checkRestore checks what can be checked without the table.
func checkRestore(in *ddb.RestoreTableToPointInTimeInput) error {
	latest := in.UseLatestRestorableTime.V
	switch {
	case in.SourceTableName.OK && in.SourceTableArn.OK:
		return errInvalidRequest("Must provide exactly one of: sourceTableArn, sourceTableName")
	case !in.SourceTableName.OK && !in.SourceTableArn.OK:
		return api.Validation("The parameter 'TableName' is required but was not present in the request")
	case latest && in.RestoreDateTime.OK:
		return errInvalidRequest("Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request. Please specify one of them")
	case !latest && !in.RestoreDateTime.OK:
		return errInvalidRequest("Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both")
	}
	return nil
}

// checkSourceARN checks the ARN of the table that is restored.
func checkSourceARN(c *api.Caller, in *ddb.RestoreTableToPointInTimeInput) error {
	named, ok := api.ParseARN(in.SourceTableArn.V)
	switch {
	case !ok || !strings.HasPrefix(named.Resource, "table/"):
		return badParameter("sourceTableArn is not a valid ARN")
	case named.Account != c.Account:
		return errOtherAccount()
	}
	return checkRestoreRegion(c, in.SourceTableArn.V, in.SSESpecificationOverride)
}

// checkRestoreRegion refuses what would be restored from another region.
func checkRestoreRegion(c *api.Caller, arn string, sse *ddb.SSESpecification) error {
	named, ok := api.ParseARN(arn)
	switch {
	case !ok || named.Region == c.Region || named.Account != c.Account:
		return nil
	case sse == nil:
		return errInvalidRequest("sseSpecificationOverride must be provided for cross-region restores")
	}
	return errUnsupported("restoring from another region")
}

// errOtherAccount refuses an ARN of another account where policies let nobody in.
func errOtherAccount() *api.Error {
	return api.Validation("This action is only supported by accounts that match the resource owner’s account.")
}

// restoreTo begins to restore a table to a time, absent for the present. t.alter
// must be held; v is the present view.
func (e *Engine) restoreTo(c *api.Caller, t *table, v *view, r *restoration, at api.Opt[time.Time]) (*ddb.TableDescription, error) {
	if v.Recovery == nil {
		return nil, errNoRecovery(v.Name)
	}
	now := time.Now()
	if at.OK && (at.V.Before(v.Recovery.earliest(now)) || at.V.After(now)) {
		return nil, api.Errorf(ddb.CodeInvalidRestoreTimeException, "RestoreDateTime '%s' must be within EarliestRestorableDateTime '%s' and LatestRestorableDateTime '%s'",
			second(at.V), second(v.Recovery.earliest(now)), second(now))
	}
	d, err := r.descriptor(c, v.descriptor, now)
	if err != nil {
		return nil, err
	}
	if err := e.checkTarget(d); err != nil {
		return nil, err
	}
	pinned, err := e.pinAt(t, v, at)
	if err != nil {
		return nil, err
	}
	d.Origin = &origin{Table: v.arn(), Time: at.Or(now)}
	target, err := e.createFilled(d, &filling{Source: t.id, At: pinned}, nil)
	if err != nil {
		if unpinned := e.unpinLocked(t, pinned); unpinned != nil {
			err = unpinned
		}
		return nil, err
	}
	out := target.describeRestored()
	e.startRestore(target, d.Filling, func() error { return e.unpin(t, pinned) })
	return out, nil
}

func errNoRecovery(table string) *api.Error {
	return api.Errorf(ddb.CodePointInTimeRecoveryUnavailableException, "Point in time recovery is not enabled for table '%s'", table)
}

// errInvalidRequest is the ValidationException for a request that copies a table
// and contradicts itself.
func errInvalidRequest(format string, args ...any) *api.Error {
	return api.Validation("Invalid Request: "+format, args...)
}
