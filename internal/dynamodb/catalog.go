package dynamodb

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// lookupNamed is lookup for the operations on tables, whose error names the
// table.
func (e *Engine) lookupNamed(c *api.Caller, nameOrARN string) (*table, error) {
	t, err := e.lookup(c, nameOrARN)
	var missing *api.Error
	if errors.As(err, &missing) && missing.Code == ddb.CodeResourceNotFoundException {
		return nil, errNoTable(nameOf(nameOrARN))
	}
	return t, err
}

// Has reports whether there is a table of a name, and whether it has a global
// index of another.
func (e *Engine) Has(ns api.Namespace, name, indexName string) (hasTable, hasIndex bool) {
	e.catalog.RLock()
	t := e.catalog.tables[tableID{ns, name}]
	e.catalog.RUnlock()
	if t == nil {
		return false, false
	}
	v := t.current.Load()
	if v == nil {
		return false, false
	}
	x := v.find(indexName)
	return true, x != nil && x.Global
}

// errInUse refuses what the state of a table does not allow now.
func errInUse(format string, args ...any) *api.Error {
	return api.Errorf(ddb.CodeResourceInUseException, "Attempt to change a resource which is still in use: "+format, args...)
}

// create puts a new table into the catalog and numbers it and its stream. stage,
// which may be nil, adds to the batch.
func (e *Engine) create(d *descriptor, stage func(kv.Batch)) (*table, *view, error) {
	t, commit, err := e.insert(d, stage)
	if err != nil {
		// The table that is in the way may not be on disk yet.
		if unsettled := e.settled(); unsettled != nil {
			err = unsettled
		}
		return nil, nil, err
	}
	return t, t.current.Load(), commit.Wait()
}

// insert is the part of create that runs under the catalog's lock.
func (e *Engine) insert(d *descriptor, stage func(kv.Batch)) (*table, kv.Commit, error) {
	e.catalog.Lock()
	defer e.catalog.Unlock()
	if err := e.checkNew(d); err != nil {
		return nil, nil, err
	}
	last := e.catalog.lastID + 1
	d.ID = last
	if d.Stream != nil {
		last++
		d.Stream = newStream(d.Stream.View, freshLabelTime(d.Stream.Created, e.catalog.gone[d.id()]...))
		d.Stream.ID = last
		d.settleStreams(nil, d.Created)
	}
	t, err := e.newEmptyTable(d)
	if err != nil {
		return nil, nil, err
	}
	b := e.store.NewBatch()
	if stage != nil {
		stage(b)
	}
	commit, err := e.saveNumbered(b, d, last)
	if err != nil {
		return nil, nil, err
	}
	e.catalog.tables[d.id()] = t
	return t, commit, nil
}

// checkNew refuses a table that there is already, or that is one too many. The
// catalog's lock must be held.
func (e *Engine) checkNew(d *descriptor) error {
	if t := e.catalog.tables[d.id()]; t != nil {
		if v := t.current.Load(); v != nil && v.under(changeCreate) != nil {
			return v.checkSettled()
		}
		return api.Errorf(ddb.CodeResourceInUseException, "Table already exists: %s", d.Name)
	}
	tables, changing := e.countTables(d.id().ns)
	if tables >= maxTables {
		return errLimit("There is a limit of %d tables per subscriber", maxTables)
	}
	if err := checkChanging(changing); err != nil {
		return err
	}
	return e.checkAccount(d, nil)
}

// Quotas of an account in a region (Developer Guide, "Service, account, and
// table quotas").
const (
	maxTables   = 2500
	maxChanging = 500 // tables that are being created, updated or deleted
)

// checkChanging refuses one more change if so many tables are changing already.
func checkChanging(changing int) error {
	if changing >= maxChanging {
		return errLimit("Only %d tables can be created, updated, or deleted simultaneously", maxChanging)
	}
	return nil
}

// countTables returns the number of a namespace's tables, and of those among
// them that are changing. The catalog's lock must be held.
func (e *Engine) countTables(ns api.Namespace) (tables, changing int) {
	for id, t := range e.catalog.tables {
		if id.ns != ns {
			continue
		}
		tables++
		if v := t.current.Load(); v != nil && v.status() != ddb.TableStatusActive {
			changing++
		}
	}
	return tables, changing
}

// admitChange refuses a change of a table while too many others are under way.
func (e *Engine) admitChange(ns api.Namespace) error {
	if e.delay <= 0 {
		return nil // none lasts
	}
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	_, changing := e.countTables(ns)
	return checkChanging(changing)
}

// saveNumbered applies b with the descriptor d in it, and remembers that last is
// the last number given to a table or stream. The catalog's lock must be held,
// so that the stored number never goes back.
func (e *Engine) saveNumbered(b kv.Batch, d *descriptor, last uint64) (kv.Commit, error) {
	defer b.Discard()
	value, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	b.Set(catalogKey(d.id().ns, d.Name), value)
	if last != e.catalog.lastID {
		b.Set(counterKey, binary.BigEndian.AppendUint64(nil, last))
	}
	commit, err := e.store.Apply(b, kv.Sync)
	if err == nil {
		e.catalog.lastID = last
	}
	return commit, err
}

