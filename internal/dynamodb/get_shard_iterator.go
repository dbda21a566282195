package dynamodb

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// iteratorLife is how long an iterator can be used (API reference,
// GetShardIterator).
const iteratorLife = 15 * time.Minute

// GetShardIterator returns a place in a shard at which to start reading.
func (e *Engine) GetShardIterator(_ context.Context, c *api.Caller, in *streams.GetShardIteratorInput) (*streams.GetShardIteratorOutput, error) {
	numbered := in.ShardIteratorType.V == streams.ShardIteratorTypeAtSequenceNumber ||
		in.ShardIteratorType.V == streams.ShardIteratorTypeAfterSequenceNumber
	if numbered != in.SequenceNumber.OK {
		return nil, api.Validation("SequenceNumber must be given with, and only with, the ShardIteratorType AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER")
	}
	ref, err := e.findStream(c, in.StreamArn.V)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	shard, err := ref.settings.shardNamed(in.ShardId.V, now)
	if err != nil {
		return nil, err
	}
	it := iterator{arn: in.StreamArn.V, shard: shard.Number, issued: now}
	switch in.ShardIteratorType.V {
	case streams.ShardIteratorTypeTrimHorizon:
		it.horizon = true
	case streams.ShardIteratorTypeLatest:
		it.next, err = e.shardEnd(ref, shard)
		it.next++
	default:
		it.next, err = numberedStart(in, now)
	}
	if err != nil {
		return nil, err
	}
	return &streams.GetShardIteratorOutput{ShardIterator: api.Some(it.encode())}, nil
}

// numberedStart returns the first sequence number to read.
func numberedStart(in *streams.GetShardIteratorInput, now time.Time) (uint64, error) {
	sequence, err := parseSequence(in.SequenceNumber.V)
	if err != nil {
		return 0, err
	}
	if sequence < lostBefore(now) {
		return 0, errTrimmed()
	}
	if in.ShardIteratorType.V == streams.ShardIteratorTypeAfterSequenceNumber {
		sequence++
	}
	return sequence, nil
}

// iterator is a place in a shard. It stands whole in the text that the client
// holds, so it survives a restart and costs the server nothing.
type iterator struct {
	arn     string
	shard   uint32 // its number
	horizon bool   // from the oldest record at the time of use
	next    uint64 // else the first sequence number to read
	issued  time.Time
}

// iteratorSize is the length of the binary part: horizon, shard, next, issued in
// milliseconds, and a checksum that tells an iterator from noise. It needs no
// secret: a forged iterator reads nothing that its maker could not read.
const iteratorSize = 1 + 4 + 8 + 8 + 4

func (it *iterator) encode() string {
	b := make([]byte, 1, iteratorSize)
	if it.horizon {
		b[0] = 1
	}
	b = binary.BigEndian.AppendUint32(b, it.shard)
	b = binary.BigEndian.AppendUint64(b, it.next)
	b = binary.BigEndian.AppendUint64(b, uint64(it.issued.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, iteratorSum(it.arn, b))
	return it.arn + "|1|" + base64.RawURLEncoding.EncodeToString(b)
}

func iteratorSum(arn string, b []byte) uint32 {
	return uint32(xxhash.Sum64String(arn) ^ xxhash.Sum64(b))
}

func decodeIterator(text string) (*iterator, error) {
	arn, place, found := strings.Cut(text, "|1|")
	b, err := base64.RawURLEncoding.DecodeString(place)
	if !found || err != nil || len(b) != iteratorSize {
		return nil, errIterator()
	}
	body := b[:iteratorSize-4]
	if binary.BigEndian.Uint32(b[len(body):]) != iteratorSum(arn, body) {
		return nil, errIterator()
	}
	return &iterator{
		arn: arn, horizon: b[0] != 0,
		shard:  binary.BigEndian.Uint32(b[1:]),
		next:   binary.BigEndian.Uint64(b[5:]),
		issued: time.UnixMilli(int64(binary.BigEndian.Uint64(b[13:]))),
	}, nil
}

func errIterator() *api.Error { return api.Validation("Invalid ShardIterator") }
