package dynamodb

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// The streams of a deleted table stay readable for a day. What reading them
// needs of the table is kept: a descriptor without indexes and settings.

// goneKey is the key of what is kept of a deleted table.
func goneKey(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindGone}, table)
}

// remains returns what is kept of a table that is being deleted, nil if it has
// no stream to read. No write may be under way.
func (v *view) remains(now time.Time) *descriptor {
	d := v.clone()
	d.disableStream(now)
	d.settleStreams(v, now)
	past := func(s streamSettings) bool { return s.forgotten(now) }
	if d.OldStreams = slices.DeleteFunc(d.OldStreams, past); len(d.OldStreams) == 0 {
		return nil
	}
	return &descriptor{ID: d.ID, Account: d.Account, Region: d.Region, Name: d.Name, UUID: d.UUID, Created: d.Created, Key: d.Key, OldStreams: d.OldStreams}
}

// bury adds to the batch that deletes a table what is kept of it.
func bury(b kv.Batch, d *descriptor) error {
	value, err := json.Marshal(d)
	if err == nil {
		b.Set(goneKey(d.ID), value)
	}
	return err
}

// loadGone reads what is kept of deleted tables.
func (e *Engine) loadGone() error {
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindGone}))
	defer it.Close()
	for it.Next() {
		d := new(descriptor)
		if err := json.Unmarshal(it.Value(), d); err != nil {
			return fmt.Errorf("remains %q: %w", it.Key(), err)
		}
		e.catalog.gone[d.id()] = append(e.catalog.gone[d.id()], d)
	}
	return it.Err()
}

// goneTables returns what is kept of all deleted tables.
func (e *Engine) goneTables() []*descriptor {
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	var list []*descriptor
	for _, same := range e.catalog.gone {
		list = append(list, same...)
	}
	return list
}

// trimGone deletes old records of deleted tables, and forgets the tables that
// have none left.
func (e *Engine) trimGone(now time.Time) error {
	var errs []error
	for _, d := range e.goneTables() {
		left := slices.ContainsFunc(d.OldStreams, func(s streamSettings) bool { return !s.forgotten(now.Add(-2 * iteratorLife)) })
		if !left {
			errs = append(errs, e.forgetGone(d))
			continue
		}
		for i := range d.OldStreams {
			errs = append(errs, e.trimStream(&d.OldStreams[i], now))
		}
	}
	return errors.Join(errs...)
}

// forgetGone deletes all that is kept of a deleted table.
func (e *Engine) forgetGone(d *descriptor) error {
	b := e.store.NewBatch()
	defer b.Discard()
	b.Delete(goneKey(d.ID))
	for i := range d.OldStreams {
		erasePrefix(b, streamPrefix(d.OldStreams[i].ID))
	}
	if _, err := e.store.Apply(b, kv.NoSync); err != nil {
		return err
	}
	e.catalog.Lock()
	defer e.catalog.Unlock()
	rest := slices.DeleteFunc(slices.Clone(e.catalog.gone[d.id()]), func(other *descriptor) bool { return other == d })
	if e.catalog.gone[d.id()] = rest; len(rest) == 0 {
		delete(e.catalog.gone, d.id())
	}
	return nil
}
