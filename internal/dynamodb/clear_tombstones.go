package dynamodb

import (
	"encoding/binary"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// tombstoneLife is how long a deletion is remembered at least.
const tombstoneLife = 24 * time.Hour

// clearTombstones forgets old deletions, until the engine closes.
func (e *Engine) clearTombstones() {
	for e.pause(trimInterval) {
		if err := e.clearTombstonesAt(time.Now()); err != nil {
			e.log.Error("dynamodb: forget deletions of replicated items", "error", err)
		}
	}
}

func (e *Engine) clearTombstonesAt(now time.Time) error {
	e.catalog.RLock()
	var tables []*table
	for _, t := range e.catalog.tables {
		tables = append(tables, t)
	}
	e.catalog.RUnlock()
	for _, t := range tables {
		v := t.current.Load()
		if v == nil || len(v.links) == 0 {
			continue
		}
		if quiet, err := e.quiet(v); err != nil {
			return err
		} else if quiet {
			if err := e.clearTable(t, now.Add(-tombstoneLife)); err != nil {
				return err
			}
		}
	}
	return nil
}

// quiet reports whether nothing is on its way to a table or from it. A write that
// comes later is later than any deletion that is old by now, so those are needed no
// more.
func (e *Engine) quiet(v *view) (bool, error) {
	if v.adding() != nil {
		return false, nil
	}
	for _, l := range v.links {
		for _, way := range [2][2]uint64{{v.ID, l.to}, {l.to, v.ID}} {
			if empty, err := e.outboxEmpty(way[0], way[1]); err != nil || !empty {
				return false, err
			}
		}
	}
	return true, nil
}

// clearTable forgets the deletions in a table from before a time.
func (e *Engine) clearTable(t *table, before time.Time) error {
	prefix := tablePrefix(kindTombstone, t.id)
	r := kv.Range{Start: prefix, End: binary.BigEndian.AppendUint64(prefix[:len(prefix):len(prefix)], uint64(max(0, before.UnixNano())))}
	for e.background.ctx.Err() == nil {
		keys, err := e.rowsFrom(r, sendStep)
		if err != nil || len(keys) == 0 {
			return err
		}
		if err := e.clearStep(keys); err != nil {
			return err
		}
		r.Start = append(keys[len(keys)-1], 0)
	}
	return nil
}

// clearStep deletes some notes, and the versions of the items that are still
// deleted as they say.
func (e *Engine) clearStep(keys [][]byte) error {
	var h held
	for _, key := range keys {
		h = h.add(tombstoneRow(key))
	}
	h = h.lock(&e.latches)
	defer h.unlock(&e.latches, nil)
	b := e.store.NewBatch()
	defer b.Discard()
	for _, key := range keys {
		row := tombstoneRow(key)
		version, _, err := e.store.Get(versionKey(row), nil)
		if err != nil {
			return err
		}
		if len(version) >= versionTime && string(tombstoneKey(row, version)) == string(key) {
			b.Delete(versionKey(row))
		}
		b.Delete(key)
	}
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}
