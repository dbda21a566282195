package dynamodb

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// partitionHash returns the hash that the row of a write begins with.
func (w *write) partitionHash() uint32 { return binary.BigEndian.Uint32(w.row[len(w.v.prefix):]) }

// shardLocks are the shards that a batch writes to, locked in ascending order.
type shardLocks struct {
	list []*streamShard
}

// lockShards locks the shards to which the changes of writes go.
func lockShards(writes []*write) (l shardLocks) {
	for _, w := range writes {
		if w.recorded() {
			w.shard = w.v.stream.shardOf(w.partitionHash())
			l.list = append(l.list, w.shard)
		}
		if w.posted() {
			w.outgoing = w.v.outbox.shardOf(w.partitionHash())
			l.list = append(l.list, w.outgoing)
		}
	}
	slices.SortFunc(l.list, func(a, b *streamShard) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.number, b.number))
	})
	l.list = slices.Compact(l.list)
	for _, s := range l.list {
		s.mu.Lock()
	}
	return l
}

func (l *shardLocks) unlock(commit kv.Commit) {
	for _, s := range l.list {
		if commit != nil {
			s.commit = commit
			s.outlet.kick()
		}
		s.mu.Unlock()
	}
}

// recorded reports whether the write leaves a stream record: it changed
// something, and the table has a stream.
func (w *write) recorded() bool {
	return w.v.stream != nil && w.changed()
}

// posted reports whether the write leaves a record in an outbox.
func (w *write) posted() bool {
	return w.v.outbox != nil && w.changed()
}

// stageRecord adds a record of a write to the batch, in a shard of a stream, whose
// lock must be held.
func (w *write) stageRecord(b kv.Batch, s *stream, shard *streamShard, now time.Time) {
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
	r.Exact = shard.outlet != nil
	b.Set(s.recordKey(nil, shard.number, shard.next(now)), appendRecord(nil, &r))
	shard.count(w.partitionHash())
}
