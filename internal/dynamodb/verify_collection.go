package dynamodb

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// collectionSum adds up an item collection, whose items come one after the other.
type collectionSum struct {
	partition []byte // nil: none yet
	size      int64
	unsure    bool // an item does not read
}

// inCollection adds an item to its collection.
func (c *verification) inCollection(row []byte, item attr.Map, raw []byte, reads bool) {
	if partition := c.v.partition(row); !bytes.Equal(partition, c.sum.partition) {
		c.endCollection()
		c.sum = collectionSum{partition: slices.Clone(partition)}
	}
	if !reads {
		c.sum.unsure = true
		return
	}
	size := item.Size()
	c.sum.size += int64(size)
	for i := range c.v.indexes {
		if x := &c.v.indexes[i]; !x.Global {
			c.sum.size += int64(x.entry(c.v, item, raw, size).size)
		}
	}
}

// endCollection compares the last collection with its row. One that has not been
// written to since there are such rows may have none.
func (c *verification) endCollection() {
	if c.sum.partition == nil || c.sum.unsure {
		return
	}
	row := joined(c.v.collections, c.sum.partition)
	value, ok, err := c.store.Get(row, nil)
	switch {
	case err != nil:
	case ok:
		var size int64
		if size, err = decodeCollectionSize(value); err == nil && size != c.sum.size {
			err = fmt.Errorf("its row says %d bytes, there are %d", size, c.sum.size)
		}
	case c.v.Collections:
		err = errors.New("its row is missing")
	}
	if err != nil {
		c.say("item collection %x: %v", row, err)
	}
}

// collection looks whether the row of a collection is of any item.
func (c *verification) collection(row, _ []byte) error {
	r := kv.PrefixRange(joined(c.v.prefix, row[len(c.v.collections):]))
	r.Limit = 1
	it := c.store.Scan(r)
	some := it.Next()
	err := errors.Join(it.Err(), it.Close())
	if err == nil && !some {
		err = errors.New("the collection has no items")
	}
	return err
}
