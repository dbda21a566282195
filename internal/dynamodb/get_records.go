package dynamodb

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// Limits of one GetRecords (API reference).
const (
	maxRecords     = 1000
	maxRecordsSize = 1 << 20
)

// GetRecords returns the next records of a shard, in the order in which they
// were written. They are durable.
func (e *Engine) GetRecords(ctx context.Context, c *api.Caller, in *streams.GetRecordsInput) (*streams.GetRecordsOutput, error) {
	if err := checkLimit(in.Limit, maxRecords); err != nil {
		return nil, err
	}
	it, err := decodeIterator(in.ShardIterator.V)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if now.Sub(it.issued) > iteratorLife {
		return nil, api.Errorf(streams.CodeExpiredIteratorException, "Shard iterator has expired")
	}
	ref, err := e.findStream(c, it.arn)
	if err != nil {
		return nil, err
	}
	shard := ref.settings.shardNumbered(it.shard)
	if shard == nil {
		return nil, errTrimmed()
	}
	end, err := e.shardEnd(ref, shard)
	if err != nil {
		return nil, err
	}
	r := recordReader{ref: ref, shard: it.shard, next: it.next, end: end, limit: int(in.Limit.Or(maxRecords)), lost: lostBefore(now)}
	if it.horizon {
		r.next, r.lost = trimHorizon(now), 0
	}
	if err := r.read(ctx, e.store); err != nil {
		return nil, err
	}
	out := &streams.GetRecordsOutput{Records: r.records}
	if shard.Closed.IsZero() || r.next <= end {
		next := iterator{arn: it.arn, shard: it.shard, next: r.next, issued: now}
		out.NextShardIterator = api.Some(next.encode())
	}
	return out, nil
}

// checkLimit refuses a limit above the largest one, which the model leaves out.
func checkLimit(limit api.Opt[int64], largest int64) error {
	var v api.Violations
	var at api.Path
	v.Range(limit, nil, &largest, at.Member("limit"))
	return v.Err()
}

// recordReader reads records from next to end.
type recordReader struct {
	ref       *streamRef
	shard     uint32
	next, end uint64
	lost      uint64 // a record before it must not be asked for any more
	limit     int

	records []streams.Record
	size    int
}

// read leaves in next where to go on.
func (r *recordReader) read(ctx context.Context, from kv.Reader) error {
	r.records = []streams.Record{}
	if r.next > r.end {
		return nil
	}
	s := stream{prefix: streamPrefix(r.ref.settings.ID)}
	it := from.Scan(kv.Range{Start: s.recordKey(nil, r.shard, r.next), End: s.recordKey(nil, r.shard, r.end+1), Limit: r.limit})
	defer it.Close()
	for it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		sequence := recordSequence(it.Key())
		if sequence < r.lost {
			return errTrimmed()
		}
		if len(r.records) == r.limit {
			r.next = sequence
			return nil
		}
		stored, err := decodeRecord(bytes.Clone(it.Value()))
		if err != nil {
			return err
		}
		record, err := r.ref.record(stored, r.shard, sequence)
		if err != nil {
			return err
		}
		size := int(record.Dynamodb.SizeBytes.V)
		if len(r.records) > 0 && r.size+size > maxRecordsSize {
			r.next = sequence
			return nil
		}
		r.records, r.size = append(r.records, record), r.size+size
	}
	r.next = r.end + 1
	return it.Err()
}

// record returns a stored record as the service shows it.
func (ref *streamRef) record(r *streamRecord, shard uint32, sequence uint64) (streams.Record, error) {
	data := &streams.StreamRecord{
		ApproximateCreationDateTime: api.Some(r.At.Truncate(time.Second)),
		Keys:                        attr.ItemOf(r.Keys),
		SequenceNumber:              api.Some(formatSequence(sequence)),
		StreamViewType:              api.Some(ref.settings.View),
	}
	size := r.Keys.Size()
	for _, image := range []struct {
		raw []byte
		to  *attr.Item
	}{{r.New, &data.NewImage}, {r.Old, &data.OldImage}} {
		if len(image.raw) == 0 {
			continue
		}
		n, err := attr.SizeEncoded(image.raw)
		if err != nil {
			return streams.Record{}, err
		}
		size += n
		*image.to = attr.EncodedItem(image.raw)
	}
	data.SizeBytes = api.Some(int64(size))
	out := streams.Record{
		EventID:      api.Some(eventID(ref.settings.ID, shard, sequence)),
		EventName:    api.Some(r.Event.name()),
		EventVersion: api.Some("1.1"),
		EventSource:  api.Some("aws:dynamodb"),
		AwsRegion:    api.Some(ref.d.Region),
		Dynamodb:     data,
	}
	if r.Expired {
		out.UserIdentity = &streams.Identity{PrincipalId: api.Some("dynamodb.amazonaws.com"), Type: api.Some("Service")}
	}
	return out, nil
}

func (ev recordEvent) name() string {
	switch ev {
	case recordInsert:
		return streams.OperationTypeInsert
	case recordModify:
		return streams.OperationTypeModify
	}
	return streams.OperationTypeRemove
}

// eventID names a record: 32 hexadecimal digits that no other record of the store
// has.
func eventID(id uint64, shard uint32, sequence uint64) string {
	place := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, id), shard)
	return fmt.Sprintf("%016x%016x", xxhash.Sum64(place), sequence)
}
