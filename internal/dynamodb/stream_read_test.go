package dynamodb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/kv/kvmem"
)

// streamTable is a table with a stream of that view.
func streamTable(h *harness, name, view string) (arn string) {
	h.t.Helper()
	out := h.mustDo("CreateTable", fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":%q}}`, name, view))
	var created struct {
		TableDescription struct{ LatestStreamArn string }
	}
	if err := json.Unmarshal([]byte(out), &created); err != nil || created.TableDescription.LatestStreamArn == "" {
		h.t.Fatalf("%s: %v", out, err)
	}
	return created.TableDescription.LatestStreamArn
}

// described is the answer of DescribeStream.
type described struct {
	StreamDescription struct {
		StreamStatus, StreamViewType, TableName, LastEvaluatedShardId string
		Shards                                                        []struct {
			ShardId             string
			ParentShardId       string
			SequenceNumberRange struct{ StartingSequenceNumber, EndingSequenceNumber string }
		}
	}
}

func (h *harness) describe(arn, rest string) described {
	h.t.Helper()
	var d described
	if err := json.Unmarshal([]byte(h.mustDo("DescribeStream", fmt.Sprintf(`{"StreamArn":%q%s}`, arn, rest))), &d); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// iterator returns an iterator; rest is `"ShardIteratorType":...`.
func (h *harness) iterator(arn, shard, rest string) string {
	h.t.Helper()
	var out struct{ ShardIterator string }
	if err := json.Unmarshal([]byte(h.mustDo("GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,%s}`, arn, shard, rest))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out.ShardIterator
}

// gotRecords is the answer of GetRecords.
type gotRecords struct {
	Records []struct {
		EventID, EventName, EventVersion, EventSource, AwsRegion string
		UserIdentity                                             *struct{ Type, PrincipalId string }
		Dynamodb                                                 struct {
			ApproximateCreationDateTime    float64
			Keys, NewImage, OldImage       map[string]map[string]any
			SequenceNumber, StreamViewType string
			SizeBytes                      int
		}
	}
	NextShardIterator string
}

func (h *harness) records(iterator string, limit int) gotRecords {
	h.t.Helper()
	rest := ""
	if limit > 0 {
		rest = fmt.Sprintf(`,"Limit":%d`, limit)
	}
	var out gotRecords
	if err := json.Unmarshal([]byte(h.mustDo("GetRecords", fmt.Sprintf(`{"ShardIterator":%q%s}`, iterator, rest))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// shards returns the identifiers of the shards of a stream.
func (h *harness) shards(arn string) (ids []string) {
	h.t.Helper()
	for _, s := range h.describe(arn, "").StreamDescription.Shards {
		ids = append(ids, s.ShardId)
	}
	return ids
}

const trimHorizonType = `"ShardIteratorType":"TRIM_HORIZON"`

// shardOfKey finds the one shard that has records.
func (h *harness) shardOfKey(arn string) string {
	h.t.Helper()
	for _, id := range h.shards(arn) {
		if len(h.records(h.iterator(arn, id, trimHorizonType), 1).Records) > 0 {
			return id
		}
	}
	h.t.Fatal("no shard has records")
	return ""
}

func TestStreamViews(t *testing.T) {
	h := newEngine(t)
	for view, images := range map[string][2]bool{
		"KEYS_ONLY": {}, "NEW_IMAGE": {true, false}, "OLD_IMAGE": {false, true}, "NEW_AND_OLD_IMAGES": {true, true},
	} {
		arn := streamTable(h, view, view)
		h.put(view, `{"a":{"S":"k"},"v":{"N":"1"}}`)
		h.put(view, `{"a":{"S":"k"},"v":{"N":"2"}}`)
		h.put(view, `{"a":{"S":"k"},"v":{"N":"2"}}`) // changes nothing
		h.mustDo("UpdateItem", fmt.Sprintf(`{"TableName":%q,"Key":{"a":{"S":"k"}},"UpdateExpression":"ADD v :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, view))
		h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":%q,"Key":{"a":{"S":"k"}}}`, view))
		h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":%q,"Key":{"a":{"S":"k"}}}`, view)) // nothing to delete
		var got, want []string
		for _, r := range h.records(h.iterator(arn, h.shardOfKey(arn), trimHorizonType), 0).Records {
			got = append(got, fmt.Sprint(r.EventName, " ", r.Dynamodb.OldImage["v"]["N"], " ", r.Dynamodb.NewImage["v"]["N"], " ", r.Dynamodb.Keys, " ", r.Dynamodb.StreamViewType, " ", r.Dynamodb.SizeBytes))
		}
		for _, w := range []struct {
			event    string
			old, new any
		}{{"INSERT", nil, "1"}, {"MODIFY", "1", "2"}, {"MODIFY", "2", "3"}, {"REMOVE", "3", nil}} {
			size := 2 // "a" and "k"; an image has 5 bytes
			if !images[0] || w.new == nil {
				w.new = nil
			} else {
				size += 5
			}
			if !images[1] || w.old == nil {
				w.old = nil
			} else {
				size += 5
			}
			want = append(want, fmt.Sprint(w.event, " ", w.old, " ", w.new, " map[a:map[S:k]] ", view, " ", size))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", view, got, want)
		}
	}
}

func TestStreamRecordMembers(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "KEYS_ONLY")
	for i := range 20 {
		h.put("table", fmt.Sprintf(`{"a":{"S":"k%d"}}`, i))
	}
	ids := map[string]bool{}
	for _, shard := range h.shards(arn) {
		for _, r := range h.records(h.iterator(arn, shard, trimHorizonType), 0).Records {
			ids[r.EventID] = true
			if r.EventVersion != "1.1" || r.EventSource != "aws:dynamodb" || r.AwsRegion != "us-east-1" || r.UserIdentity != nil || len(r.Dynamodb.SequenceNumber) != 21 {
				t.Errorf("%+v", r)
			}
			if age := float64(time.Now().Unix()) - r.Dynamodb.ApproximateCreationDateTime; age < 0 || age > 60 {
				t.Errorf("written %v s ago", age)
			}
		}
	}
	if len(ids) != 20 {
		t.Errorf("%d distinct events, want 20", len(ids))
	}
}

// What time to live deletes is told from what callers delete.
func TestStreamShowsWhoDeleted(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "OLD_IMAGE")
	h.put("table", `{"a":{"S":"k"}}`)
	v, err := h.view(&h.caller, "table")
	if err != nil {
		t.Fatal(err)
	}
	ref, err := h.findStream(&h.caller, arn)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ref.record(&streamRecord{Event: recordRemove, Expired: true, Keys: v.Key.keyAttrs(nil)}, 0, 1)
	if err != nil || r.UserIdentity == nil || r.UserIdentity.Type.V != "Service" || r.UserIdentity.PrincipalId.V != "dynamodb.amazonaws.com" {
		t.Errorf("%+v %v", r.UserIdentity, err)
	}
}

func TestDescribeAndListStreams(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	var arns []string
	for i := range 3 {
		arns = append(arns, streamTable(h, fmt.Sprint("table", i), "NEW_IMAGE"))
	}
	d := h.describe(arns[0], "").StreamDescription
	if d.StreamStatus != "ENABLED" || d.StreamViewType != "NEW_IMAGE" || d.TableName != "table0" || len(d.Shards) != streamShards || d.LastEvaluatedShardId != "" {
		t.Fatalf("%+v", d)
	}
	for i, s := range d.Shards {
		if len(s.ShardId) != len("shardId-00000001536074846934-be7f2aab") || i > 0 && s.ShardId <= d.Shards[i-1].ShardId {
			t.Errorf("shard %q", s.ShardId)
		}
		if len(s.SequenceNumberRange.StartingSequenceNumber) != 21 || s.SequenceNumberRange.EndingSequenceNumber != "" {
			t.Errorf("range %+v", s.SequenceNumberRange)
		}
	}
	first := h.describe(arns[0], `,"Limit":3`).StreamDescription
	if len(first.Shards) != 3 || first.LastEvaluatedShardId != d.Shards[2].ShardId {
		t.Errorf("first page %+v", first)
	}
	rest := h.describe(arns[0], fmt.Sprintf(`,"ExclusiveStartShardId":%q`, first.LastEvaluatedShardId)).StreamDescription
	if len(rest.Shards) != 1 || rest.LastEvaluatedShardId != "" {
		t.Errorf("second page %+v", rest)
	}
	children := h.describe(arns[0], fmt.Sprintf(`,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":%q}`, d.Shards[0].ShardId)).StreamDescription
	if len(children.Shards) != 0 {
		t.Errorf("children %+v", children)
	}

	stream := func(i int) string {
		label := arns[i][strings.Index(arns[i], "/stream/")+len("/stream/"):]
		return fmt.Sprintf(`{"StreamArn":%q,"TableName":"table%d","StreamLabel":%q}`, arns[i], i, label)
	}
	h.expect("ListStreams", `{}`, `{"Streams":[`+stream(0)+`,`+stream(1)+`,`+stream(2)+`]}`)
	h.expect("ListStreams", `{"TableName":"table1"}`, `{"Streams":[`+stream(1)+`]}`)
	h.expect("ListStreams", `{"TableName":"hashed"}`, `{"Streams":[]}`)
	h.expect("ListStreams", `{"Limit":2}`, fmt.Sprintf(`{"Streams":[%s,%s],"LastEvaluatedStreamArn":%q}`, stream(0), stream(1), arns[1]))
	h.expect("ListStreams", fmt.Sprintf(`{"Limit":2,"ExclusiveStartStreamArn":%q}`, arns[1]), `{"Streams":[`+stream(2)+`]}`)
}

func TestShardIterators(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_IMAGE")
	write := func(n int) { h.put("table", fmt.Sprintf(`{"a":{"S":"k"},"v":{"N":"%d"}}`, n)) }
	values := func(got gotRecords) (list string) {
		for _, r := range got.Records {
			list += fmt.Sprint(r.Dynamodb.NewImage["v"]["N"])
		}
		return list
	}
	for n := range 5 {
		write(n)
	}
	shard := h.shardOfKey(arn)
	latest := h.iterator(arn, shard, `"ShardIteratorType":"LATEST"`)
	all := h.records(h.iterator(arn, shard, trimHorizonType), 0)
	if got := values(all); got != "01234" {
		t.Fatalf("from the horizon: %s", got)
	}
	number := all.Records[2].Dynamodb.SequenceNumber
	if got := values(h.records(h.iterator(arn, shard, fmt.Sprintf(`"ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":%q`, number)), 0)); got != "234" {
		t.Errorf("at: %s", got)
	}
	if got := values(h.records(h.iterator(arn, shard, fmt.Sprintf(`"ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":%q`, number)), 0)); got != "34" {
		t.Errorf("after: %s", got)
	}
	start := h.describe(arn, "").StreamDescription.Shards[0].SequenceNumberRange.StartingSequenceNumber
	if got := values(h.records(h.iterator(arn, shard, fmt.Sprintf(`"ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":%q`, start)), 0)); got != "01234" {
		t.Errorf("at the shard's start: %s", got)
	}
	if got := h.records(latest, 0); values(got) != "" || got.NextShardIterator == "" {
		t.Errorf("latest: %+v", got)
	}
	write(5)
	page := h.records(h.records(latest, 0).NextShardIterator, 0)
	if values(page) != "" {
		t.Errorf("read twice: %s", values(page))
	}
	if got := values(h.records(latest, 0)); got != "5" {
		t.Errorf("latest after a write: %s", got)
	}
	seen, it := "", h.iterator(arn, shard, trimHorizonType)
	for range 4 { // page by page, over a restart
		page := h.records(it, 2)
		seen, it = seen+values(page), page.NextShardIterator
		h.restart()
	}
	if seen != "012345" {
		t.Errorf("page by page: %s", seen)
	}
	write(6)
	if got := values(h.records(it, 0)); got != "6" {
		t.Errorf("after the restarts: %s", got)
	}
}

func TestGetRecordsBounds(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_IMAGE")
	for n := range 1003 {
		h.put("table", fmt.Sprintf(`{"a":{"S":"k"},"v":{"N":"%d"}}`, n))
	}
	shard := h.shardOfKey(arn)
	for _, limit := range []int{0, 1000} {
		page := h.records(h.iterator(arn, shard, trimHorizonType), limit)
		if len(page.Records) != 1000 {
			t.Errorf("limit %d: %d records", limit, len(page.Records))
		}
		if rest := h.records(page.NextShardIterator, 0); len(rest.Records) != 3 {
			t.Errorf("rest: %d records", len(rest.Records))
		}
	}
	big := streamTable(h, "big", "NEW_AND_OLD_IMAGES")
	for n := range 4 { // 300 KB, then three times 600 KB
		h.put("big", fmt.Sprintf(`{"a":{"S":"k"},"v":{"N":"%d"},"f":{"S":%q}}`, n, filler(300_000)))
	}
	sizes, it := []int{}, h.iterator(big, h.shardOfKey(big), trimHorizonType)
	for range 4 {
		page := h.records(it, 0)
		sizes, it = append(sizes, len(page.Records)), page.NextShardIterator
	}
	if !slices.Equal(sizes, []int{2, 1, 1, 0}) {
		t.Errorf("pages of %v records", sizes)
	}
}

func TestStreamRefusals(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_IMAGE")
	other := streamTable(h, "other", "NEW_IMAGE")
	shard := h.shards(arn)[0]
	absent := strings.Replace(arn, "table/table", "table/absent", 1)
	h.fails("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, absent), "ResourceNotFoundException: Requested resource not found: Stream: "+absent+" not found")
	h.refused("DescribeStream", `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:something"}`, "Invalid StreamArn")
	elsewhere := strings.Replace(arn, "us-east-1", "us-west-2", 1)
	h.fails("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, elsewhere), "ResourceNotFoundException: Requested resource not found: Stream: "+elsewhere+" not found")
	get := func(arn, shard, rest string) string {
		return fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":%s}`, arn, shard, rest)
	}
	h.fails("GetShardIterator", get(arn, h.shards(other)[0], `"LATEST"`), "ResourceNotFoundException: Requested resource not found: Shard does not exist")
	h.refused("GetShardIterator", get(arn, shard, `"AT_SEQUENCE_NUMBER","SequenceNumber":"100000000000000000x00"`), "Invalid SequenceNumber")
	h.refused("GetShardIterator", get(arn, shard, `"AT_SEQUENCE_NUMBER","SequenceNumber":"199999999999999999999"`), "Invalid SequenceNumber")
	h.fails("GetShardIterator", get(arn, shard, `"AT_SEQUENCE_NUMBER","SequenceNumber":"100000000000000000001"`), "TrimmedDataAccessException: The data you are trying to access has been trimmed")
	for _, rest := range []string{`"AFTER_SEQUENCE_NUMBER"`, `"LATEST","SequenceNumber":"100000000000000000001"`} {
		if _, err := h.do("GetShardIterator", get(arn, shard, rest)); err == nil {
			t.Errorf("%s is accepted", rest)
		}
	}
	it := h.iterator(arn, shard, trimHorizonType)
	for _, bad := range []string{"x", it + "A", it[:len(it)-2], strings.Replace(it, "table/table", "table/other", 1), "|1|"} {
		h.refused("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, bad), "Invalid ShardIterator")
	}
}

// A disabled stream can be read to its end, where its shards close.
func TestDisabledStream(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_IMAGE")
	for n := range 3 {
		h.put("table", fmt.Sprintf(`{"a":{"S":"k"},"v":{"N":"%d"}}`, n))
	}
	shard := h.shardOfKey(arn)
	open := h.records(h.iterator(arn, shard, trimHorizonType), 2)
	h.mustDo("UpdateTable", `{"TableName":"table","StreamSpecification":{"StreamEnabled":false}}`)
	h.put("table", `{"a":{"S":"k"},"v":{"N":"9"}}`)
	d := h.describe(arn, "").StreamDescription
	if d.StreamStatus != "DISABLED" {
		t.Errorf("status %s", d.StreamStatus)
	}
	rest := h.records(open.NextShardIterator, 0)
	if len(rest.Records) != 1 || rest.NextShardIterator != "" {
		t.Errorf("the end: %+v", rest)
	}
	for _, s := range d.Shards {
		end := s.SequenceNumberRange.EndingSequenceNumber
		if len(end) != 21 || s.ShardId == shard && end != rest.Records[0].Dynamodb.SequenceNumber {
			t.Errorf("shard %s ends at %q", s.ShardId, end)
		}
	}
	if got := h.records(h.iterator(arn, shard, `"ShardIteratorType":"LATEST"`), 0); len(got.Records) != 0 || got.NextShardIterator != "" {
		t.Errorf("latest of a closed shard: %+v", got)
	}
	// A page that is cut by its limit at the last but one leaves an iterator.
	if got := h.records(h.iterator(arn, shard, trimHorizonType), 2); got.NextShardIterator == "" {
		t.Error("closed before its last record")
	}
}

// Each key's records are in the order of its writes, none is missing and none
// comes twice, while writers and a reader that polls run together.
func TestStreamOrderUnderConcurrentWriters(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_AND_OLD_IMAGES")
	const writers, writes, keys = 8, 60, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range writes {
				in := fmt.Sprintf(`{"TableName":"table","Key":{"a":{"S":"k%d"}},"UpdateExpression":"ADD v :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, (w+i)%keys)
				if _, err := h.do("UpdateItem", in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	iterators := []string{}
	for _, shard := range h.shards(arn) {
		iterators = append(iterators, h.iterator(arn, shard, trimHorizonType))
	}
	next := map[any]int{}
	total := 0
	poll := func() {
		for i, it := range iterators {
			page := h.records(it, 7)
			iterators[i] = page.NextShardIterator
			for _, r := range page.Records {
				key := r.Dynamodb.Keys["a"]["S"]
				next[key]++
				total++
				if want := fmt.Sprint(next[key]); r.Dynamodb.NewImage["v"]["N"] != want {
					t.Fatalf("%v: version %v where %s is next", key, r.Dynamodb.NewImage["v"]["N"], want)
				}
			}
		}
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			poll()
		}
	}
	for before := -1; before != total; {
		before = total
		poll()
	}
	if total != writers*writes {
		t.Errorf("%d records, want %d", total, writers*writes)
	}
}

// Sequence numbers go on after a restart, even if the clock does not.
func TestSequenceNumbersGoOn(t *testing.T) {
	store := kvmem.New()
	defer store.Close()
	h := openEngine(t, store)
	defer func() { h.Close() }()
	arn := streamTable(h, "table", "NEW_IMAGE")
	h.put("table", `{"a":{"S":"k"},"v":{"N":"1"}}`)
	shard := h.shardOfKey(arn)
	h.restart()
	h.put("table", `{"a":{"S":"k"},"v":{"N":"2"}}`)
	got := h.records(h.iterator(arn, shard, trimHorizonType), 0).Records
	if len(got) != 2 || got[0].Dynamodb.SequenceNumber >= got[1].Dynamodb.SequenceNumber {
		t.Errorf("%+v", got)
	}
	s := streamShard{last: sequenceAt(time.Now().Add(time.Hour))}
	if before := s.last; s.next(time.Now()) != before+1 {
		t.Error("a clock that went back gave a number that was given before")
	}
}
