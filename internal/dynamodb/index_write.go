package dynamodb

import (
	"bytes"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// entry is what an index holds of one item. The zero entry is none: the item
// lacks one of the index's key attributes.
type entry struct {
	row   []byte
	value []byte
	size  int // as the service counts it
	scope int // of a vector index: the length of the part of row that its graph is of
}

// entry returns the entry of an item whose key attributes have been checked; raw
// is the item's encoding and size its size, shared by an index that projects
// everything.
func (x *indexView) entry(v *view, item attr.Map, raw []byte, size int) entry {
	if item == nil || !x.covers(item) {
		return entry{}
	}
	row := make([]byte, len(x.prefix), len(x.prefix)+96)
	copy(row, x.prefix)
	row = x.Key.appendRow(row, item)
	row = v.Key.appendRow(row, item)
	if x.Projection.Type == "ALL" {
		return entry{row: row, value: raw, size: size}
	}
	projected := x.project(v, item)
	return entry{row: row, value: attr.AppendMap(nil, projected), size: projected.Size()}
}

// covers reports whether an item has every key attribute of the index, and each
// is such as the index takes. Of an item from before the index it may not be
// (Developer Guide, "Detecting and correcting index key violations").
func (x *indexView) covers(item attr.Map) bool {
	for _, part := range [2][]keyAttr{x.Key.Hash, x.Key.Range} {
		for i := range part {
			if value, ok := item.Get(part[i].Name); !ok || x.checkKey(part[i], value) != nil {
				return false
			}
		}
	}
	return true
}

// project returns the attributes of an item that the index holds.
func (x *indexView) project(v *view, item attr.Map) attr.Map {
	if x.Projection.Type == "ALL" {
		return item
	}
	var out attr.Map
	for _, a := range item {
		if x.Key.has(a.Name) || v.Key.has(a.Name) || x.includes(a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// includes reports whether an attribute that is no key is projected.
func (x *indexView) includes(name string) bool {
	if x.Projection.Type == "ALL" {
		return true
	}
	for _, n := range x.Projection.Names {
		if n == name {
			return true
		}
	}
	return false
}

// checkIndexKeys checks that those attributes of an item to be put that are keys
// of an index can be: an item without them is merely not in the index.
func (v *view) checkIndexKeys(item attr.Map) error {
	for i := range v.indexes {
		x := &v.indexes[i]
		for _, part := range [2][]keyAttr{x.Key.Hash, x.Key.Range} {
			for j := range part {
				if value, ok := item.Get(part[j].Name); !ok {
					continue
				} else if err := x.checkKey(part[j], value); err != nil {
					return err
				}
			}
		}
	}
	return v.checkVectors(item)
}

func (x *indexView) checkKey(a keyAttr, value attr.Value) error {
	switch {
	case value.Kind() != a.Kind:
		return x.typeMismatch(a, value.Kind())
	case isEmpty(value):
		return api.Validation(msgNotValid+"A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", kindWord(value), x.Name, a.Name)
	case value.Size() <= x.maxKeySize(a):
		return nil
	case x.maxKeySize(a) == maxSortKeySize:
		return badParameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKeySize)
	}
	return badParameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionKeySize)
}

// maxKeySize returns how many bytes a key attribute of the index may have.
func (x *indexView) maxKeySize(a keyAttr) int {
	for i := range x.Key.Range {
		if x.Key.Range[i].Name == a.Name {
			return maxSortKeySize
		}
	}
	return maxPartitionKeySize
}

func (x *indexView) typeMismatch(a keyAttr, actual attr.Kind) error {
	return badParameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", a.Name, a.Kind, actual, x.Name)
}

// compareIndexes finds out what a write that was decided changes in the indexes of
// its table.
func (w *write) compareIndexes() {
	if w.op == opCheck || w.op != opDelete && w.newRaw == nil {
		return
	}
	for i := range w.v.indexes {
		x := &w.v.indexes[i]
		before := x.entry(w.v, w.old, w.oldRaw, w.oldSize)
		after := x.entry(w.v, w.new, w.newRaw, w.newSize)
		moved := !bytes.Equal(before.row, after.row)
		if moved || !bytes.Equal(before.value, after.value) {
			w.indexed = append(w.indexed, indexChange{x, before, after, moved})
		}
	}
}

// stageIndexes adds the changes of the table's indexes to the batch.
func (w *write) stageIndexes(b kv.Batch) {
	for i := range w.indexed {
		c := &w.indexed[i]
		if c.moved && c.before.row != nil {
			b.Delete(c.before.row)
		}
		if c.after.row != nil {
			b.Set(c.after.row, c.after.value)
		}
	}
}

// indexChange is how one index changed, for counters and capacity.
type indexChange struct {
	x             *indexView
	before, after entry
	moved         bool
}

// count brings the counters of the index up to date.
func (c *indexChange) count() {
	items := 0
	if c.before.row != nil {
		items--
	}
	if c.after.row != nil {
		items++
	}
	c.x.stats.add(items, c.after.size-c.before.size)
}
