package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// lookInterval is how often a stream is looked at for new shards, beside the end of
// each shard.
const lookInterval = 10 * time.Second

// follower reads a stream: it has a reader for each shard whose turn has come.
type follower struct {
	engine  *Engine
	mapping *mapping
	s       *settings
	src     source
	filters []*pattern.Pattern
	end     end

	ended chan string     // ids of shards that were read to the end
	begun map[string]bool // shards that have, or had, a reader
	done  map[string]bool // shards that were read to the end
}

func newFollower(e *Engine, m *mapping, s *settings, src source) *follower {
	return &follower{
		engine: e, mapping: m, s: s, src: src, filters: s.patterns(), end: e.endOf(s),
		ended: make(chan string), begun: map[string]bool{}, done: map[string]bool{},
	}
}

// run follows the stream until ctx ends.
func (f *follower) run(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	for ctx.Err() == nil {
		shards, err := f.engine.shards(ctx, f.src)
		if err != nil && ctx.Err() == nil {
			f.engine.log.Warn("stream of an event source mapping cannot be read", "mapping", f.s.arn(), "stream", f.src.arn, "err", err)
		}
		for _, s := range f.eligible(shards) {
			readers.Go(func() { f.read(ctx, s.ShardId.V) })
		}
		f.wait(ctx)
	}
}

// wait returns when a shard ended or it is time to look again.
func (f *follower) wait(ctx context.Context) {
	t := time.NewTimer(lookInterval)
	defer t.Stop()
	select {
	case id := <-f.ended:
		f.done[id] = true
	case <-t.C:
	case <-ctx.Done():
	}
}

// eligible returns the shards that have no reader yet, and whose parents were read
// to the end or are gone.
func (f *follower) eligible(shards []streamsapi.Shard) []streamsapi.Shard {
	listed := map[string]bool{}
	for i := range shards {
		listed[shards[i].ShardId.V] = true
	}
	var list []streamsapi.Shard
	for _, s := range shards {
		parent := s.ParentShardId.V
		if f.begun[s.ShardId.V] || listed[parent] && !f.done[parent] {
			continue
		}
		f.begun[s.ShardId.V] = true
		list = append(list, s)
	}
	return list
}

// read reads one shard to its end, or until ctx ends.
func (f *follower) read(ctx context.Context, shard string) {
	r := &reader{follower: f, shard: shard}
	f.mapping.running.add(r)
	defer f.mapping.running.remove(r)
	if !r.run(ctx) {
		return
	}
	select {
	case f.ended <- shard:
	case <-ctx.Done():
	}
}

// shards returns the shards of a stream.
func (e *Engine) shards(ctx context.Context, src source) ([]streamsapi.Shard, error) {
	var list []streamsapi.Shard
	in := &streamsapi.DescribeStreamInput{StreamArn: api.Some(src.arn)}
	for {
		out, err := e.opts.Streams.DescribeStream(ctx, callerOf(src.ns), in)
		if err != nil {
			return nil, err
		}
		list = append(list, out.StreamDescription.Shards...)
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
		if !in.ExclusiveStartShardId.OK {
			return list, nil
		}
	}
}

// stageLatest stages checkpoints from which a new mapping reads what is written
// from now on: of what is there, nothing.
func (e *Engine) stageLatest(ctx context.Context, b kv.Batch, id string, src source) error {
	shards, err := e.shards(ctx, src)
	if err != nil {
		return err
	}
	for _, s := range shards {
		c := checkpoint{Done: true}
		if !s.SequenceNumberRange.EndingSequenceNumber.OK {
			c = checkpoint{At: time.Now()}
			if c.Iterator, err = e.iterator(ctx, src, s.ShardId.V, streamsapi.ShardIteratorTypeLatest, ""); err != nil {
				return err
			}
		}
		if err := c.stage(b, id, s.ShardId.V); err != nil {
			return err
		}
	}
	return nil
}

// iterator returns a place in a shard.
func (e *Engine) iterator(ctx context.Context, src source, shard, kind, sequence string) (string, error) {
	in := &streamsapi.GetShardIteratorInput{StreamArn: api.Some(src.arn), ShardId: api.Some(shard), ShardIteratorType: api.Some(kind)}
	if sequence != "" {
		in.SequenceNumber = api.Some(sequence)
	}
	out, err := e.opts.Streams.GetShardIterator(ctx, callerOf(src.ns), in)
	if err != nil {
		return "", err
	}
	return out.ShardIterator.V, nil
}
