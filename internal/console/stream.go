package console

import (
	"net/url"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/attr"
)

// pageRecords is how many records of a stream a page shows.
const pageRecords = 100

// streamData is a page of the records of one shard.
type streamData struct {
	*described
	Shards  []streamsapi.Shard
	Readers []position
	Shard   string
	Records []recordRow
	Next    string // path of the page after the last record, "" if there is none
}

// position is how far who reads a stream is in one of its shards.
type position struct {
	Shard
	Closed bool
	Reader mappingRow // the zero value: nobody of the server reads the shard
}

type recordRow struct {
	Event, Sequence string
	At              time.Time
	Keys, Old, New  string // JSON
}

// showStream shows the records of a shard: from its oldest, or after a sequence
// number, so that the URL of a page stays what it is.
func (v *visit) showStream() error {
	t, err := v.table("stream")
	if err != nil {
		return err
	}
	d := &streamData{described: t, Shard: v.r.Form.Get("shard")}
	if t.LatestStreamArn.OK {
		if err := v.readStream(d); err != nil && !v.refused(err) {
			return err
		}
		d.Readers = v.positions(d)
	}
	return v.show("table_stream", "table.stream", d)
}

// showPositions shows only how far the readers are, for a page that asks again and
// again.
func (v *visit) showPositions() error {
	t, err := v.table("stream")
	if err != nil {
		return err
	}
	d := &streamData{described: t}
	if t.LatestStreamArn.OK {
		if err := v.describeStream(d); err != nil {
			return err
		}
		d.Readers = v.positions(d)
	}
	return v.render("table_stream", "positions", d)
}

// positions lists the shards with where the mappings and pipes of the server are in
// them; what the API's shards say of others nobody knows.
func (v *visit) positions(d *streamData) (list []position) {
	readers := v.mappings(func(m *Mapping) bool { return m.Source == d.LatestStreamArn.V })
	for _, s := range d.Shards {
		closed, found := s.SequenceNumberRange.EndingSequenceNumber.OK, false
		for _, m := range readers.Mappings {
			for _, at := range m.Shards {
				if at.Name == s.ShardId.V {
					list, found = append(list, position{Shard: at, Closed: closed, Reader: m}), true
				}
			}
		}
		if !found {
			list = append(list, position{Shard: Shard{Name: s.ShardId.V}, Closed: closed})
		}
	}
	return list
}

// describeStream reads the shards, of which a page shows the newest.
func (v *visit) describeStream(d *streamData) error {
	in := &streamsapi.DescribeStreamInput{StreamArn: d.LatestStreamArn}
	for {
		out, err := call[*streamsapi.DescribeStreamOutput](v, streamsapi.Target, "DescribeStream", in)
		if err != nil {
			return err
		}
		stream := out.StreamDescription
		d.Shards = append(d.Shards, stream.Shards...)
		d.Shards = d.Shards[max(0, len(d.Shards)-maxRows):]
		if !stream.LastEvaluatedShardId.OK {
			return nil
		}
		in = &streamsapi.DescribeStreamInput{StreamArn: d.LatestStreamArn, ExclusiveStartShardId: stream.LastEvaluatedShardId}
	}
}

func (v *visit) readStream(d *streamData) error {
	if err := v.describeStream(d); err != nil {
		return err
	}
	if d.Shard == "" && len(d.Shards) > 0 {
		d.Shard = d.Shards[len(d.Shards)-1].ShardId.V
	}
	from := &streamsapi.GetShardIteratorInput{StreamArn: d.LatestStreamArn, ShardId: some(d.Shard), ShardIteratorType: api.Some("TRIM_HORIZON")}
	if after := v.r.Form.Get("after"); after != "" {
		from.ShardIteratorType, from.SequenceNumber = api.Some("AFTER_SEQUENCE_NUMBER"), api.Some(after)
	}
	iterator, err := call[*streamsapi.GetShardIteratorOutput](v, streamsapi.Target, "GetShardIterator", from)
	if err != nil {
		return err
	}
	out, err := call[*streamsapi.GetRecordsOutput](v, streamsapi.Target, "GetRecords", &streamsapi.GetRecordsInput{
		ShardIterator: iterator.ShardIterator, Limit: api.Some(int64(pageRecords)),
	})
	if err != nil {
		return err
	}
	return d.fill(out.Records)
}

func (d *streamData) fill(records []streamsapi.Record) error {
	for _, r := range records {
		row := recordRow{Event: r.EventName.V, Sequence: r.Dynamodb.SequenceNumber.V, At: r.Dynamodb.ApproximateCreationDateTime.V}
		for _, image := range []struct {
			item attr.Item
			to   *string
		}{{r.Dynamodb.Keys, &row.Keys}, {r.Dynamodb.OldImage, &row.Old}, {r.Dynamodb.NewImage, &row.New}} {
			if image.item.IsZero() {
				continue
			}
			m, err := image.item.Map()
			if err != nil {
				return err
			}
			*image.to = string(m.AppendJSON(nil))
		}
		d.Records = append(d.Records, row)
	}
	if len(records) > 0 {
		last := d.Records[len(d.Records)-1].Sequence
		d.Next = d.Path + "/stream?" + url.Values{"shard": {d.Shard}, "after": {last}}.Encode()
	}
	return nil
}
