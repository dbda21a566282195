package sqs

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/levee-io/levee/internal/kv"
)

// load reads the messages of the queue from the store, but not their contents.
func (q *queue) load(now int64) error {
	next, ok, err := q.engine.store.Get(appendQueue(nil, kindSequence, q.id), nil)
	if err != nil {
		return fmt.Errorf("sqs: read queue %s: %w", q.arn, err)
	}
	q.nextSeq = 1
	if ok && len(next) == 8 {
		q.nextSeq = binary.BigEndian.Uint64(next)
	}
	q.reserved = q.nextSeq
	q.clear()
	if err := q.loadMessages(now); err != nil {
		return fmt.Errorf("sqs: read queue %s: %w", q.arn, err)
	}
	if err := q.loadDedup(now); err != nil {
		return fmt.Errorf("sqs: read queue %s: %w", q.arn, err)
	}
	q.loaded = true
	return nil
}

func (q *queue) loadMessages(now int64) error {
	retention := q.settings.Load().retention
	it := q.engine.store.Scan(kv.PrefixRange(appendQueue(nil, kindMessage, q.id)))
	defer func() { _ = it.Close() }()
	for it.Next() {
		s, err := readState(it.Value())
		if err != nil {
			return err
		}
		e := entry{seqOf(it.Key()), s.sent}
		q.lastSent = max(q.lastSent, s.sent)
		switch {
		case s.sent+retention <= now:
			q.expire(e.seq)
		case s.receives == 0:
			q.line.add(e, s.group, s.visibleAt, now)
		default:
			q.restore(e, s, now)
		}
	}
	return it.Err()
}

// restore puts back a message that was received before.
func (q *queue) restore(e entry, s state, now int64) {
	m := newMessage(e, nil)
	m.receives, m.returned, m.visibleAt, m.first, m.received = s.receives, s.returned, s.visibleAt, s.first, s.received
	q.line.restore(m, s.group)
	q.adopt(m)
	if m.visibleAt <= now {
		q.line.undo(m, now)
		return
	}
	q.fly(m)
	if l, ok := q.line.(*fifo); ok {
		l.place(m.group, now) // an earlier message may have opened it
	}
}

// loadDedup reads what is remembered of deduplication ids, from the newest back to the
// first that has run out: of those before it there may be one for each message.
func (q *queue) loadDedup(now int64) error {
	q.dedup = dedup{seqs: map[dedupKey]uint64{}}
	backwards := kv.PrefixRange(appendQueue(nil, kindDedup, q.id))
	backwards.Reverse = true
	it := q.engine.store.Scan(backwards)
	defer func() { _ = it.Close() }()
	var rows []dedupRow
	for it.Next() {
		r, err := readDedup(seqOf(it.Key()), it.Value())
		if err != nil {
			return err
		}
		if r.sent+dedupWindow <= now {
			q.dedup.floor, q.dedup.stale = r.seq+1, sweepDedup // however many there are
			break
		}
		rows = append(rows, r)
	}
	for _, r := range slices.Backward(rows) {
		q.dedup.add(r)
	}
	return it.Err()
}
