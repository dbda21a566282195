package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// Verified counts what Verify has looked at.
type Verified struct {
	Tables, Items, IndexEntries, StreamRecords int
}

// Verify reads what a store holds of tables and calls wrong with a sentence for
// everything that contradicts something else: items that do not read or stand
// under the wrong key, index entries and expiry rows without their item, items
// without them, wrong sizes of item collections, stream records out of order, and items that are not as their last
// stream record left them. What cannot be read is said too, and the rest is
// looked at. Nothing may use the store meanwhile; it may be read-only. Of each key
// in a stream eight bytes are kept in memory.
func Verify(ctx context.Context, store kv.Store, wrong func(text string)) (Verified, error) {
	e := &Engine{store: store}
	e.catalog.tables, e.catalog.gone = map[tableID]*table{}, map[tableID][]*descriptor{}
	e.readers.of = map[uint64][]string{}
	if err := e.load(); err != nil {
		return Verified{}, fmt.Errorf("dynamodb: read the catalog: %w", err)
	}
	total := Verified{Tables: len(e.catalog.tables)}
	for _, t := range e.catalog.tables {
		c := &verification{ctx: ctx, store: store, v: t.current.Load(), total: &total, wrong: wrong}
		c.table()
		if ctx.Err() != nil {
			return total, ctx.Err()
		}
	}
	return total, nil
}

// verification looks at one table.
type verification struct {
	ctx   context.Context
	store kv.Store
	v     *view
	total *Verified
	wrong func(string)
	sum   collectionSum
}

func (c *verification) say(format string, args ...any) {
	c.wrong(fmt.Sprintf("table %s: ", c.v.arn()) + fmt.Sprintf(format, args...))
}

// table looks at all that there is of a table. One that is being filled is not
// complete yet.
func (c *verification) table() {
	if c.v.Filling != nil {
		return
	}
	c.each("items", c.v.prefix, c.item)
	if c.v.collections != nil {
		c.endCollection()
		c.each("item collections", c.v.collections, c.collection)
	}
	for i := range c.v.indexes {
		x := &c.v.indexes[i]
		c.each("index "+x.Name, x.prefix, func(row, value []byte) error {
			return c.entry(row, value, 0, func(item attr.Map, raw []byte) entry { return x.entry(c.v, item, raw, 0) })
		})
	}
	for i := range c.v.vectors {
		x := &c.v.vectors[i]
		c.each("index "+x.Name, x.prefix, func(row, value []byte) error {
			return c.entry(row, value, x.bytesOf(), func(item attr.Map, _ []byte) entry { return x.entry(c.v, item) })
		})
	}
	if c.v.expiry != nil {
		c.each("expiry rows", c.v.expiry.prefix, c.expiry)
	}
	c.streams()
}

// each looks at the rows with a prefix.
func (c *verification) each(what string, prefix []byte, look func(row, value []byte) error) {
	it := c.store.Scan(kv.PrefixRange(prefix))
	n := 0
	for it.Next() {
		if n++; n%countStep == 0 && c.ctx.Err() != nil {
			break
		}
		if err := look(it.Key(), it.Value()); err != nil {
			c.say("%s: row %x: %v", what, it.Key(), err)
		}
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		c.say("%s cannot be read beyond the first %d: %v", what, n, err)
	}
}

// item looks at an item, and at the rows that it demands.
func (c *verification) item(row, raw []byte) error {
	c.total.Items++
	item, err := c.decode(row, raw)
	if c.v.collections != nil {
		c.inCollection(row, item, raw, err == nil)
	}
	if err != nil {
		return err
	}
	for i := range c.v.indexes {
		if x := &c.v.indexes[i]; !x.Backfilling {
			err = errors.Join(err, c.demand("entry of index "+x.Name, x.entry(c.v, item, raw, 0)))
		}
	}
	for i := range c.v.vectors {
		if x := &c.v.vectors[i]; !x.Backfilling {
			err = errors.Join(err, c.demand("entry of index "+x.Name, x.entry(c.v, item)))
		}
	}
	if x := c.v.expiry; x != nil && !x.Filling {
		if seconds, ok, _ := x.time(raw); ok {
			err = errors.Join(err, c.demand("expiry row", entry{row: x.key(seconds, row)}))
		}
	}
	return err
}

// decode reads an item and checks that it stands where its key says.
func (c *verification) decode(row, raw []byte) (attr.Map, error) {
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return nil, err
	}
	own, err := c.rowOf(item)
	if err == nil && !bytes.Equal(own, row) {
		err = fmt.Errorf("the item belongs into row %x", own)
	}
	return item, err
}

// rowOf returns the row of the item that has the key attributes in m.
func (c *verification) rowOf(m attr.Map) ([]byte, error) {
	for _, a := range c.v.Key.attrs() {
		if value, ok := m.Get(a.Name); !ok || value.Kind() != a.Kind {
			return nil, fmt.Errorf("there is no key attribute %s of type %s", a.Name, a.Kind)
		}
	}
	return c.v.Key.appendRow(slices.Clone(c.v.prefix), m), nil
}

