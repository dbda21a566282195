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
	for i := 0; i < streamShards && in.ShardFilter == nil; i++ {
		if ref.settings.shardID(i) <= in.ExclusiveStartShardId.V {
			continue
		}
		if len(d.Shards) == limit {
			d.LastEvaluatedShardId = d.Shards[limit-1].ShardId
			break
		}
		shard, err := e.describeShard(ref, i)
		if err != nil {
			return nil, err
		}
		d.Shards = append(d.Shards, shard)
	}
	return &streams.DescribeStreamOutput{StreamDescription: d}, nil
}

// checkShardFilter checks the filter. What it selects, the children of a shard,
// no shard has.
func checkShardFilter(f *streams.ShardFilter) error {
	if f != nil && (!f.Type.OK || !f.ShardId.OK) {
		return api.Validation("One or more parameter values were invalid: ShardFilter requires Type and ShardId")
	}
	return nil
}

// describe returns the description without the shards.
func (ref *streamRef) describe() *streams.StreamDescription {
	s := &ref.settings
	d := &streams.StreamDescription{
		StreamArn:               api.Some(ref.v.streamARN(s)),
		StreamLabel:             api.Some(s.Label),
		StreamStatus:            api.Some(streams.StreamStatusEnabled),
		StreamViewType:          api.Some(s.View),
		CreationRequestDateTime: api.Some(s.Created),
		TableName:               api.Some(ref.v.Name),
		Shards:                  []streams.Shard{},
	}
	if ref.live == nil {
		d.StreamStatus = api.Some(streams.StreamStatusDisabled)
	}
	for _, a := range ref.v.Key.Hash {
		d.KeySchema = append(d.KeySchema, streams.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(streams.KeyTypeHash)})
	}
	for _, a := range ref.v.Key.Range {
		d.KeySchema = append(d.KeySchema, streams.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(streams.KeyTypeRange)})
	}
	return d
}

// describeShard returns the range of a shard: from the oldest record that may be
// left, without end while it is open.
func (e *Engine) describeShard(ref *streamRef, i int) (streams.Shard, error) {
	start := max(sequenceAt(ref.settings.Created), trimHorizon(time.Now()))
	shard := streams.Shard{
		ShardId:             api.Some(ref.settings.shardID(i)),
		SequenceNumberRange: &streams.SequenceNumberRange{StartingSequenceNumber: api.Some(formatSequence(start))},
	}
	if ref.live != nil {
		return shard, nil
	}
	last, err := e.shardEnd(ref, i)
	shard.SequenceNumberRange.EndingSequenceNumber = api.Some(formatSequence(max(last, start)))
	return shard, err
}
