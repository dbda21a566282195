package dynamodb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// While the history of a table is kept, each write adds an undo row to its own
// batch: under the moment of the commit, what the item was before. A table as it
// was at a moment is the table as it is now with the undo rows of later moments
// applied, the newest first.
//
// History is kept for two reasons: point-in-time recovery is on, or something
// still has to read the table as it was at a moment. The latter pins the moment;
// so a backup or a restore that a restart interrupts begins anew and comes to the
// same rows.

// pins are the moments of a table that work in the background has yet to read.
// Guarded by the table's alter.
type pins []moment

// oldest returns the moment from which on history is needed.
func (p pins) oldest() moment {
	if len(p) == 0 {
		return endOfTime
	}
	return slices.Min(p)
}

func undoKey(table uint64, at moment, suffix []byte) []byte {
	key := make([]byte, 0, len(suffix)+18)
	key = append(key, undoPrefix(table)...)
	key = binary.BigEndian.AppendUint64(key, uint64(at))
	return append(key, suffix...)
}

// undoRange are the undo rows of moments from on, before to.
func undoRange(table uint64, from, to moment) kv.Range {
	return kv.Range{Start: undoKey(table, from, nil), End: undoKey(table, to, nil)}
}

// undone returns the moment of an undo row, and its item's row key without the
// table's prefix.
func undone(key []byte) (at moment, suffix []byte) {
	const head = 2 + 8
	return moment(binary.BigEndian.Uint64(key[head:])), key[head+8:]
}

// changed reports whether the write replaces its item by another, or by none.
func (w *write) changed() bool {
	return w.op != opCheck && !bytes.Equal(w.oldRaw, w.newRaw)
}

// stageUndo adds the undo rows of writes to their batch. They share a moment, so
// that no moment sees half a transaction. The latches of the rows must be held.
func (e *Engine) stageUndo(b kv.Batch, writes []*write, now time.Time) {
	var at moment
	for _, w := range writes {
		if !w.v.recording || !w.changed() {
			continue
		}
		if at == 0 {
			at = e.moments.next(now)
		}
		b.Set(undoKey(w.v.ID, at, w.row[len(w.v.prefix):]), w.oldRaw)
	}
}

// pin keeps the history of a table from now on until unpin. stage is given the
// moment, and adds to the batch what remembers it. Every commit up to the moment
// has been applied when pin returns, and every later one comes after it.
// t.alter must be held; v is the present view.
func (e *Engine) pin(t *table, v *view, stage func(kv.Batch, moment)) (moment, error) {
	var at moment
	_, err := e.publish(t, v.clone(), func(b kv.Batch) {
		at = e.moments.next(time.Now())
		stage(b, at)
	}, func(v *view) {
		t.pins = append(t.pins, at)
		v.recording = true
	})
	return at, err
}

// pinAt is pin for a time within the history, or for the present.
func (e *Engine) pinAt(t *table, v *view, at api.Opt[time.Time]) (moment, error) {
	pinned, err := e.pin(t, v, func(kv.Batch, moment) {})
	if err != nil || !at.OK {
		return pinned, err
	}
	pinned = momentOf(at.V)
	t.pins[len(t.pins)-1] = pinned
	return pinned, nil
}

// unpin gives up a moment. The history goes when nobody needs it any more.
func (e *Engine) unpin(t *table, at moment) error {
	t.alter.Lock()
	defer t.alter.Unlock()
	return e.unpinLocked(t, at)
}

// unpinLocked is unpin for who holds t.alter.
func (e *Engine) unpinLocked(t *table, at moment) error {
	i := slices.Index(t.pins, at)
	if i < 0 {
		return nil
	}
	t.pins = slices.Delete(t.pins, i, i+1)
	v := t.current.Load()
	if v == nil || v.Recovery != nil || len(t.pins) > 0 {
		return nil
	}
	_, err := e.publish(t, v.clone(), t.eraseHistory, t.keepRecording)
	return err
}

// resumePin is pin for what was pinned before the engine was opened. No
// operation is running yet.
func (e *Engine) resumePin(t *table, at moment) {
	t.pins = append(t.pins, at)
	t.current.Load().recording = true
	e.moments.pass(at)
}

// lastUndo returns the moment of a table's newest undo row, 0 if it has none.
func (e *Engine) lastUndo(table uint64) (moment, error) {
	r := undoRange(table, 0, endOfTime)
	r.Reverse, r.Limit = true, 1
	it := e.store.Scan(r)
	var last moment
	if it.Next() {
		last, _ = undone(it.Key())
	}
	return last, errors.Join(it.Err(), it.Close())
}

// trimHistory deletes the undo rows of moments that can no longer be restored.
func (e *Engine) trimHistory(t *table, now time.Time) error {
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil || v.Recovery == nil {
		return nil
	}
	old := undoRange(t.id, 0, min(momentOf(v.Recovery.earliest(now)), t.pins.oldest()))
	old.Limit = 1
	it := e.store.Scan(old)
	stale := it.Next()
	if err := errors.Join(it.Err(), it.Close()); err != nil || !stale {
		return err
	}
	b := e.store.NewBatch()
	b.DeleteRange(old.Start, old.End)
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}