// demand looks for a row that an item demands.
func (c *verification) demand(what string, want entry) error {
	if want.row == nil {
		return nil
	}
	value, ok, err := c.store.Get(want.row, nil)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case !ok:
		return fmt.Errorf("the %s is missing", what)
	case !bytes.Equal(value, want.value):
		return fmt.Errorf("the %s differs from the item", what)
	}
	return nil
}

// entry looks whether an index entry is that of an item. The attributes in it
// begin at an offset.
func (c *verification) entry(row, value []byte, at int, entryOf func(attr.Map, []byte) entry) error {
	c.total.IndexEntries++
	if len(value) < at {
		return errors.New("the entry is too short")
	}
	projected, err := attr.DecodeMap(value[at:])
	if err != nil {
		return err
	}
	of, err := c.rowOf(projected)
	if err != nil {
		return err
	}
	raw, ok, err := c.store.Get(of, nil)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the entry is of no item")
	}
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return err
	}
	if want := entryOf(item, raw); !bytes.Equal(want.row, row) || !bytes.Equal(want.value, value) {
		return errors.New("the entry is not that of its item")
	}
	return nil
}

// expiry looks whether an expiry row is that of an item.
func (c *verification) expiry(row, _ []byte) error {
	x := c.v.expiry
	if len(row) < len(x.prefix)+8+hashBytes {
		return errors.New("the key is too short")
	}
	of := x.row(row)
	raw, ok, err := c.store.Get(of, nil)
	if err != nil {
		return err
	}
	seconds, expires, err := x.time(raw)
	if err == nil && !(ok && expires && bytes.Equal(x.key(seconds, of), row)) {
		err = errors.New("no item expires then")
	}
	return err
}

// streams looks at the streams of the table. Only the one that is enabled has the
// last record of each of its keys.
func (c *verification) streams() {
	for i := range c.v.OldStreams {
		c.stream(&c.v.OldStreams[i], nil)
	}
	if c.v.Stream != nil {
		c.stream(c.v.Stream, map[uint64]struct{}{})
	}
	for _, s := range c.v.outboxes() {
		c.stream(s, nil)
	}
}

// stream looks at the records of a stream, the newest of a shard first. seen has
// hashes of the keys whose last record was there, nil if that does not matter.
func (c *verification) stream(s *streamSettings, seen map[uint64]struct{}) {
	st := stream{prefix: streamPrefix(s.ID)}
	for _, one := range slices.Backward(s.Shards) {
		r := kv.PrefixRange(st.shardPrefix(one.Number))
		r.Reverse = true
		it := c.store.Scan(r)
		for it.Next() && c.ctx.Err() == nil {
			if recordSequence(it.Key()) == 0 {
				continue // how far an outbox is delivered
			}
			c.total.StreamRecords++
			if err := c.record(s, &one, seen, it.Key(), it.Value()); err != nil {
				c.say("stream %s: record %x: %v", s.Label, it.Key(), err)
			}
		}
		if err := errors.Join(it.Err(), it.Close()); err != nil {
			c.say("stream %s, %s cannot be read: %v", s.Label, s.shardID(&one), err)
		}
	}
}

// record looks at a record, and whether the item is as it says.
func (c *verification) record(s *streamSettings, one *shard, seen map[uint64]struct{}, key, value []byte) error {
	r, err := decodeRecord(value)
	if err != nil {
		return err
	}
	if at := recordSequence(key); at < one.Start || one.End != 0 && at > one.End {
		return fmt.Errorf("its number is not one of %s", s.shardID(one))
	}
	row, err := c.rowOf(r.Keys)
	if err != nil {
		return err
	}
	if hash := (&write{v: c.v, row: row}).partitionHash(); hash < one.From || hash > one.To {
		return fmt.Errorf("its key is not one of %s", s.shardID(one))
	}
	if seen == nil {
		return nil
	}
	print := xxhash.Sum64(row)
	if _, later := seen[print]; later {
		return nil
	}
	seen[print] = struct{}{}
	return c.outcome(s, r, row)
}

// outcome compares the last record of a key with the item.
func (c *verification) outcome(s *streamSettings, r *streamRecord, row []byte) error {
	raw, ok, err := c.store.Get(row, nil)
	switch {
	case err != nil:
		return err
	case ok != (r.Event != recordRemove):
		return fmt.Errorf("item %x is there: %t, which the last record contradicts", row, ok)
	case ok && (s.View == "NEW_IMAGE" || s.View == "NEW_AND_OLD_IMAGES") && !bytes.Equal(raw, r.New):
		return fmt.Errorf("item %x is not what the last record says", row)
	}
	return nil
}
