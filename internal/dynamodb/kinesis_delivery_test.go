package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeStreams are data streams that keep what they are given.
type fakeStreams struct {
	mu      sync.Mutex
	check   error
	trouble func(key string, data []byte) error // nil: none
	taken   []string
	keys    []string
	streams []string // as REGION/NAME
}

func (f *fakeStreams) Check(_ context.Context, region, stream string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.streams = append(f.streams, region+"/"+stream)
	return f.check
}

func (f *fakeStreams) Put(_ context.Context, region, stream string, keys []string, data [][]byte) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs, behind := make([]error, len(data)), map[string]error{}
	for i := range data {
		if f.trouble != nil && behind[keys[i]] == nil {
			behind[keys[i]] = f.trouble(keys[i], data[i])
		}
		if errs[i] = behind[keys[i]]; errs[i] == nil {
			f.taken, f.keys, f.streams = append(f.taken, string(data[i])), append(f.keys, keys[i]), append(f.streams, region+"/"+stream)
		}
	}
	return errs
}

// all returns the records that were taken since the last call, and their keys.
func (f *fakeStreams) all() (records, keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	records, keys = f.taken, f.keys
	f.taken, f.keys = nil, nil
	return records, keys
}

// fails has all records refused, or none.
func (f *fakeStreams) fails(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble = nil
	if err != nil {
		f.trouble = func(string, []byte) error { return err }
	}
}

var errRefused = errors.New("not now")

const (
	kinesisARN  = "arn:aws:kinesis:us-east-1:000000000000:stream/k"
	toKinesis   = `{"TableName":"abc","StreamArn":"` + kinesisARN + `"}`
	toMicros    = `{"TableName":"abc","StreamArn":"` + kinesisARN + `","UpdateKinesisStreamingConfiguration":{"ApproximateCreationDateTimePrecision":"MICROSECOND"}}`
	describedAs = `{"TableName":"abc","KinesisDataStreamDestinations":[{"StreamArn":"` + kinesisARN + `","DestinationStatus":`
)

// newDelivering is an engine with table abc, whose changes go to data streams.
func newDelivering(t *testing.T, opts Options) (*harness, *fakeStreams) {
	t.Helper()
	f := new(fakeStreams)
	opts.DataStreams = f
	h := newEngineWith(t, opts)
	h.mustDo("CreateTable", plain("abc", onDemand))
	return h, f
}

// delivering is newDelivering once the destination is active.
func delivering(t *testing.T) (*harness, *fakeStreams) {
	t.Helper()
	h, f := newDelivering(t, Options{})
	h.mustDo("EnableKinesisStreamingDestination", toKinesis)
	synctest.Wait()
	h.described("ACTIVE")
	return h, f
}

func (h *harness) described(status string) {
	h.t.Helper()
	h.expect("DescribeKinesisStreamingDestination", `{"TableName":"abc"}`, describedAs+`"`+status+`"}]}`)
}

// outgoing is the number of rows in outboxes and streams, but for what says how far
// they are delivered.
func (h *harness) outgoing() (n int) {
	h.t.Helper()
	for _, key := range h.keysOf(kindStream) {
		if recordSequence(key) != 0 {
			n++
		}
	}
	return n
}

