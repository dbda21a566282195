package leveeapi

// Target is the X-Amz-Target prefix of Levee's own operations.
const Target = "Levee"

// ShardEnd stands for the sequence number after the last of a shard.
const ShardEnd = "SHARD_END"

// CodeCheckpointMoved is the reason of a transaction whose checkpoint does not
// stand where the request says.
const CodeCheckpointMoved = "CheckpointMoved"
