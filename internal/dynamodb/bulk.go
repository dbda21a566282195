package dynamodb

import (
	"github.com/levee-io/levee/internal/kv"
)

// bulkBytes is about how much background work writes at once.
const bulkBytes = 1 << 20

// bulk writes many rows in batches of bounded size. They are not synced: the end
// of the work is, and with it all that came before. It fails once the engine is
// being closed.
type bulk struct {
	e     *Engine
	batch kv.Batch
	bytes int
}

func (e *Engine) newBulk() *bulk { return &bulk{e: e, batch: e.store.NewBatch()} }

func (w *bulk) set(key, value []byte) error {
	w.batch.Set(key, value)
	return w.wrote(len(key) + len(value))
}

func (w *bulk) delete(key []byte) error {
	w.batch.Delete(key)
	return w.wrote(len(key))
}

func (w *bulk) wrote(n int) error {
	if w.bytes += n; w.bytes < bulkBytes {
		return nil
	}
	return w.flush()
}

// flush writes what is left.
func (w *bulk) flush() error {
	if err := w.e.background.ctx.Err(); err != nil {
		return err
	}
	_, err := w.e.store.Apply(w.batch, kv.NoSync)
	w.batch, w.bytes = w.e.store.NewBatch(), 0
	return err
}

// discard drops what was not written.
func (w *bulk) discard() { w.batch.Discard() }