// What is written from when a destination is active comes to the data stream as the
// service writes it, and leaves nothing behind. Nobody else sees it.
func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newDelivering(t, Options{})
		h.mustDo("PutItem", put(0, ""))
		h.expect("EnableKinesisStreamingDestination", toKinesis, `{"TableName":"abc","StreamArn":"`+kinesisARN+`","DestinationStatus":"ENABLING"}`)
		synctest.Wait()
		h.described("ACTIVE")
		h.mustDo("PutItem", put(1, `,"x":{"S":"a"}`))
		h.mustDo("PutItem", put(1, `,"x":{"S":"a"}`)) // changes nothing
		h.mustDo("PutItem", put(1, `,"x":{"S":"b"}`))
		h.mustDo("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}}}`)
		synctest.Wait()
		records, keys := f.all()
		at := time.Now().UnixMilli()
		one, two := `{"pk":{"S":"1"},"x":{"S":"a"}}`, `{"pk":{"S":"1"},"x":{"S":"b"}}`
		for i, want := range []string{
			`"INSERT",... "dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"pk":{"S":"1"}},"NewImage":` + one + `,"SizeBytes":8},`,
			`"MODIFY",... "dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"pk":{"S":"1"}},"NewImage":` + two + `,"OldImage":` + one + `,"SizeBytes":13},`,
			`"REMOVE",... "dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"pk":{"S":"1"}},"OldImage":` + two + `,"SizeBytes":8},`,
		} {
			id := eventIDIn(t, records[i])
			want = strings.Replace(want, "... ", `"userIdentity":null,"recordFormat":"application/json","tableName":"abc",`, 1)
			want = `{"awsRegion":"us-east-1","eventID":"` + id + `","eventName":` + fmt.Sprintf(want, at) + `"eventSource":"aws:dynamodb"}`
			if records[i] != want {
				t.Errorf("record %d:\n got %s\nwant %s", i, records[i], want)
			}
		}
		if len(records) != 3 || keys[0] != keys[1] || keys[1] != keys[2] || len(keys[0]) != 32 || strings.ToUpper(keys[0]) != keys[0] {
			t.Errorf("%d records with keys %q", len(records), keys)
		}
		if f.streams[0] != "us-east-1/k" || f.streams[1] != "us-east-1/k" {
			t.Errorf("they went to %q", f.streams)
		}
		if n := h.outgoing(); n != 0 {
			t.Errorf("%d records are left", n)
		}
		h.expect("ListStreams", `{}`, `{"Streams":[]}`)
		if out := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(out, "tream") {
			t.Errorf("the table shows an outbox: %s", out)
		}
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
		synctest.Wait()
		if keys := h.keysOf(kindStream); len(keys) != 0 {
			t.Errorf("rows of a table that is gone: %x", keys)
		}
	})
}

// eventIDIn returns the eventID of a record, which is a UUID.
func eventIDIn(t *testing.T, record string) string {
	t.Helper()
	var r struct{ EventID string }
	if err := json.Unmarshal([]byte(record), &r); err != nil {
		t.Fatal(err)
	}
	part := strings.Split(r.EventID, "-")
	if len(part) != 5 || len(part[0]) != 8 || len(part[4]) != 12 {
		t.Errorf("eventID %q", r.EventID)
	}
	return r.EventID
}

// A table may have a stream besides, which shows what it is to show. Times are as
// exact as they were asked for, and deletions by time to live say so.
func TestDeliveryBesideStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := delivering(t)
		h.mustDo("UpdateTable", `{"TableName":"abc","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`)
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("UpdateKinesisStreamingDestination", toMicros)
		time.Sleep(1500 * time.Microsecond)
		now := time.Now().UnixMicro()
		h.mustDo("PutItem", expiring(1, time.Second))
		synctest.Wait()
		records, _ := f.all()
		if want := fmt.Sprintf(`"ApproximateCreationDateTime":%d,`, now); len(records) != 1 || now%1000 != 500 || !strings.Contains(records[0], want) ||
			!strings.HasSuffix(records[0], `,"ApproximateCreationDateTimePrecision":"MICROSECOND"},"eventSource":"aws:dynamodb"}`) {
			t.Errorf("%s in %s", want, records)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		records, _ = f.all()
		if len(records) != 1 || !strings.Contains(records[0], `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},`) {
			t.Errorf("an expired item: %s", records)
		}
		arn, shown := h.liveStream("abc"), 0
		for _, shard := range h.shards(arn) {
			for _, r := range h.records(h.iterator(arn, shard, trimHorizonType), 0).Records {
				if shown++; r.Dynamodb.NewImage != nil || r.Dynamodb.OldImage != nil {
					t.Error("the stream of the table has images")
				}
			}
		}
		if shown != 2 || h.outgoing() != 2 {
			t.Errorf("the stream of the table has %d of %d records", shown, h.outgoing())
		}
	})
}

func TestEnableFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newDelivering(t, Options{TableDelay: time.Second})
		time.Sleep(2 * time.Second)
		f.check = errors.New("there is no stream k")
		h.mustDo("EnableKinesisStreamingDestination", toKinesis)
		synctest.Wait()
		h.described("ENABLING")
		h.refused("DisableKinesisStreamingDestination", toKinesis, "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		h.restart() // it is enabled all the same
		time.Sleep(2 * time.Second)
		const failed = describedAs + `"ENABLE_FAILED","DestinationStatusDescription":"there is no stream k"}]}`
		h.expect("DescribeKinesisStreamingDestination", `{"TableName":"abc"}`, failed)
		h.mustDo("PutItem", put(1, ""))
		if h.outgoing() != 0 {
			t.Error("a destination that failed is written for")
		}
		f.check = nil
		h.mustDo("EnableKinesisStreamingDestination", toKinesis)
		time.Sleep(2 * time.Second)
		h.described("ACTIVE")
		h.mustDo("PutItem", put(2, ""))
		synctest.Wait()
		if records, _ := f.all(); len(records) != 1 {
			t.Errorf("%s", records)
		}
	})
}

// inOrder checks that the changes of each item have come in the order of their
// numbers, but for what came again. It returns how many have come, of how many items.
func (f *fakeStreams) inOrder(t *testing.T) (changes, items int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	next, ids := map[string]int{}, map[string]bool{}
	for i, record := range f.taken {
		var r struct {
			DynamoDB struct {
				NewImage struct {
					N struct {
						N int `json:",string"`
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(record), &r); err != nil {
			t.Fatal(err)
		}
		id := eventIDIn(t, record)
		if ids[id] {
			continue
		}
		ids[id] = true
		if n := r.DynamoDB.NewImage.N.N; n != next[f.keys[i]] {
			t.Errorf("change %d of %s comes where %d is due", n, f.keys[i], next[f.keys[i]])
		}
		next[f.keys[i]]++
	}
	return len(ids), len(next)
}

// What was acknowledged is delivered, whatever a crash takes away, and nothing that it
// took away is.
func TestDeliveryOverCrashes(t *testing.T) {
	h, f := newDelivering(t, Options{})
	h.mustDo("EnableKinesisStreamingDestination", toKinesis)
	for !strings.Contains(h.mustDo("DescribeKinesisStreamingDestination", `{"TableName":"abc"}`), `"ACTIVE"`) {
		time.Sleep(time.Millisecond)
	}
	const items, changes = 5, 30
	for n := range changes {
		for pk := range items {
			h.mustDo("PutItem", put(pk, fmt.Sprintf(`,"n":{"N":"%d"}`, n)))
		}
		if n%7 == 3 {
			h.restart()
		}
	}
	for h.outgoing() > 0 {
		time.Sleep(time.Millisecond)
	}
	if got, of := f.inOrder(t); got != items*changes || of != items {
		t.Errorf("%d changes of %d items", got, of)
	}
}

// Changes that the data stream does not take wait for it, over restarts, and come in
// the order of each item.
func TestDeliveryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := delivering(t)
		turn := 0
		f.trouble = func(string, []byte) error { // two of three
			if turn++; turn%3 != 0 {
				return errRefused
			}
			return nil
		}
		const items, changes = 7, 20
		for n := range changes {
			for pk := range items {
				h.mustDo("PutItem", put(pk, fmt.Sprintf(`,"n":{"N":"%d"}`, n)))
			}
			if n%5 == 2 {
				h.restart()
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got, of := f.inOrder(t); got != items*changes || of != items {
			t.Errorf("%d changes of %d items", got, of)
		}
		if n := h.outgoing(); n != 0 {
			t.Errorf("%d records are left", n)
		}
	})
}

// A destination that is disabled gets what was written before, if it takes it, and
// nothing else.
func TestDisableDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := delivering(t)
		f.fails(errRefused)
		h.mustDo("PutItem", put(1, ""))
		synctest.Wait()
		f.fails(nil)
		h.mustDo("DisableKinesisStreamingDestination", toKinesis)
		h.described("DISABLING")
		h.mustDo("PutItem", put(2, ""))
		time.Sleep(time.Minute)
		h.described("DISABLED")
		if records, _ := f.all(); len(records) != 1 || !strings.Contains(records[0], `"Keys":{"pk":{"S":"1"}}`) {
			t.Errorf("%s", records)
		}
		h.mustDo("EnableKinesisStreamingDestination", toKinesis)
		synctest.Wait()
		f.fails(errRefused)
		h.mustDo("PutItem", put(3, ""))
		h.mustDo("DisableKinesisStreamingDestination", toKinesis)
		time.Sleep(time.Minute)
		h.described("DISABLED")
		if keys := h.keysOf(kindStream); len(keys) != 0 {
			t.Errorf("rows of a destination that is disabled: %x", keys)
		}
	})
}

