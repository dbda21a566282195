package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// CreateBackup makes a backup of a table as it is at this moment. The items are
// copied beside other work; what is written meanwhile is not in it.
func (e *Engine) CreateBackup(_ context.Context, c *api.Caller, in *ddb.CreateBackupInput) (*ddb.CreateBackupOutput, error) {
	t, v, err := e.alterSource(c, in.TableName.V, errNoBackupsYet)
	if err != nil {
		return nil, err
	}
	defer t.alter.Unlock()
	number, err := e.newNumber()
	if err != nil {
		return nil, err
	}
	k := newBackup(t, v, in.BackupName.V, ddb.BackupTypeUser, time.Now())
	k.Number = number
	k.At, err = e.pin(t, v, func(b kv.Batch, at moment) {
		k.At = at
		e.backups.stage(b, k.id(), k)
	})
	if err != nil {
		return nil, err
	}
	e.backups.remember(k.id(), k)
	e.startBackup(t, k)
	return &ddb.CreateBackupOutput{BackupDetails: k.details()}, nil
}

// alterSource returns a table that a backup, a restore or an export is to read,
// with its alter locked if there is no error. inUse refuses one that is not there
// yet, or no more.
func (e *Engine) alterSource(c *api.Caller, nameOrARN string, inUse func(*view) *api.Error) (*table, *view, error) {
	t, err := e.lookup(c, nameOrARN)
	if isCode(err, ddb.CodeResourceNotFoundException) {
		err = errNoSource(nameOrARN)
	}
	if err != nil {
		return nil, nil, err
	}
	t.alter.Lock()
	v := t.current.Load()
	if v == nil {
		t.alter.Unlock()
		return nil, nil, errNoSource(nameOrARN)
	}
	if v.hidden {
		t.alter.Unlock()
		return nil, nil, inUse(v)
	}
	if v.CounterOf != "" { // its changes leave no history
		t.alter.Unlock()
		return nil, nil, errCounter(v.descriptor)
	}
	return t, v, nil
}

// errSourceInUse refuses a table that is not there yet, or no more.
func errSourceInUse(v *view) *api.Error {
	if v.under(changeDelete) != nil {
		return api.Errorf(ddb.CodeTableInUseException, "Table is being deleted: %s", v.Name)
	}
	return api.Errorf(ddb.CodeTableInUseException, "Table is being created: %s", v.Name)
}

// errNoBackupsYet is errSourceInUse in the words for a new table.
func errNoBackupsYet(v *view) *api.Error {
	if v.under(changeDelete) != nil {
		return errSourceInUse(v)
	}
	return api.Errorf(ddb.CodeContinuousBackupsUnavailableException, "Backups are being enabled for the table: %s. Please retry later", v.Name)
}

func errNoSource(nameOrARN string) *api.Error {
	return api.Errorf(ddb.CodeTableNotFoundException, "Table not found: %s", nameOf(nameOrARN))
}
