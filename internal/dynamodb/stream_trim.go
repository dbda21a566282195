package dynamodb

import (
	"errors"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/kv"
)

// streamRetention is how long a record can be read (Developer Guide, "Change
// data capture for DynamoDB Streams").
const streamRetention = 24 * time.Hour

// trimInterval is how often records are deleted that are past their time.
const trimInterval = 10 * time.Minute

// trimHorizon is the first sequence number that TRIM_HORIZON reads.
func trimHorizon(now time.Time) uint64 { return sequenceAt(now.Add(-streamRetention)) }

// lostBefore is the first sequence number that can still be read by number. Who
// holds a valid iterator at the horizon gets as much longer as iterators live,
// so that a reader that keeps up never meets the trimmer.
func lostBefore(now time.Time) uint64 { return trimHorizon(now.Add(-iteratorLife)) }

// deletedBefore is the first sequence number that trimming keeps. It stays behind
// lostBefore by the life of an iterator, so that an iterator of a record that
// was lost meanwhile still finds that record, and knows.
func deletedBefore(now time.Time) uint64 { return trimHorizon(now.Add(-2 * iteratorLife)) }

func errTrimmed() *api.Error {
	return api.Errorf(streams.CodeTrimmedDataAccessException, "The data you are trying to access has been trimmed")
}

// trimStreams deletes old records until the engine is closed.
func (e *Engine) trimStreams() {
	tick := time.NewTicker(trimInterval)
	defer tick.Stop()
	for {
		select {
		case <-e.background.ctx.Done():
			return
		case now := <-tick.C:
			if err := e.trimStreamsAt(now); err != nil {
				e.log.Error("trim streams", "error", err)
			}
		}
	}
}

// trimStreamsAt deletes the records that are past their time at now, and forgets
// the shards and streams that have none left.
func (e *Engine) trimStreamsAt(now time.Time) error {
	for _, t := range e.allTables() {
		v := t.current.Load()
		if v == nil {
			continue
		}
		for _, s := range v.streams() {
			if err := e.trimStream(&s, now); err != nil {
				return err
			}
		}
		for _, s := range v.outboxes() {
			if err := e.trimStream(s, now); err != nil {
				return err
			}
		}
		if err := e.forgetStreams(t, now); err != nil {
			return err
		}
	}
	return e.trimGone(now)
}

// trimStream deletes the records of a stream that are past their time.
func (e *Engine) trimStream(settings *streamSettings, now time.Time) error {
	s, before := stream{prefix: streamPrefix(settings.ID)}, deletedBefore(now)
	b := e.store.NewBatch()
	defer b.Discard()
	for i := range settings.Shards {
		number := settings.Shards[i].Number
		old := kv.Range{Start: s.recordKey(nil, number, 1), End: s.recordKey(nil, number, before), Limit: 1}
		it := e.store.Scan(old)
		if it.Next() {
			b.DeleteRange(old.Start, old.End)
		}
		if err := errors.Join(it.Err(), it.Close()); err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}

// forgetStreams removes from a table the streams, and from its stream the
// shards, whose records are all deleted.
func (e *Engine) forgetStreams(t *table, now time.Time) error {
	past := func(s streamSettings) bool { return s.forgotten(now.Add(-2 * iteratorLife)) }
	pastShard := func(s shard) bool { return s.forgotten(now.Add(-2 * iteratorLife)) }
	if v := t.current.Load(); v == nil || !slices.ContainsFunc(v.OldStreams, past) &&
		(v.Stream == nil || !slices.ContainsFunc(v.Stream.Shards, pastShard)) {
		return nil
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return nil
	}
	next := v.clone()
	next.OldStreams = slices.DeleteFunc(next.OldStreams, past)
	if next.Stream != nil {
		next.Stream.Shards = slices.DeleteFunc(next.Stream.Shards, pastShard)
	}
	_, err := e.publish(t, next, func(b kv.Batch) {
		for _, s := range v.OldStreams {
			if past(s) {
				erasePrefix(b, streamPrefix(s.ID))
			}
		}
	}, nil)
	return err
}
