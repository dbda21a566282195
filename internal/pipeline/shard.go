package pipeline

import (
	"context"
	"errors"
	"hash/fnv"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/pipeline/event"
)

const (
	// pollInterval is how often a shard without new records is read, as in the
	// service.
	pollInterval = 250 * time.Millisecond
	// maxPage is the most records that one request returns.
	maxPage = 1000
)

// reader reads one shard.
type reader struct {
	*follower
	shard    string
	iterator string
	skip     time.Time // records from before it are not wanted
	tracker  tracker
	lanes    []*lane
}

// run reads the shard and reports whether it came to the end, with everything
// handled.
func (r *reader) run(ctx context.Context) (end bool) {
	at, ok := r.begin(ctx)
	if !ok || at.Done {
		return at.Done
	}
	r.tracker.begin(r.save, at.Sequence)
	var lanes sync.WaitGroup
	for range r.laneCount() {
		l := newLane(r, at.Tumble)
		r.lanes = append(r.lanes, l)
		lanes.Go(func() { l.run(ctx) })
	}
	end = r.readAll(ctx)
	for _, l := range r.lanes {
		close(l.in)
	}
	lanes.Wait()
	if !end || ctx.Err() != nil {
		return false
	}
	r.save(checkpoint{Done: true})
	return true
}

// laneCount is 1 where the shard is handled in order.
func (r *reader) laneCount() int64 {
	if r.inOrder() {
		return 1
	}
	return max(r.s.Parallel, 1)
}

// inOrder reports whether one lane handles the whole shard, and notes in order what
// is not wanted: the state of a tumbling window is of the shard, and so is the
// checkpoint that an exact end stores with what it does.
func (r *reader) inOrder() bool { return r.s.Tumbling > 0 || r.end.exact() }

func (r *reader) save(c checkpoint) {
	if err := r.engine.writeCheckpoint(r.s.ID, r.shard, c); err != nil {
		r.engine.log.Error("checkpoint cannot be stored", "mapping", r.s.arn(), "shard", r.shard, "err", err)
	}
}

// begin finds where to read from. It tries until that works or ctx ends.
func (r *reader) begin(ctx context.Context) (checkpoint, bool) {
	var b backoff
	for ctx.Err() == nil {
		at, err := r.engine.readCheckpoint(r.s.ID, r.shard)
		if err == nil && !at.Done {
			err = r.seek(ctx, at)
		}
		if err == nil {
			return at, true
		}
		r.trouble(ctx, err)
		b.wait(ctx)
	}
	return checkpoint{}, false
}

// seek sets the iterator to what follows a checkpoint. What is not there any more
// is passed over.
func (r *reader) seek(ctx context.Context, at checkpoint) (err error) {
	switch {
	case at.Sequence != "":
		r.iterator, err = r.engine.iterator(ctx, r.src, r.shard, streamsapi.ShardIteratorTypeAfterSequenceNumber, at.Sequence)
		if !isTrimmed(err) {
			return err
		}
	case at.Iterator != "":
		r.iterator, r.skip = at.Iterator, at.At
		return nil
	}
	r.iterator, err = r.engine.iterator(ctx, r.src, r.shard, streamsapi.ShardIteratorTypeTrimHorizon, "")
	return err
}

// readAll hands the records of the shard to the lanes and reports whether it came
// to the end.
func (r *reader) readAll(ctx context.Context) bool {
	var b backoff
	for ctx.Err() == nil {
		out, err := r.engine.opts.Streams.GetRecords(ctx, callerOf(r.src.ns), &streamsapi.GetRecordsInput{
			ShardIterator: api.Some(r.iterator), Limit: api.Some(int64(maxPage)),
		})
		if err == nil {
			b.reset()
			r.hand(ctx, out.Records)
			if !out.NextShardIterator.OK {
				return true
			}
			r.iterator = out.NextShardIterator.V
			if len(out.Records) == 0 {
				Sleep(ctx, pollInterval)
			}
			continue
		}
		if r.restart(ctx, err) {
			continue
		}
		r.trouble(ctx, err)
		if isGone(err) {
			return false // with its table; the follower looks again
		}
		b.wait(ctx)
	}
	return false
}

// restart begins at the oldest record that is left, if what was to be read is gone
// or the iterator is too old. Records that a new mapping does not want are passed
// over then, to the second.
func (r *reader) restart(ctx context.Context, err error) bool {
	var typed *api.Error
	if !errors.As(err, &typed) || typed.Code != streamsapi.CodeTrimmedDataAccessException && typed.Code != streamsapi.CodeExpiredIteratorException {
		return false
	}
	it, err := r.engine.iterator(ctx, r.src, r.shard, streamsapi.ShardIteratorTypeTrimHorizon, "")
	if err != nil {
		return false
	}
	r.iterator = it
	return true
}

func isTrimmed(err error) bool {
	var typed *api.Error
	return errors.As(err, &typed) && typed.Code == streamsapi.CodeTrimmedDataAccessException
}

func (r *reader) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil {
		r.engine.log.Warn("shard of an event source mapping cannot be read", "mapping", r.s.arn(), "stream", r.src.arn, "shard", r.shard, "err", err)
	}
}

// hand gives records to the lanes. Those that are filtered out are handled.
func (r *reader) hand(ctx context.Context, records []streamsapi.Record) {
	if len(records) == 0 {
		return
	}
	all := make([]*record, len(records))
	parts := make([][]*record, len(r.lanes))
	var unwanted []*record
	for i := range records {
		rec, lane := r.record(&records[i])
		all[i] = rec
		if rec.created.Before(r.skip.Truncate(time.Second)) || !passes(r.filters, rec.data) {
			unwanted = append(unwanted, rec)
			continue
		}
		parts[lane] = append(parts[lane], rec)
	}
	r.tracker.take(all)
	if len(unwanted) > 0 && !r.inOrder() {
		r.tracker.done(unwanted, nil)
	}
	for i, part := range parts {
		if r.inOrder() {
			part = all
			markUnwanted(unwanted)
		}
		if len(part) == 0 {
			continue
		}
		select {
		case r.lanes[i].in <- part:
		case <-ctx.Done():
			return
		}
	}
}

// markUnwanted empties records that a lane only has to note.
func markUnwanted(list []*record) {
	for _, rec := range list {
		rec.data = nil
	}
}

// record returns a record of the stream, and the lane of its partition key.
func (r *reader) record(in *streamsapi.Record) (*record, int) {
	rec := &record{
		id: in.Dynamodb.SequenceNumber.V, created: in.Dynamodb.ApproximateCreationDateTime.V, data: event.Record(in, r.src.arn),
	}
	if len(r.lanes) == 1 {
		return rec, 0
	}
	h := fnv.New32a()
	h.Write(in.Dynamodb.Keys.AppendJSON(nil)) // never fails
	return rec, int(h.Sum32() % uint32(len(r.lanes)))
}
