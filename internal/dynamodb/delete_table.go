package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DeleteTable deletes a table with all that belongs to it. It is gone at once;
// the answer says DELETING, as the service's does.
func (e *Engine) DeleteTable(_ context.Context, c *api.Caller, in *ddb.DeleteTableInput) (*ddb.DeleteTableOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := v.checkDelete(); err != nil {
		return nil, err
	}
	if err := e.drop(t, v); err != nil {
		return nil, err
	}
	return &ddb.DeleteTableOutput{TableDescription: t.describeDeleted(v)}, nil
}

// checkDelete reports what keeps a table from being deleted.
func (v *view) checkDelete() error {
	if v.DeletionProtected {
		return api.Validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	if v.backfilling() != nil {
		return errInUse("Cannot delete table while indexes are being created, updated, or deleted.")
	}
	return nil
}

// describeDeleted returns what the service says of a table that it is deleting:
// less than of others.
func (t *table) describeDeleted(v *view) *ddb.TableDescription {
	all := t.describe(v)
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
