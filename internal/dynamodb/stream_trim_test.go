package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// stored is the number of stream records that the store keeps.
func (h *harness) stored() (n int) {
	h.t.Helper()
	it := h.store.Scan(kv.PrefixRange([]byte{space, kindStream}))
	defer it.Close()
	for it.Next() {
		n++
	}
	if err := it.Err(); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestIteratorExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		arn := streamTable(h, "table", "NEW_IMAGE")
		it := h.iterator(arn, h.shards(arn)[0], trimHorizonType)
		time.Sleep(iteratorLife)
		next := h.records(it, 0).NextShardIterator
		time.Sleep(time.Second)
		h.fails("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, it), "ExpiredIteratorException: Shard iterator has expired")
		h.records(next, 0) // has a life of its own
	})
}

func TestRecordsAreTrimmedAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{ShardLife: 1000 * time.Hour})
		arn := streamTable(h, "table", "NEW_IMAGE")
		write := func(n int) { h.put("table", fmt.Sprintf(`{"a":{"S":"k"},"v":{"N":"%d"}}`, n)) }
		write(1)
		shard := h.shardOfKey(arn)
		first := h.records(h.iterator(arn, shard, trimHorizonType), 0).Records[0].Dynamodb.SequenceNumber
		at := fmt.Sprintf(`"ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":%q`, first)
		time.Sleep(12 * time.Hour)
		write(2)
		time.Sleep(12*time.Hour - time.Minute)
		if got := h.records(h.iterator(arn, shard, trimHorizonType), 0); len(got.Records) != 2 {
			t.Errorf("before a day: %d records", len(got.Records))
		}
		time.Sleep(2 * time.Minute)
		if got := h.records(h.iterator(arn, shard, trimHorizonType), 0); len(got.Records) != 1 {
			t.Errorf("after a day: %d records", len(got.Records))
		}
		if start := h.describe(arn, "").StreamDescription.Shards[0].SequenceNumberRange.StartingSequenceNumber; start <= first {
			t.Errorf("the shard starts at %s, before what was trimmed", start)
		}
		it := h.iterator(arn, shard, at) // still within the grace
		time.Sleep(iteratorLife)
		h.fails("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, it), "TrimmedDataAccessException: The data you are trying to access has been trimmed")
		h.fails("GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,%s}`, arn, shard, at), "TrimmedDataAccessException: The data you are trying to access has been trimmed")
		time.Sleep(iteratorLife + trimInterval)
		if n := h.stored(); n != 1 {
			t.Errorf("%d records stored, want 1", n)
		}
	})
}

// A reader that has read everything loses nothing when what it read is trimmed.
func TestIdleReaderOutlivesTrimming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{ShardLife: 1000 * time.Hour})
		arn := streamTable(h, "table", "NEW_IMAGE")
		h.put("table", `{"a":{"S":"k"},"v":{"N":"1"}}`)
		it := h.records(h.iterator(arn, h.shardOfKey(arn), trimHorizonType), 0).NextShardIterator
		for range 3 * 24 * 6 {
			time.Sleep(10 * time.Minute)
			it = h.records(it, 0).NextShardIterator
		}
		if n := h.stored(); n != 0 {
			t.Errorf("%d records stored after three days", n)
		}
		h.put("table", `{"a":{"S":"k"},"v":{"N":"2"}}`)
		if got := h.records(it, 0); len(got.Records) != 1 {
			t.Errorf("%d records, want 1", len(got.Records))
		}
	})
}

func TestDisabledStreamIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		arn := streamTable(h, "table", "NEW_IMAGE")
		h.put("table", `{"a":{"S":"k"},"v":{"N":"1"}}`)
		h.mustDo("UpdateTable", `{"TableName":"table","StreamSpecification":{"StreamEnabled":false}}`)
		time.Sleep(streamRetention - time.Minute)
		if out := h.mustDo("ListStreams", `{}`); !strings.Contains(out, arn) {
			t.Errorf("within a day: %s", out)
		}
		time.Sleep(2 * time.Minute)
		h.expect("ListStreams", `{}`, `{"Streams":[]}`)
		h.fails("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, arn), "ResourceNotFoundException: Requested resource not found: Stream: "+arn+" not found")
		time.Sleep(2*iteratorLife + trimInterval)
		v, err := h.view(&h.caller, "table")
		if err != nil {
			t.Fatal(err)
		}
		if len(v.OldStreams) != 0 || h.stored() != 0 {
			t.Errorf("left: %+v and %d records", v.OldStreams, h.stored())
		}
	})
}
