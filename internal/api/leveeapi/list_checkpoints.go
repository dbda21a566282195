package leveeapi

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// ListCheckpointsInput is the request of ListCheckpoints.
type ListCheckpointsInput struct {
	Consumer              api.Opt[string]
	StreamArn             api.Opt[string]
	ExclusiveStartShardId api.Opt[string]
}

// ReadJSON implements api.Input.
func (s *ListCheckpointsInput) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("ListCheckpointsInput")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "Consumer":
			s.Consumer = api.ReadString(d)
		case "StreamArn":
			s.StreamArn = api.ReadString(d)
		case "ExclusiveStartShardId":
			s.ExclusiveStartShardId = api.ReadString(d)
		default:
			d.Skip()
		}
	}
}

// Validate implements api.Input.
func (s *ListCheckpointsInput) Validate(v *api.Violations) {
	at := new(api.Path)
	checkConsumer(s.Consumer, v, at)
	checkStream(s.StreamArn, v, at)
	v.Match(s.ExclusiveStartShardId, patternShard, at.Member("exclusiveStartShardId"))
}

// ListCheckpointsOutput is the answer of ListCheckpoints.
type ListCheckpointsOutput struct {
	Checkpoints []ShardCheckpoint
	// LastEvaluatedShardId is there if there are more.
	LastEvaluatedShardId api.Opt[string]
}

// ShardCheckpoint is how far a consumer has come in one shard.
type ShardCheckpoint struct {
	ShardId, SequenceNumber string
}

// AppendJSON implements api.Output.
func (s *ListCheckpointsOutput) AppendJSON(b []byte) []byte {
	b = append(b, `{"Checkpoints":`...)
	b = api.AppendList(b, s.Checkpoints, func(b []byte, c ShardCheckpoint) []byte {
		b = jsontok.AppendString(append(b, `{"ShardId":`...), c.ShardId)
		b = jsontok.AppendString(append(b, `,"SequenceNumber":`...), c.SequenceNumber)
		return append(b, '}')
	})
	if s.LastEvaluatedShardId.OK {
		b = api.AppendName(b, `"LastEvaluatedShardId":`)
		b = jsontok.AppendString(b, s.LastEvaluatedShardId.V)
	}
	return append(b, '}')
}
