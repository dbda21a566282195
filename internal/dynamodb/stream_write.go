package dynamodb

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// shardOf returns the shard of an item's row key.
func (v *view) shardOf(row []byte) int {
	return int(binary.BigEndian.Uint32(row[len(v.prefix):]) >> shardShift)
}

// shardLocks are the shards that a batch writes to, locked in ascending order.
type shardLocks struct {
	list []shardRef
}

type shardRef struct {
	s     *stream
	shard int
}

// lockShards locks the shards to which the changes of writes go.
func lockShards(writes []*write) (l shardLocks) {
	for _, w := range writes {
		if w.recorded() {
			l.list = append(l.list, shardRef{w.v.stream, w.v.shardOf(w.row)})
		}
	}
	slices.SortFunc(l.list, func(a, b shardRef) int {
		return cmp.Or(cmp.Compare(a.s.id, b.s.id), cmp.Compare(a.shard, b.shard))
	})
	l.list = slices.Compact(l.list)
	for _, r := range l.list {
		r.s.shard[r.shard].mu.Lock()
	}
	return l
}

func (l *shardLocks) unlock(commit kv.Commit) {
	for _, r := range l.list {
		if commit != nil {
			r.s.shard[r.shard].commit = commit
		}
		r.s.shard[r.shard].mu.Unlock()
	}
}

// recorded reports whether the write leaves a stream record: it changed
// something, and the table has a stream.
func (w *write) recorded() bool {
	return w.v.stream != nil && w.op != opCheck && !bytes.Equal(w.oldRaw, w.newRaw)
}

// stageRecord adds the stream record of a write to the batch. The shard's lock
// must be held.
func (w *write) stageRecord(b kv.Batch, now time.Time) {
	s, i := w.v.stream, w.v.shardOf(w.row)
	r := streamRecord{Event: recordModify, At: now, Expired: w.expired, Keys: w.v.Key.keyAttrs(w.key)}
	if !w.existed {
		r.Event = recordInsert
	} else if w.newRaw == nil {
		r.Event = recordRemove
	}
	if s.view == "OLD_IMAGE" || s.view == "NEW_AND_OLD_IMAGES" {
		r.Old = w.oldRaw
	}
	if s.view == "NEW_IMAGE" || s.view == "NEW_AND_OLD_IMAGES" {
		r.New = w.newRaw
	}
	b.Set(s.recordKey(nil, i, s.shard[i].next(now)), appendRecord(nil, &r))
}
