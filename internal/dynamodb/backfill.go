package dynamodb

import (
	"errors"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// backfillStep is the number of items whose entries are written at once, and
// whose latches are held for that long.
const backfillStep = 64

// A new global index is filled beside the operations. It is published first, so
// that every write from then on maintains it; what was there before is then
// walked in steps. An item's entry is made under its latch from the item as it
// is at that moment, so it does not matter whether a write came before or comes
// after: whoever is last has seen what the other did.
//
// Nothing is remembered of the progress. After a restart the walk begins anew,
// and entries that are there already are merely written again.

// startBackfill fills an index of a table in the background.
func (e *Engine) startBackfill(t *table, number uint16) {
	e.background.Go(func() {
		if err := e.backfill(t, number); err != nil {
			e.log.Error("dynamodb: an index could not be filled; it will be tried again after a restart",
				"table", t.id, "index", number, "error", err)
		}
	})
}

// backfill returns early without an error when the engine is closed or the
// table or its index deleted.
func (e *Engine) backfill(t *table, number uint16) error {
	filled, err := e.fillTable(t, indexFiller(number))
	if err != nil || !filled {
		return err
	}
	return e.finishBackfill(t, number)
}

// rowFiller adds what is made of one item, given by its row and encoding, to a
// batch.
type rowFiller func(b kv.Batch, row, raw []byte) error

// fillTable walks the items of a table and makes of each what a rowFiller does.
// fillerOf returns the rowFiller under a view, or nil once nothing is to be filled
// any more. fillTable reports whether it reached the end.
func (e *Engine) fillTable(t *table, fillerOf func(*view) rowFiller) (bool, error) {
	rows := kv.PrefixRange(itemPrefix(t.id))
	for e.background.ctx.Err() == nil {
		batch, err := e.rowsFrom(rows, backfillStep)
		if err != nil {
			return false, err
		}
		if len(batch) == 0 {
			return true, nil
		}
		if goOn, err := e.fillRows(t, fillerOf, batch); err != nil || !goOn {
			return false, err
		}
		rows.Start = append(batch[len(batch)-1], 0)
	}
	return false, nil
}

// rowsFrom returns the first keys of a range.
func (e *Engine) rowsFrom(r kv.Range, limit int) ([][]byte, error) {
	r.Limit = limit
	it := e.store.Scan(r)
	var rows [][]byte
	for len(rows) < limit && it.Next() {
		rows = append(rows, append([]byte(nil), it.Key()...))
	}
	return rows, errors.Join(it.Err(), it.Close())
}

// fillRows is one step of fillTable. It reports whether to go on.
func (e *Engine) fillRows(t *table, fillerOf func(*view) rowFiller, rows [][]byte) (bool, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	fill := fillerOf(t.current.Load())
	if fill == nil {
		return false, nil
	}
	var h held
	for _, row := range rows {
		h = h.add(row)
	}
	h = h.lock(&e.latches)
	// The latches keep the commits that they have: that of these entries is
	// durable at once by its own account, which would make readers believe the
	// same of the writes before it.
	defer h.unlock(&e.latches, nil)
	b := e.store.NewBatch()
	defer b.Discard()
	for _, row := range rows {
		raw, ok, err := e.store.Get(row, nil)
		if err == nil && ok {
			err = fill(b, row, raw)
		}
		if err != nil {
			return false, err
		}
	}
	// Not synced: the end of the filling is, and with it all that came before.
	_, err := e.store.Apply(b, kv.NoSync)
	return err == nil, err
}

// indexFiller returns the filler of an index, as fillTable wants it.
func indexFiller(number uint16) func(*view) rowFiller {
	return func(v *view) rowFiller {
		if x := v.unfinishedVector(number); x != nil {
			return func(b kv.Batch, _, raw []byte) error { return x.fill(b, v, raw) }
		}
		x := v.unfinished(number)
		if x == nil {
			return nil
		}
		return func(b kv.Batch, _, raw []byte) error { return x.fill(b, v, raw) }
	}
}

// fill adds the entry of an item, if it belongs into the index.
func (x *indexView) fill(b kv.Batch, v *view, raw []byte) error {
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return err
	}
	if entry := x.entry(v, item, raw, 0); entry.row != nil {
		b.Set(entry.row, entry.value)
	}
	return nil
}

// unfinished returns the index of a number if it is still being filled.
func (v *view) unfinished(number uint16) *indexView {
	if v == nil {
		return nil
	}
	for i := range v.indexes {
		if x := &v.indexes[i]; x.Number == number && x.Backfilling {
			return x
		}
	}
	return nil
}

// finishBackfill opens a filled index to queries. Its counters start anew: until
// now writes counted the removal of entries that were not there yet.
func (e *Engine) finishBackfill(t *table, number uint16) error {
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v.unfinished(number) == nil && v.unfinishedVector(number) == nil {
		return nil
	}
	next := v.clone()
	for i := range next.Indexes {
		if next.Indexes[i].Number == number {
			next.Indexes[i].Backfilling = false
		}
	}
	for i := range next.VectorIndexes {
		if next.VectorIndexes[i].Number == number {
			next.VectorIndexes[i].Backfilling = false
		}
	}
	var snapshot kv.Snapshot
	var list []counting
	_, err := e.publish(t, next, nil, func(v *view) {
		// No write is under way, so each is either in the snapshot or will count
		// itself in the new counters.
		snapshot = e.store.Snapshot()
		for i := range v.indexes {
			if x := &v.indexes[i]; x.Number == number {
				x.stats = new(counters)
				list = append(list, counting{prefix: x.prefix, stats: x.stats})
			}
		}
		for i := range v.vectors {
			if x := &v.vectors[i]; x.Number == number {
				x.stats = new(counters)
				list = append(list, x.counting())
			}
		}
	})
	if snapshot != nil {
		e.background.Go(func() { e.countAll(snapshot, list) })
	}
	return err
}