// publish makes next, a changed copy of t's descriptor, the one in force. A
// stream in it that has no number yet gets one. Together with it, erase deletes
// the rows that nothing refers to any more; it may be nil. seal, which may be
// nil too, changes the new view before anyone sees it. Once publish returns, no
// write under an older view is under way, and next is durable. t.alter must be
// held.
func (e *Engine) publish(t *table, next *descriptor, erase func(kv.Batch), seal func(*view)) (*view, error) {
	v, commit, err := e.swap(t, next, erase, seal)
	if err != nil {
		return nil, err
	}
	return v, commit.Wait()
}

// swap is the part of publish that runs under the table's lock.
func (e *Engine) swap(t *table, next *descriptor, erase func(kv.Batch), seal func(*view)) (*view, kv.Commit, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next.settleStreams(t.current.Load(), time.Now())
	e.catalog.Lock()
	defer e.catalog.Unlock()
	last := e.catalog.lastID
	for _, s := range append(next.outboxes(), next.Stream) {
		if s != nil && s.ID == 0 {
			last++
			s.ID = last
		}
	}
	v, err := e.newView(next, t.current.Load())
	if err != nil {
		return nil, nil, err
	}
	b := e.store.NewBatch()
	if erase != nil {
		erase(b)
	}
	commit, err := e.saveNumbered(b, next, last)
	if err != nil {
		return nil, nil, err
	}
	if seal != nil {
		seal(v)
	}
	e.show(t, v)
	return v, commit, nil
}

// show puts a view in force. t.mu is held.
func (e *Engine) show(t *table, v *view) {
	if before := t.current.Load(); before != nil && !slices.EqualFunc(before.vectors, v.vectors, sameNumbers) {
		e.recount(t, before, v)
	}
	before := t.current.Swap(v)
	before.kickOutbox()
}

// drop deletes a table: its entry in the catalog, its items and the rows of its
// indexes. Its streams can still be read, and with point-in-time recovery its items
// become those of a backup. t.alter must be held; v is the present
// view.
func (e *Engine) drop(t *table, v *view) error {
	commit, err := e.remove(t, v)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// remove is the part of drop that runs under the table's lock.
func (e *Engine) remove(t *table, v *view) (kv.Commit, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := e.store.NewBatch()
	defer b.Discard()
	r, err := e.stageRemoval(b, t, v)
	if err != nil {
		return nil, err
	}
	e.catalog.Lock()
	defer e.catalog.Unlock()
	commit, err := e.store.Apply(b, kv.Sync)
	if err == nil {
		e.removed(r)
	}
	return commit, err
}

// removal is a table on its way out of the catalog, and what is kept of it.
type removal struct {
	table  *table
	view   *view
	gone   *descriptor // the streams that can still be read; nil if there are none
	backup *backup     // nil without point-in-time recovery
}

// stageRemoval adds the deletion of a table to a batch.
func (e *Engine) stageRemoval(b kv.Batch, t *table, v *view) (*removal, error) {
	r := &removal{table: t, view: v, gone: v.remains(time.Now())}
	b.Delete(catalogKey(v.id().ns, v.Name))
	erasePrefix(b, tableIndexPrefix(v.ID))
	erasePrefix(b, collectionPrefix(v.ID))
	erasePrefix(b, undoPrefix(v.ID))
	erasePrefix(b, expiryPrefix(v.ID))
	eraseReplication(b, v.ID)
	for _, s := range v.outboxes() {
		erasePrefix(b, streamPrefix(s.ID))
	}
	if v.Recovery == nil {
		erasePrefix(b, v.prefix)
	} else {
		r.backup = systemBackup(t, v, time.Now())
		e.backups.stage(b, r.backup.id(), r.backup)
	}
	if r.gone == nil {
		return r, nil
	}
	return r, bury(b, r.gone)
}

// removed takes a table out of the catalog, whose lock must be held, once its
// deletion has been applied.
func (e *Engine) removed(r *removal) {
	if r.backup != nil {
		e.backups.remember(r.backup.id(), r.backup)
	}
	id := r.view.id()
	delete(e.catalog.tables, id)
	if r.gone != nil {
		e.catalog.gone[id] = append(slices.Clip(e.catalog.gone[id]), r.gone)
	}
	r.table.current.Store(nil)
	r.view.kickOutbox()
}

// newNumber returns a number that no table, stream or backup has had.
func (e *Engine) newNumber() (uint64, error) {
	e.catalog.Lock()
	defer e.catalog.Unlock()
	last := e.catalog.lastID + 1
	b := e.store.NewBatch()
	defer b.Discard()
	b.Set(counterKey, binary.BigEndian.AppendUint64(nil, last))
	// Not synced: whatever makes the number known comes after it.
	if _, err := e.store.Apply(b, kv.NoSync); err != nil {
		return 0, err
	}
	e.catalog.lastID = last
	return last, nil
}

func erasePrefix(b kv.Batch, prefix []byte) { b.DeleteRange(prefix, kv.PrefixEnd(prefix)) }

// streams returns the streams of a table, the newest last.
func (d *descriptor) streams() []streamSettings {
	list := d.OldStreams[:len(d.OldStreams):len(d.OldStreams)]
	if d.Stream != nil {
		list = append(list, *d.Stream)
	}
	return list
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
