package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// DescribeStream returns what a stream is and a page of its shards.
func (e *Engine) DescribeStream(_ context.Context, c *api.Caller, in *streams.DescribeStreamInput) (*streams.DescribeStreamOutput, error) {
	ref, err := e.findStream(c, in.StreamArn.V)
	if err != nil {
		return nil, err
	}
	if err := checkShardFilter(in.ShardFilter); err != nil {
		return nil, err
	}
	d := ref.describe()
	limit := int(min(in.Limit.Or(maxShards), maxShards))
	now := time.Now()
	for i := range ref.settings.Shards {
		one := &ref.settings.Shards[i]
		id := ref.settings.shardID(one)
		if one.forgotten(now) || id <= in.ExclusiveStartShardId.V || !ref.passes(in.ShardFilter, one) {
			continue
		}
		if len(d.Shards) == limit {
			d.LastEvaluatedShardId = d.Shards[limit-1].ShardId
			break
		}
		d.Shards = append(d.Shards, ref.describeShard(one, now))
	}
	// What closed a shard, or a stream, may not be on disk yet.
	if err := e.settled(); err != nil {
		return nil, err
	}
	return &streams.DescribeStreamOutput{StreamDescription: d}, nil
}

// checkShardFilter checks the filter, of which there is one type.
func checkShardFilter(f *streams.ShardFilter) error {
	if f != nil && (!f.Type.OK || !f.ShardId.OK) {
		return api.Validation("One or more parameter values were invalid: ShardFilter requires Type and ShardId")
	}
	return nil
}

// passes reports whether a filter, which may be nil, selects a shard: it selects
// the children of one.
func (ref *streamRef) passes(f *streams.ShardFilter, one *shard) bool {
	if f == nil {
		return true
	}
	parent := ref.settings.shardNumbered(one.Parent)
	return parent != nil && ref.settings.shardID(parent) == f.ShardId.V
}

// describe returns the description without the shards.
func (ref *streamRef) describe() *streams.StreamDescription {
	s := ref.settings
	d := &streams.StreamDescription{
		StreamArn:               api.Some(ref.d.streamARN(s)),
		StreamLabel:             api.Some(s.Label),
		StreamStatus:            api.Some(ref.status()),
		StreamViewType:          api.Some(s.View),
		CreationRequestDateTime: api.Some(s.Created),
		TableName:               api.Some(ref.d.Name),
		Shards:                  []streams.Shard{},
	}
	for _, a := range ref.d.Key.Hash {
		d.KeySchema = append(d.KeySchema, streams.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(streams.KeyTypeHash)})
	}
	for _, a := range ref.d.Key.Range {
		d.KeySchema = append(d.KeySchema, streams.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(streams.KeyTypeRange)})
	}
	return d
}

// status returns the StreamStatus.
func (ref *streamRef) status() string {
	c := ref.d.under(changeStream, changeDelete)
	switch changing := c != nil && c.Name == ref.settings.Label; {
	case changing && c.On:
		return streams.StreamStatusEnabling
	case changing:
		return streams.StreamStatusDisabling
	case ref.live == nil:
		return streams.StreamStatusDisabled
	}
	return streams.StreamStatusEnabled
}

// describeShard returns the parent of a shard, while that is listed, and its
// range: from the oldest record that may be left, without end while it is open.
func (ref *streamRef) describeShard(one *shard, now time.Time) streams.Shard {
	start := max(one.Start, trimHorizon(now))
	out := streams.Shard{
		ShardId:             api.Some(ref.settings.shardID(one)),
		SequenceNumberRange: &streams.SequenceNumberRange{StartingSequenceNumber: api.Some(formatSequence(start))},
	}
	if !one.Closed.IsZero() {
		out.SequenceNumberRange.EndingSequenceNumber = api.Some(formatSequence(max(one.End, start)))
	}
	if parent := ref.settings.shardNumbered(one.Parent); parent != nil && !parent.forgotten(now) {
		out.ParentShardId = api.Some(ref.settings.shardID(parent))
	}
	return out
}
