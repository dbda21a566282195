package dynamodb

import (
	"errors"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// copyRows makes the item rows of the number to those that table from had at a
// moment, whatever stood there before. Beside the table the source can be the
// rows of a backup, which have no history. It returns what it copied, as a table
// counts it whose view.slim is given.
func (e *Engine) copyRows(from, to uint64, at moment, slim *view) (total, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	w := e.newBulk()
	defer w.discard()
	erasePrefix(w.batch, itemPrefix(to))
	if err := copyPresent(w, snapshot, from, to); err != nil {
		return total{}, err
	}
	if err := undoCopy(w, snapshot, from, to, at); err != nil {
		return total{}, err
	}
	if err := w.flush(); err != nil {
		return total{}, err
	}
	return e.totalOf(itemPrefix(to), slim)
}

// copyPresent copies the rows as the snapshot has them.
func copyPresent(w *bulk, snapshot kv.Reader, from, to uint64) error {
	prefix := itemPrefix(from)
	it := snapshot.Scan(kv.PrefixRange(prefix))
	defer it.Close()
	row := itemPrefix(to)
	n := len(row)
	for it.Next() {
		row = append(row[:n], it.Key()[len(prefix):]...)
		if err := w.set(row, it.Value()); err != nil {
			return err
		}
	}
	return it.Err()
}

// undoCopy undoes in a copy what came after a moment, the newest first.
func undoCopy(w *bulk, snapshot kv.Reader, from, to uint64, at moment) error {
	if at == endOfTime {
		return nil
	}
	r := undoRange(from, at+1, endOfTime)
	r.Reverse = true
	it := snapshot.Scan(r)
	defer it.Close()
	row := itemPrefix(to)
	n := len(row)
	for it.Next() {
		_, suffix := undone(it.Key())
		row = append(row[:n], suffix...)
		if err := w.restore(row, it.Value()); err != nil {
			return err
		}
	}
	return it.Err()
}

// restore makes a row what an undo row says that it was: empty stands for none.
func (w *bulk) restore(row, old []byte) error {
	if len(old) == 0 {
		return w.delete(row)
	}
	return w.set(row, old)
}

// total is a number of items and their size as the service counts it.
type total struct {
	Items int64 `json:"items"`
	Bytes int64 `json:"bytes"`
}

// totalOf counts the rows of a prefix that nobody writes to, as a table whose view.slim
// is given.
func (e *Engine) totalOf(prefix []byte, slim *view) (total, error) {
	var stats counters
	c := counting{prefix: prefix, stats: &stats, slim: slim}
	err := c.count(e.background.ctx, e.store)
	return total{stats.items.Load(), stats.bytes.Load()}, err
}

// enter writes the entry of an item, counts it, and returns its size.
func (x *indexView) enter(w *bulk, v *view, item attr.Map, raw []byte) (int, error) {
	entry := x.entry(v, item, raw, item.Size())
	if entry.row == nil {
		return 0, nil
	}
	x.stats.add(1, entry.size)
	return entry.size, w.set(entry.row, entry.value)
}

// fillIndexes makes the index entries of all items of a table that nobody else
// writes to, and that has none yet or none that are counted, and the rows of the item
// collections.
func (e *Engine) fillIndexes(v *view) error {
	if len(v.indexes) == 0 && len(v.vectors) == 0 {
		return nil
	}
	it := e.store.Scan(kv.PrefixRange(v.prefix))
	defer it.Close()
	w := e.newBulk()
	defer w.discard()
	erasePrefix(w.batch, collectionPrefix(v.ID))
	collections := collectionFiller{v: v}
	for it.Next() {
		item, err := attr.DecodeMap(it.Value())
		if err != nil {
			return err
		}
		size := item.Size()
		for i := range v.indexes {
			n, err := v.indexes[i].enter(w, v, item, it.Value())
			if err != nil {
				return err
			}
			if !v.indexes[i].Global {
				size += n
			}
		}
		if err := collections.add(w, it.Key(), size); err != nil {
			return err
		}
		for i := range v.vectors {
			if err := v.vectors[i].enter(w, v, item); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(it.Err(), collections.flush(w)); err != nil {
		return err
	}
	return w.flush()
}
