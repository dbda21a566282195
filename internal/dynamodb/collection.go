package dynamodb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// An item collection is what a table with local indexes holds of one partition key:
// its items and their entries in those indexes. It may not grow beyond a limit
// (Developer Guide, "Item collection size limit").
//
// Each collection has a row with its size, which whatever writes one of its items
// changes in the same batch, under a latch of the row. So the size is that of what is
// there, after a crash as well, and to look it up is one read. A collection without
// items has no row. Neither have those of tables that were made before there were such
// rows: they are counted when they are written to first.
//
// A change of what local indexes there are would have to change the rows, too; there
// is none after CreateTable. What vector indexes there are does not matter.

// defaultCollectionLimit is the size in bytes that an item collection may have.
const defaultCollectionLimit = 10 << 30

// collection is what one batch does to an item collection.
type collection struct {
	row    []byte
	first  *write // of the batch, in this collection: it stages the row
	size   int64  // before the batch
	growth int64  // by all writes of the batch
}

// collectionRow returns the row of the collection that an item belongs to, given by its
// row.
func (v *view) collectionRow(item []byte) []byte {
	return joined(v.collections, v.partition(item))
}

// partition returns the hash and partition key in an item's row.
func (v *view) partition(item []byte) []byte {
	row := item[len(v.prefix):]
	if len(row) < hashBytes {
		return row // of no item: the store is damaged
	}
	return row[:hashBytes+keyLength(row[hashBytes:], v.Key.Hash)]
}

// addLatches names the latches of a write to an item.
func (v *view) addLatches(h held, item []byte) held {
	h = h.add(item)
	if v.collections != nil {
		h = h.add(v.collectionRow(item))
	}
	return h
}

// growth is by how much a write that was compared with the indexes makes its collection
// larger.
func (w *write) growth() int64 {
	n := w.newSize - w.oldSize
	for i := range w.indexed {
		if c := &w.indexed[i]; !c.x.Global {
			n += c.after.size - c.before.size
		}
	}
	return int64(n)
}

// collect finds the collections of writes, whose latches are held.
func (e *Engine) collect(writes []*write) error {
	for i, w := range writes {
		if w.v.collections == nil || w.op == opCheck {
			continue
		}
		row := w.v.collectionRow(w.row)
		if w.collected = collectionAmong(writes[:i], row); w.collected == nil {
			size, err := w.v.collectionSize(e.store, row)
			if err != nil {
				return err
			}
			w.collected = &collection{row: row, first: w, size: size}
		}
		if !w.replayed {
			w.collected.growth += w.growth()
		}
	}
	return nil
}

// collectionAmong returns the collection of a row that one of the writes belongs to, or
// nil.
func collectionAmong(writes []*write, row []byte) *collection {
	for _, w := range writes {
		if c := w.collected; c != nil && bytes.Equal(c.row, row) {
			return c
		}
	}
	return nil
}

// admitCollections collects writes that have been decided. It returns nil, or nil errors
// for the writes that may be done and the error of those that make a collection too
// large. What shrinks a collection is done however large it is, and so is what another
// replica has done already.
func (e *Engine) admitCollections(writes []*write) (failed []error, err error) {
	if err := e.collect(admittedOnly(withMirrors(writes))); err != nil {
		return nil, err
	}
	for i, w := range writes {
		c := w.collected
		if c == nil || c.growth <= 0 || c.size+c.growth <= e.collectionLimit || w.growth() <= 0 {
			continue
		}
		if failed == nil {
			failed = make([]error, len(writes))
		}
		failed[i] = api.Errorf(ddb.CodeItemCollectionSizeLimitExceededException, "Collection size exceeded.")
	}
	return failed, nil
}

// fits reports whether an item of a size, together with its entries in local indexes, is
// no larger than an item may be (Developer Guide, "Item size for tables with LSI").
func (v *view) fits(item attr.Map, size int) bool {
	if v.collections == nil || size*(1+len(v.indexes)) <= maxItemSize {
		return size <= maxItemSize
	}
	for i := range v.indexes {
		if x := &v.indexes[i]; !x.Global && x.covers(item) {
			size += x.project(v, item).Size()
		}
	}
	return size <= maxItemSize
}

// stageCollection adds the size of the write's collection to the batch, once for all
// writes in it.
func (w *write) stageCollection(b kv.Batch) {
	c := w.collected
	if c == nil || c.first != w || c.growth == 0 {
		return
	}
	if size := c.size + c.growth; size > 0 {
		b.Set(c.row, encodeCollectionSize(size))
	} else {
		b.Delete(c.row)
	}
}

func encodeCollectionSize(size int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(size))
}

// decodeCollectionSize reads what a collection's row has.
func decodeCollectionSize(value []byte) (int64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("the size of an item collection has %d bytes, not 8", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

// collectionSize returns the size of the collection of a row.
func (v *view) collectionSize(r kv.Reader, row []byte) (int64, error) {
	value, ok, err := r.Get(row, nil)
	switch {
	case err != nil:
		return 0, err
	case ok:
		return decodeCollectionSize(value)
	case v.Collections:
		return 0, nil
	}
	return v.countCollection(r, row[len(v.collections):])
}

// countCollection adds up the items and entries of a partition.
func (v *view) countCollection(r kv.Reader, partition []byte) (sum int64, err error) {
	ranges := [][]byte{joined(v.prefix, partition)}
	for i := range v.indexes {
		if x := &v.indexes[i]; !x.Global {
			ranges = append(ranges, joined(x.prefix, partition))
		}
	}
	for _, prefix := range ranges {
		n, err := sizeOfRows(r, prefix)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func sizeOfRows(r kv.Reader, prefix []byte) (sum int64, err error) {
	it := r.Scan(kv.PrefixRange(prefix))
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		n, err := attr.SizeEncoded(it.Value())
		if err != nil {
			return 0, err
		}
		sum += int64(n)
	}
	return sum, it.Err()
}

// collectionMetrics returns the metrics of the write's collection, for a table that has
// collections.
func (w *write) collectionMetrics(mode api.Opt[string]) *ddb.ItemCollectionMetrics {
	c := w.collected
	if c == nil || mode.V != ddb.ReturnItemCollectionMetricsSize {
		return nil
	}
	partition := keySchema{Hash: w.v.Key.Hash}
	whole := float64((c.size + c.growth) >> 30)
	return &ddb.ItemCollectionMetrics{
		ItemCollectionKey:   partition.keyAttrs(w.key),
		SizeEstimateRangeGB: []float64{whole, whole + 1},
	}
}

// collectionFiller writes the rows of a table's collections, whose items come in the
// order of their rows.
type collectionFiller struct {
	v         *view
	partition []byte // nil: none yet
	size      int64
}

// add adds an item and its entries, whose sizes are given.
func (f *collectionFiller) add(w *bulk, item []byte, size int) error {
	if f.v.collections == nil {
		return nil
	}
	if partition := f.v.partition(item); !bytes.Equal(partition, f.partition) {
		if err := f.flush(w); err != nil {
			return err
		}
		f.partition, f.size = slices.Clone(partition), 0
	}
	f.size += int64(size)
	return nil
}

// flush writes the last collection.
func (f *collectionFiller) flush(w *bulk) error {
	if f.partition == nil {
		return nil
	}
	return w.set(joined(f.v.collections, f.partition), encodeCollectionSize(f.size))
}
