package dynamodb

import (
	"encoding/binary"
	"strconv"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// An incremental export has one record for each item that changed, with what it
// was at the beginning and what it was at the end. History is in the order of
// time; three walks along it bring together what belongs to an item, in rows of
// the export's scratch number that begin with one of these letters.
const (
	changeBefore byte = 'b' // the item at the beginning, empty for none
	changeAfter  byte = 'a' // the item at the end, where it changed once more since
	changeLast   byte = 'l' // the moment of its last change before the end
)

// writeChanges writes the records of an incremental export.
func (e *Engine) writeChanges(w *exportWriter) error {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if err := e.gatherChanges(snapshot, w.x); err != nil {
		return err
	}
	x := w.x
	before := changeKey(x.Scratch, changeBefore, nil)
	it := e.store.Scan(kv.PrefixRange(before))
	defer it.Close()
	for it.Next() {
		suffix := it.Key()[len(before):]
		after, err := e.imageAfter(snapshot, x, suffix)
		if err != nil {
			return err
		}
		at, _, err := e.store.Get(changeKey(x.Scratch, changeLast, suffix), nil)
		if err != nil {
			return err
		}
		if err := w.writeChange(it.Value(), after, at); err != nil {
			return err
		}
	}
	return it.Err()
}

func changeKey(scratch uint64, kind byte, suffix []byte) []byte {
	return append(append(itemPrefix(scratch), kind), suffix...)
}

// gatherChanges fills the scratch rows.
func (e *Engine) gatherChanges(snapshot kv.Reader, x *export) error {
	w := e.newBulk()
	defer w.discard()
	erasePrefix(w.batch, itemPrefix(x.Scratch))
	from, to := momentOf(x.From), momentOf(x.To)
	for _, walk := range []struct {
		r    kv.Range
		kind byte
	}{
		// The newest first: what is written last is the oldest.
		{newestFirst(undoRange(x.Table.ID, to, endOfTime)), changeAfter},
		{newestFirst(undoRange(x.Table.ID, from, to)), changeBefore},
		{undoRange(x.Table.ID, from, to), changeLast},
	} {
		if err := w.gather(snapshot, walk.r, x.Scratch, walk.kind); err != nil {
			return err
		}
	}
	return w.flush()
}

func newestFirst(r kv.Range) kv.Range {
	r.Reverse = true
	return r
}

// gather is one walk: of undo rows that are of the same item, the last one in its
// order remains.
func (w *bulk) gather(snapshot kv.Reader, r kv.Range, scratch uint64, kind byte) error {
	it := snapshot.Scan(r)
	defer it.Close()
	for it.Next() {
		at, suffix := undone(it.Key())
		value := it.Value()
		if kind == changeLast {
			value = binary.BigEndian.AppendUint64(nil, uint64(at))
		}
		if err := w.set(changeKey(scratch, kind, suffix), value); err != nil {
			return err
		}
	}
	return it.Err()
}

// imageAfter returns an item at the end of an export, empty for none.
func (e *Engine) imageAfter(snapshot kv.Reader, x *export, suffix []byte) ([]byte, error) {
	after, ok, err := e.store.Get(changeKey(x.Scratch, changeAfter, suffix), nil)
	if ok || err != nil {
		return after, err
	}
	after, _, err = snapshot.Get(append(itemPrefix(x.Table.ID), suffix...), nil)
	return after, err
}

// writeChange writes one record. An item that was there neither at the beginning
// nor at the end has none.
func (w *exportWriter) writeChange(before, after, at []byte) error {
	known := after
	if len(known) == 0 {
		known = before
	}
	if len(known) == 0 {
		return nil
	}
	item, err := attr.DecodeMap(known)
	if err != nil {
		return err
	}
	line := append(w.line[:0], `{"Metadata":{"WriteTimestampMicros":{"N":"`...)
	line = strconv.AppendInt(line, int64(binary.BigEndian.Uint64(at))/1000, 10)
	line = append(line, `"}},"Keys":`...)
	line = w.x.Table.Key.keyAttrs(item).AppendJSON(line)
	if len(before) > 0 && w.x.View == ddb.ExportViewTypeNewAndOldImages {
		line = attr.EncodedItem(before).AppendJSON(append(line, `,"OldImage":`...))
	}
	if len(after) > 0 {
		line = attr.EncodedItem(after).AppendJSON(append(line, `,"NewImage":`...))
	}
	w.line = append(line, "}\n"...)
	return w.writeLine(item.Size())
}
