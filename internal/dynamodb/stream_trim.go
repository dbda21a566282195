package dynamodb

import (
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
// the disabled streams that have none left.
func (e *Engine) trimStreamsAt(now time.Time) error {
	e.catalog.RLock()
	var tables []*table
	for _, t := range e.catalog.tables {
		tables = append(tables, t)
	}
	e.catalog.RUnlock()
	for _, t := range tables {
		v := t.current.Load()
		if v == nil {
			continue
		}
		for _, s := range v.streams() {
			if err := e.trimStream(s.ID, deletedBefore(now)); err != nil {
				return err
			}
		}
		if err := e.forgetStreams(t, now); err != nil {
			return err
		}
	}
	return nil
}

// trimStream deletes the records of a stream before a sequence number.
func (e *Engine) trimStream(id, before uint64) error {
	s := stream{prefix: streamPrefix(id)}
	b := e.store.NewBatch()
	defer b.Discard()
	for i := range streamShards {
		old := kv.Range{Start: s.recordKey(nil, i, 0), End: s.recordKey(nil, i, before), Limit: 1}
		it := e.store.Scan(old)
		if it.Next() {
			b.DeleteRange(old.Start, old.End)
		}
		err := it.Err()
		it.Close()
		if err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}

// forgetStreams removes from a table the streams whose records are all deleted.
func (e *Engine) forgetStreams(t *table, now time.Time) error {
	past := func(s streamSettings) bool { return s.forgotten(now.Add(-2 * iteratorLife)) }
	if v := t.current.Load(); v == nil || !slices.ContainsFunc(v.OldStreams, past) {
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
	_, err := e.publish(t, next, func(b kv.Batch) {
		for _, s := range v.OldStreams {
			if past(s) {
				erasePrefix(b, streamPrefix(s.ID))
			}
		}
	}, nil)
	return err
}
