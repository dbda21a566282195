package dynamodb

import (
	"context"
	"errors"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// countStep is the number of rows between two looks at whether to stop.
const countStep = 1024

// counting is a range of rows, of a table or an index, to be counted.
type counting struct {
	prefix []byte
	stats  *counters
	rows   *keyFilter   // is told of the rows; may be nil
	vector *vectorIndex // whose rows they are; nil: those of a table or another index
	slim   *view        // whose items count less for their vectors; nil: none do
}

// countAll adds to the counters what a snapshot holds. Every write that the
// snapshot has not is counted by the write itself. countAll closes the snapshot.
func (e *Engine) countAll(snapshot kv.Snapshot, list []counting) {
	err := countRows(e.background.ctx, snapshot, list)
	if err = errors.Join(err, snapshot.Close()); err != nil && e.background.ctx.Err() == nil {
		e.log.Error("dynamodb: item counts are incomplete", "error", err)
	}
}

func countRows(ctx context.Context, r kv.Reader, list []counting) error {
	for _, c := range list {
		if err := c.count(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// count adds the rows of one range to its counters.
func (c *counting) count(ctx context.Context, r kv.Reader) error {
	it := r.Scan(kv.PrefixRange(c.prefix))
	defer it.Close()
	items, bytes := 0, 0
	for it.Next() {
		size, err := c.size(it.Value())
		if err != nil {
			return err
		}
		if c.rows != nil {
			c.rows.add(hashOf(it.Key()))
		}
		items, bytes = items+1, bytes+size
		if items < countStep {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.stats.add(items, bytes)
		items, bytes = 0, 0
	}
	c.stats.add(items, bytes)
	if err := it.Err(); err != nil {
		return err
	}
	if c.rows != nil {
		c.rows.complete()
	}
	return nil
}

// sameNumbers reports whether two vector indexes make an item count the same.
func sameNumbers(x, y vectorView) bool {
	return x.Attribute == y.Attribute && x.Dimensions == y.Dimensions
}

// recount has the size of a table follow from how much its items counted to how much
// they count now that it has other vector indexes. t.mu is held, so that each write is
// either in the snapshot or counts as it does now.
func (e *Engine) recount(t *table, before, now *view) {
	snapshot := e.store.Snapshot()
	e.background.Go(func() {
		less, err := slimmed(e.background.ctx, snapshot, before, now)
		if err = errors.Join(err, snapshot.Close()); err == nil {
			t.stats.add(0, -less)
		} else if e.background.ctx.Err() == nil {
			e.log.Error("dynamodb: the size of a table is not right", "table", now.arn(), "error", err)
		}
	})
}

// slimmed returns by how much the items of a table count less now than before.
func slimmed(ctx context.Context, r kv.Reader, before, now *view) (less int, err error) {
	it := r.Scan(kv.PrefixRange(now.prefix))
	defer it.Close()
	for n := 1; it.Next(); n++ {
		item, err := attr.DecodeMap(it.Value())
		if err != nil {
			return 0, err
		}
		less += now.slimmer(item) - before.slimmer(item)
		if n%countStep == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return less, it.Err()
}

// size returns how much the value of a row counts.
func (c *counting) size(value []byte) (int, error) {
	if c.vector != nil {
		size, err := attr.SizeEncoded(value[c.vector.bytesOf():])
		return c.vector.sizeOf() + size, err
	}
	size, err := attr.SizeEncoded(value)
	if c.slim == nil || err != nil {
		return size, err
	}
	item, err := attr.DecodeMap(value)
	return size - c.slim.slimmer(item), err
}