// A record that no stream takes is passed over, and so is one that is a day old. The
// figures say so.
func TestDeliveryPassesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := delivering(t)
		flags := strings.Repeat(`{"BOOL":false},`, 130_000)
		for n := range 2 { // the second has both images
			h.mustDo("PutItem", put(1, fmt.Sprintf(`,"n":{"N":"%d"},"l":{"L":[%s{"BOOL":true}]}`, n, flags)))
		}
		h.mustDo("PutItem", put(1, ""))
		synctest.Wait()
		records, _ := f.all()
		if len(records) != 0 { // each has at least one large image
			t.Errorf("%d records", len(records))
		}
		h.mustDo("PutItem", put(1, `,"n":{"N":"1"}`))
		synctest.Wait()
		if records, _ = f.all(); len(records) != 1 {
			t.Errorf("%d records", len(records))
		}
		f.fails(errRefused)
		h.mustDo("PutItem", put(2, ""))
		time.Sleep(time.Hour)
		if list := h.DestinationFigures(); len(list) != 1 || list[0].Table != "abc" || list[0].Oldest.Round(time.Minute) != time.Hour || list[0].Refused != 3 {
			t.Errorf("%+v", list)
		}
		time.Sleep(24 * time.Hour)
		f.fails(nil)
		h.mustDo("PutItem", put(3, ""))
		time.Sleep(time.Minute)
		if records, _ = f.all(); len(records) != 1 || !strings.Contains(records[0], `"Keys":{"pk":{"S":"3"}}`) {
			t.Errorf("%s", records)
		}
		if list := h.DestinationFigures(); len(list) != 1 || list[0].Oldest != 0 || list[0].Refused != 4 {
			t.Errorf("%+v", list)
		}
	})
}

// Without data streams a destination is kept and described. What an engine with some
// began is kept for a day, and goes on with the next that has some.
func TestWithoutDataStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("EnableKinesisStreamingDestination", toKinesis)
		time.Sleep(time.Second)
		h.described("ACTIVE")
		h.mustDo("PutItem", put(1, ""))
		if h.outgoing() != 0 {
			t.Error("there is an outbox")
		}
		f := new(fakeStreams)
		h.opts.DataStreams = f
		h.restart() // takes it over
		h.mustDo("PutItem", put(2, ""))
		synctest.Wait()
		if records, _ := f.all(); len(records) != 1 {
			t.Errorf("%s", records)
		}
		h.opts.DataStreams = nil
		h.restart()
		h.mustDo("PutItem", put(3, ""))
		if h.outgoing() != 1 {
			t.Error("nothing is kept")
		}
		h.opts.DataStreams = f
		h.restart()
		synctest.Wait()
		if records, _ := f.all(); len(records) != 1 {
			t.Errorf("%s", records)
		}
		h.opts.DataStreams = nil
		h.restart()
		h.mustDo("PutItem", put(4, ""))
		time.Sleep(25 * time.Hour)
		if n := h.outgoing(); n != 0 {
			t.Errorf("%d records are kept for longer than a day", n)
		}
		h.mustDo("DisableKinesisStreamingDestination", toKinesis)
		synctest.Wait()
		h.described("DISABLED")
		if keys := h.keysOf(kindStream); len(keys) != 0 {
			t.Errorf("rows of a destination that is disabled: %x", keys)
		}
	})
}
