package sqs

import (
	"crypto/sha256"
	"encoding/binary"
)

// dedupKey stands for a deduplication id, within its group where that is the
// scope: half of a SHA-256, so that nobody can make two ids collide.
type dedupKey [16]byte

// dedup remembers the deduplication ids of the last five minutes.
type dedup struct {
	seqs map[dedupKey]uint64 // of the message that was accepted
	line deque[dedupRow]     // in the order in which they run out
	// floor is the first sequence number whose row is still needed, stale the
	// number of rows below it that are still there.
	floor uint64
	stale int
}

// dedupRow is what the store holds of a deduplication id. The id of the message
// is there to be answered to who sends it again.
type dedupRow struct {
	seq  uint64
	sent int64 // unix milliseconds
	key  dedupKey
}

func (d *dedup) add(r dedupRow) {
	d.seqs[r.key] = r.seq
	d.line.push(r)
}

func (d *dedup) advance(now int64) {
	if d.line.len() > 0 && d.line.back().sent+dedupWindow <= now { // all of them: after a pause
		d.floor = d.line.back().seq + 1
		d.stale += d.line.len()
		d.seqs, d.line = map[dedupKey]uint64{}, deque[dedupRow]{}
	}
	for d.line.len() > 0 && d.line.front().sent+dedupWindow <= now {
		r := d.line.pop()
		if d.seqs[r.key] == r.seq { // else it was read from the store together with a later one
			delete(d.seqs, r.key)
		}
		d.floor = r.seq + 1
		d.stale++
	}
}

// dedupKey returns the key of a deduplication id in a group.
func (q *queue) dedupKey(id, group string) (key dedupKey) {
	var buf [2*maxID + 1]byte
	text := append(buf[:0], id...)
	if q.byGroup {
		// Ids hold no zero byte.
		text = append(append(text, 0), group...)
	}
	sum := sha256.Sum256(text)
	copy(key[:], sum[:])
	return key
}

func appendDedup(dst []byte, r dedupRow, id [16]byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.sent))
	dst = append(dst, r.key[:]...)
	return append(dst, id[:]...)
}

// dedupBytes is the length of a row: time, key, message id.
const dedupBytes = 8 + 16 + 16

func readDedup(seq uint64, b []byte) (r dedupRow, err error) {
	if len(b) != dedupBytes {
		return r, errRow
	}
	r.seq = seq
	r.sent = int64(binary.BigEndian.Uint64(b))
	copy(r.key[:], b[8:])
	return r, nil
}

// acceptedID returns the id of the message that was accepted with a
// deduplication id that is still remembered.
func (q *queue) acceptedID(seq uint64) (id [16]byte, err error) {
	b, ok, err := q.engine.store.Get(q.row(kindDedup, seq), nil)
	if err != nil {
		return id, err
	}
	if !ok || len(b) != dedupBytes {
		return id, errRow
	}
	copy(id[:], b[24:])
	return id, nil
}
