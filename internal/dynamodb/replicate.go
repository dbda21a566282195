package dynamodb

import (
	"bytes"
	"errors"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

const (
	// sendStep is the number of items that are sent at once, and whose latches
	// are held for that long, in both tables.
	sendStep = 32
	// sendRetry is how long a link rests after a failure.
	sendRetry = time.Second
)

// A write to a table with replicas leaves a note for each of them, in its own
// batch: this item has to be sent. A goroutine for each link takes the notes in
// steps. A step latches the items in both tables, sends those of which the other
// replica has an older version, as they are now, and deletes the notes: again one
// batch. So a note is never lost and never done twice, whenever the process ends;
// several writes of an item may travel as one. What arrives leaves no notes, since
// who wrote it sends it to everyone.

// startLinks starts the links of a view that the one before it does not have.
func (e *Engine) startLinks(t *table, v, before *view) {
	for _, l := range v.links {
		if before.link(l.to) != l {
			e.background.Go(func() { e.runLink(t, l) })
		}
	}
}

// runLink sends until the link ends or the engine closes.
func (e *Engine) runLink(t *table, l *link) {
	wait := e.replicationDelay
	for goOn := true; goOn; {
		select {
		case <-e.background.ctx.Done():
			return
		case <-l.wake:
		}
		if !e.pause(wait) {
			return
		}
		var err error
		wait = e.replicationDelay
		if goOn, err = e.drain(t, l); err != nil {
			goOn = true
			e.log.Error("dynamodb: a replica could not be brought up to date; it is tried again", "table", t.id, "region", l.region, "error", err)
			l.kick()
			wait = max(wait, sendRetry)
		}
	}
}

// pause waits and reports whether the engine is still open.
func (e *Engine) pause(d time.Duration) bool {
	if d <= 0 {
		return e.background.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-e.background.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// drain sends what there is: all items, to a replica that awaits them, and what
// the notes say. It reports whether the link goes on.
func (e *Engine) drain(t *table, l *link) (bool, error) {
	v := t.current.Load()
	if v.link(l.to) != l {
		return false, nil
	}
	if goOn, err := e.fillReplica(t, v, l); err != nil || !goOn {
		return goOn, err
	}
	prefix := outboxPrefix(t.id, l.to)
	return e.sendRange(t, l, kv.PrefixRange(prefix), func(key []byte) []byte { return key[len(prefix):] })
}

// fillReplica sends every item of the table, and every deletion that is still
// remembered, to a replica that awaits them. It begins anew after a restart; what
// is there already is merely compared.
func (e *Engine) fillReplica(t *table, v *view, l *link) (bool, error) {
	if !v.awaitedBy(l) {
		return true, nil
	}
	rows := kv.PrefixRange(v.prefix)
	goOn, err := e.sendRange(t, l, rows, func(key []byte) []byte { return key[len(v.prefix):] })
	if err != nil || !goOn {
		return goOn, err
	}
	goOn, err = e.sendRange(t, l, kv.PrefixRange(tablePrefix(kindTombstone, t.id)), func(key []byte) []byte { return tombstoneRow(key)[len(v.prefix):] })
	if err != nil || !goOn {
		return goOn, err
	}
	return true, e.finishFill(t, l)
}

// awaitedBy reports whether the replica behind a link awaits the table's items.
func (v *view) awaitedBy(l *link) bool {
	m := v.Replication.member(l.region)
	if m == nil {
		return false
	}
	for _, region := range m.Awaits {
		if region == v.Region {
			return true
		}
	}
	return false
}

// sendRange sends the items that the keys of a range stand for; rowOf returns an
// item's row without the prefix of its table. It reports whether the link goes on.
func (e *Engine) sendRange(t *table, l *link, r kv.Range, rowOf func(key []byte) []byte) (bool, error) {
	for e.background.ctx.Err() == nil {
		keys, err := e.rowsFrom(r, sendStep)
		if err != nil || len(keys) == 0 {
			return err == nil, err
		}
		rows := make([][]byte, len(keys))
		for i, key := range keys {
			rows[i] = rowOf(key)
		}
		n, err := e.send(t, l, rows)
		if err != nil || n == 0 {
			return false, err
		}
		r.Start = append(keys[n-1], 0)
	}
	return false, nil
}

// send is one step: it brings some items, given by their rows without prefix, to
// another replica. It returns how many it looked at: as many as one batch takes;
// none if the link has ended.
func (e *Engine) send(from *table, l *link, rows [][]byte) (int, error) {
	to := e.replicaOf(from, l)
	if to == nil {
		return 0, nil
	}
	s, commit, err := e.sendLatched(from, to, l, rows)
	if err != nil || commit == nil {
		return 0, err
	}
	for _, w := range s.writes {
		w.count()
	}
	return s.looked, commit.Wait()
}

// sending is one step of a link while it is carried out.
type sending struct {
	from, to *view
	table    *table // to's
	batch    kv.Batch
	writes   []*write
	looked   int
	size     int
}

// sendLatched is the part of send that holds locks. The commit is nil if the link
// has ended.
func (e *Engine) sendLatched(from, to *table, l *link, rows [][]byte) (s *sending, commit kv.Commit, err error) {
	first, second := from, to
	if first.compare(second) > 0 {
		first, second = second, first
	}
	first.mu.RLock()
	defer first.mu.RUnlock()
	second.mu.RLock()
	defer second.mu.RUnlock()
	s = &sending{from: from.current.Load(), to: to.current.Load(), table: to}
	if s.from.link(l.to) != l || s.to.link(from.id) == nil {
		return nil, nil, nil
	}
	var h held
	for _, row := range rows {
		h = h.add(joined(s.from.prefix, row))
		h = s.to.addLatches(h, joined(s.to.prefix, row))
	}
	h = h.lock(&e.latches)
	defer func() { h.unlock(&e.latches, commit) }()
	s.batch = e.store.NewBatch()
	defer s.batch.Discard()
	for _, row := range rows {
		if fits, err := s.take(e, row); err != nil {
			return nil, nil, err
		} else if !fits {
			break
		}
	}
	for _, w := range s.writes {
		w.compareIndexes()
	}
	if err := e.collect(s.writes); err != nil {
		return nil, nil, err
	}
	commit, err = e.applyAll(s.batch, s.writes, nil, time.Now())
	return s, commit, err
}

func joined(prefix, row []byte) []byte { return append(prefix[:len(prefix):len(prefix)], row...) }

// take adds one item to a step, unless the step is full.
func (s *sending) take(e *Engine, row []byte) (fits bool, err error) {
	here, there := joined(s.from.prefix, row), joined(s.to.prefix, row)
	w, err := s.writeFor(e, here, there)
	if err != nil {
		return false, err
	}
	if w != nil {
		if s.size += w.newSize; s.size > maxTransactionSize && s.looked > 0 {
			return false, nil
		}
		s.writes = append(s.writes, w)
	}
	s.looked++
	s.batch.Delete(outboxKey(here, s.table.id))
	return true, nil
}

// writeFor returns the write that brings the item at a row to the other replica,
// nil if that has it already, or something later.
func (s *sending) writeFor(e *Engine, here, there []byte) (*write, error) {
	var version [2][]byte
	for i, row := range [2][]byte{here, there} {
		var err error
		if version[i], _, err = e.store.Get(versionKey(row), nil); err != nil {
			return nil, err
		}
	}
	raw, exists, err := e.store.Get(here, nil)
	if err != nil {
		return nil, err
	}
	w := &write{op: opDelete, table: s.table, v: s.to, row: there, incoming: true, version: version[0]}
	if err := e.read(w); err != nil {
		return nil, err
	}
	switch order := bytes.Compare(version[0], version[1]); {
	case order < 0, order == 0 && (version[0] != nil || w.existed || !exists):
		return nil, nil
	}
	w.key = w.old
	if !exists {
		return w, nil
	}
	w.op, w.newRaw = opPut, raw
	w.new, err = attr.DecodeMap(raw)
	w.key, w.newSize = w.new, w.new.Size()
	return w, err
}

// replicaOf returns the table behind a link, nil if it is gone.
func (e *Engine) replicaOf(from *table, l *link) *table {
	v := from.current.Load()
	if v == nil {
		return nil
	}
	m := v.Replication.member(l.region)
	if m == nil || m.Table != l.to {
		return nil
	}
	return e.tableOf(v, *m)
}

// outboxEmpty reports whether a table has nothing to send to another.
func (e *Engine) outboxEmpty(from, to uint64) (bool, error) {
	r := kv.PrefixRange(outboxPrefix(from, to))
	r.Limit = 1
	it := e.store.Scan(r)
	some := it.Next()
	return !some, errors.Join(it.Err(), it.Close())
}
