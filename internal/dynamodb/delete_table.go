package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DeleteTable deletes a table with all that belongs to it. It is gone at once
// unless Options.TableDelay says otherwise; the answer says DELETING, as the
// service's does.
func (e *Engine) DeleteTable(_ context.Context, c *api.Caller, in *ddb.DeleteTableInput) (*ddb.DeleteTableOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	g, v := e.lockGroup(t)
	defer g.unlock()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := v.admitDelete(); err != nil {
		return nil, err
	}
	if len(t.pins) > 0 {
		return nil, errPinned(v)
	}
	if err := e.admitChange(c.Namespace); err != nil {
		return nil, err
	}
	if err := e.leave(g, t, v); err != nil {
		return nil, err
	}
	if v = t.current.Load(); v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := e.delete(t, v); err != nil {
		return nil, err
	}
	return &ddb.DeleteTableOutput{TableDescription: t.describeDeleted(v)}, nil
}

// delete drops a table, or begins to. Its stream ends with the beginning.
func (e *Engine) delete(t *table, v *view) error {
	if e.delay <= 0 {
		return e.drop(t, v)
	}
	next, now := v.clone(), time.Now()
	going := change{Kind: changeDelete}
	if next.Stream != nil {
		going.Name = next.Stream.Label
	}
	next.disableStream(now)
	next.begin(going, now, e.delay)
	_, err := e.publish(t, next, nil, nil)
	if err == nil {
		e.awaitChanges(t, next, v.Changes)
	}
	return err
}

func errPinned(v *view) error {
	return errInUse("Table is being read by a backup, a restore or an export: %s", v.Name)
}

// describeDeleted returns what the service says of a table that it is deleting:
// less than of others.
func (t *table) describeDeleted(v *view) *ddb.TableDescription {
	all := t.describeWhole(v)
	return &ddb.TableDescription{
		TableName:                 all.TableName,
		TableStatus:               api.Some(ddb.TableStatusDeleting),
		ProvisionedThroughput:     all.ProvisionedThroughput,
		TableSizeBytes:            all.TableSizeBytes,
		ItemCount:                 all.ItemCount,
		TableArn:                  all.TableArn,
		TableId:                   all.TableId,
		BillingModeSummary:        all.BillingModeSummary,
		DeletionProtectionEnabled: all.DeletionProtectionEnabled,
	}
}
