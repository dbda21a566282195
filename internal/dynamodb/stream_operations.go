package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// streamOperations are those of DynamoDB Streams.
func (e *Engine) streamOperations() []api.Operation {
	return []api.Operation{
		api.Op(streams.Target, "ListStreams", api.Control, "whole", e.ListStreams),
		api.Op(streams.Target, "DescribeStream", api.Control, "whole; a stream begins with four shards, which roll over after four hours and split when they are given more than 1,000 records a second", e.DescribeStream),
		api.Op(streams.Target, "GetShardIterator", api.Control, "whole; iterators survive a restart", e.GetShardIterator),
		api.Op(streams.Target, "GetRecords", api.Control, "whole", e.GetRecords),
	}
}
