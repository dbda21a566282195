package dynamodb

import (
	"errors"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// maxWork is how many backups, restores, exports and imports run at once. The
// others wait for their turn.
const maxWork = 4

// startWork runs what reads or fills a whole table in the background. What fails,
// or is interrupted, begins anew when the engine is opened again.
func (e *Engine) startWork(what, name string, do func() error) {
	ctx := e.background.ctx
	e.background.Go(func() {
		select {
		case e.work <- struct{}{}:
			defer func() { <-e.work }()
		case <-ctx.Done():
			return
		}
		if err := do(); err != nil && ctx.Err() == nil {
			e.log.Error("dynamodb: background work failed; it will be tried again after a restart", "work", what, "of", name, "error", err)
		}
	})
}

// resumeWork goes on with what was under way when the engine was closed, and
// clears away the history that nobody needs. No operation is running yet.
func (e *Engine) resumeWork() error {
	tables := map[uint64]*table{}
	for _, t := range e.catalog.tables {
		tables[t.id] = t
		last, err := e.lastUndo(t.id)
		if err != nil {
			return err
		}
		e.moments.pass(last)
	}
	for _, k := range e.backups.all() {
		if t := tables[k.Table.ID]; k.At != 0 && t != nil {
			e.resumePin(t, k.At)
			e.startBackup(t, k)
		}
	}
	for _, x := range e.exports.all() {
		if t := tables[x.Table.ID]; x.Ended.IsZero() && t != nil {
			e.resumePin(t, x.At)
			e.startExport(t, x)
		}
	}
	for _, t := range tables {
		if f := t.current.Load().Filling; f != nil {
			e.resumeFilling(t, f, tables[f.Source])
		}
	}
	for _, t := range tables {
		if err := e.eraseUnread(t); err != nil {
			return err
		}
	}
	return nil
}

// eraseUnread deletes the history of a table that keeps none. There is some if
// the engine was closed between the end of a backup and the end of its pin.
func (e *Engine) eraseUnread(t *table) error {
	if t.current.Load().recording {
		return nil
	}
	if last, err := e.lastUndo(t.id); last == 0 || err != nil {
		return err
	}
	b := e.store.NewBatch()
	erasePrefix(b, undoPrefix(t.id))
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}

// holdBackup keeps a backup, from which a table is restored, from being deleted until
// letGo. It fails if the
// backup is not there any more, or not yet complete.
func (e *Engine) holdBackup(k *backup, table string) error {
	e.readers.Lock()
	defer e.readers.Unlock()
	now := e.backups.find(k.id())
	switch {
	case now == nil:
		return errNoBackup(k.arn())
	case now.At != 0:
		return errBackupInUse(k)
	}
	e.readers.of[k.Number] = append(e.readers.of[k.Number], table)
	return nil
}

func (e *Engine) letGo(number uint64, table string) {
	e.readers.Lock()
	defer e.readers.Unlock()
	left := e.readers.of[number]
	i := slices.Index(left, table)
	if left = slices.Delete(left, i, i+1); len(left) == 0 {
		delete(e.readers.of, number)
		return
	}
	e.readers.of[number] = left
}

// removeBackup deletes a backup that is complete and that nothing reads.
func (e *Engine) removeBackup(k *backup) error {
	commit, err := e.eraseBackup(k)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// eraseBackup is the part of removeBackup that runs under the lock.
func (e *Engine) eraseBackup(k *backup) (kv.Commit, error) {
	e.readers.Lock()
	defer e.readers.Unlock()
	now := e.backups.find(k.id())
	switch {
	case now == nil:
		return nil, errNoBackup(k.arn())
	case now.At != 0:
		return nil, errBackupInUse(k)
	case len(e.readers.of[k.Number]) > 0:
		return nil, api.Errorf(ddb.CodeBackupInUseException, "Backup is being used to restore table %s: %s", e.readers.of[k.Number][0], k.arn())
	}
	b := e.store.NewBatch()
	defer b.Discard()
	b.Delete(e.backups.key(k.id()))
	erasePrefix(b, itemPrefix(k.Number))
	commit, err := e.store.Apply(b, kv.Sync)
	if err == nil {
		e.backups.forget(k.id())
	}
	return commit, err
}

func isCode(err error, code string) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Code == code
}
