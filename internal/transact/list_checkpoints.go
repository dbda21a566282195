package transact

import (
	"context"
	"errors"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/kv"
)

// maxCheckpoints is how many checkpoints one answer has.
const maxCheckpoints = 1000

// ListCheckpoints tells how far a consumer has come in each shard of a stream.
func (e *Engine) ListCheckpoints(_ context.Context, c *api.Caller, in *leveeapi.ListCheckpointsInput) (*leveeapi.ListCheckpointsOutput, error) {
	prefix := checkpointPrefix(c.Namespace, in.Consumer.V, in.StreamArn.V)
	r := kv.PrefixRange(prefix)
	r.Limit = maxCheckpoints + 1
	if in.ExclusiveStartShardId.OK {
		r.Start = append(append(prefix[:len(prefix):len(prefix)], in.ExclusiveStartShardId.V...), 0)
	}
	out := &leveeapi.ListCheckpointsOutput{}
	it := e.store.Scan(r)
	for it.Next() {
		if n := len(out.Checkpoints); n == maxCheckpoints {
			out.LastEvaluatedShardId = api.Some(out.Checkpoints[n-1].ShardId)
			break
		}
		out.Checkpoints = append(out.Checkpoints, leveeapi.ShardCheckpoint{ShardId: string(it.Key()[len(prefix):]), SequenceNumber: string(it.Value())})
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		return nil, err
	}
	return out, e.barrier()
}
