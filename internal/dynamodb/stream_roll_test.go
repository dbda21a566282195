package dynamodb

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// describedShard is a shard as DescribeStream shows it.
type describedShard struct {
	id, parent, start, end string
}

func (h *harness) lineage(arn, rest string) (list []describedShard) {
	h.t.Helper()
	for after := ""; ; {
		d := h.describe(arn, rest+after).StreamDescription
		for _, s := range d.Shards {
			list = append(list, describedShard{s.ShardId, s.ParentShardId, s.SequenceNumberRange.StartingSequenceNumber, s.SequenceNumberRange.EndingSequenceNumber})
		}
		if d.LastEvaluatedShardId == "" {
			return list
		}
		after = fmt.Sprintf(`,"ExclusiveStartShardId":%q`, d.LastEvaluatedShardId)
	}
}

func (h *harness) children(arn, parent string) []describedShard {
	h.t.Helper()
	return h.lineage(arn, fmt.Sprintf(`,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":%q}`, parent))
}

// openShards are those without end.
func openShards(list []describedShard) (open []describedShard) {
	for _, s := range list {
		if s.end == "" {
			open = append(open, s)
		}
	}
	return open
}

// versions reads a whole stream, parents before children, and returns the
// values of v that each key had. It checks what is true of every lineage.
func (h *harness) versions(arn string) map[string][]string {
	h.t.Helper()
	versions, read := map[string][]string{}, map[string]describedShard{}
	for _, s := range h.lineage(arn, "") { // listed in the order of opening
		if parent, ok := read[s.parent]; s.parent != "" && (!ok || parent.end == "" || s.start <= parent.end) {
			h.t.Errorf("shard %+v of parent %+v", s, parent)
		}
		read[s.id] = s
		for it := h.iterator(arn, s.id, trimHorizonType); it != ""; {
			page := h.records(it, 0)
			for _, r := range page.Records {
				if n := r.Dynamodb.SequenceNumber; n < s.start || s.end != "" && n > s.end {
					h.t.Errorf("record %s in shard %+v", n, s)
				}
				key := fmt.Sprint(r.Dynamodb.Keys["a"]["S"])
				versions[key] = append(versions[key], fmt.Sprint(r.Dynamodb.NewImage["v"]["N"]))
			}
			if it = page.NextShardIterator; s.end == "" && len(page.Records) == 0 {
				break
			}
		}
	}
	return versions
}

// write puts version n of each of some keys.
func (h *harness) write(n, keys int) {
	h.t.Helper()
	for i := range keys {
		h.put("table", fmt.Sprintf(`{"a":{"S":"k%d"},"v":{"N":"%d"}}`, i, n))
	}
}

func (h *harness) checkVersions(arn string, keys, versions int) {
	h.t.Helper()
	var want []string
	for n := range versions {
		want = append(want, fmt.Sprint(n))
	}
	got := h.versions(arn)
	for i := range keys {
		if key := fmt.Sprintf("k%d", i); !slices.Equal(got[key], want) {
			h.t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
}

func TestShardsRollOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		arn := streamTable(h, "table", "NEW_IMAGE")
		h.write(0, 20)
		first := h.lineage(arn, "")
		time.Sleep(4*time.Hour - rollInterval)
		if got := h.lineage(arn, ""); !slices.Equal(got, first) {
			t.Errorf("before four hours: %+v", got)
		}
		reading := h.records(h.iterator(arn, first[0].id, `"ShardIteratorType":"LATEST"`), 0).NextShardIterator
		time.Sleep(2 * rollInterval)
		all := h.lineage(arn, "")
		if len(all) != 2*streamShards || len(openShards(all)) != streamShards {
			t.Fatalf("after four hours: %+v", all)
		}
		for _, s := range all[:streamShards] {
			children := h.children(arn, s.id)
			if s.end == "" || len(children) != 1 || children[0].parent != s.id || children[0].end != "" {
				t.Errorf("%+v has children %+v", s, children)
			}
		}
		if got := h.records(reading, 0); len(got.Records) != 0 || got.NextShardIterator != "" {
			t.Errorf("the closed shard has more: %+v", got)
		}
		h.write(1, 20)
		h.restart()
		h.write(2, 20)
		time.Sleep(4*time.Hour + rollInterval)
		h.write(3, 20)
		h.checkVersions(arn, 20, 4)

		// What is older than a day is listed no more, and forgotten later.
		time.Sleep(48 * time.Hour)
		if n := len(h.lineage(arn, "")); n > 8*streamShards {
			t.Errorf("%d shards listed", n)
		}
		v, err := h.view(&h.caller, "table")
		if err != nil || len(v.Stream.Shards) > 8*streamShards || h.stored() != 0 {
			t.Errorf("%d shards and %d records kept, %v", len(v.Stream.Shards), h.stored(), err)
		}
		oldest := h.lineage(arn, "")[0]
		if oldest.parent != "" {
			t.Errorf("the parent of the oldest shard is not listed: %+v", oldest)
		}
		h.fails("GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,%s}`, arn, first[0].id, trimHorizonType),
			"ResourceNotFoundException: Requested resource not found: Shard does not exist")
	})
}

func TestHotShardsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{ShardRate: 1})
		arn := streamTable(h, "table", "NEW_IMAGE")
		const keys = 600 // in a minute, of which a quarter are in a shard
		for n := range 3 {
			h.write(n, keys)
			time.Sleep(rollInterval + 1) // past the look
			synctest.Wait()
		}
		all := h.lineage(arn, "")
		open := openShards(all)
		if len(open) != 4*streamShards { // 150 and then 75 a minute; 37 are not enough
			t.Fatalf("%d open shards of %d", len(open), len(all))
		}
		for _, s := range all[:streamShards] {
			if children := h.children(arn, s.id); len(children) != 2 {
				t.Errorf("children %+v", children)
			}
		}
		page := h.describe(arn, `,"Limit":3`).StreamDescription
		if len(page.Shards) != 3 || page.LastEvaluatedShardId != all[2].id {
			t.Errorf("page %+v", page)
		}
		h.write(3, keys)
		h.restart()
		h.checkVersions(arn, keys, 4)
		h.mustDo("UpdateTable", `{"TableName":"table","StreamSpecification":{"StreamEnabled":false}}`)
		if open := openShards(h.lineage(arn, "")); len(open) != 0 {
			t.Errorf("open shards of a disabled stream: %+v", open)
		}
		h.checkVersions(arn, keys, 4)
	})
}

// A split does not help a shard whose records are all of one key.
func TestHotKeyDoesNotSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{ShardRate: 1})
		arn := streamTable(h, "table", "NEW_IMAGE")
		for n := range 200 {
			h.write(n, 1)
		}
		time.Sleep(rollInterval + 1)
		if all := h.lineage(arn, ""); len(all) != streamShards {
			t.Errorf("%+v", all)
		}
	})
}

func TestHashRanges(t *testing.T) {
	s := &streamSettings{ID: 7, Created: time.Now()}
	s.settle(nil, s.Created)
	for range 12 { // halve until a range is small
		s.Shards[len(s.Shards)-1].children = 2
		s.settle(nil, time.Now())
	}
	e := &Engine{}
	st, err := e.openStream(s, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(0)
	for _, one := range st.shards {
		if uint64(one.from) != next || one.to < one.from {
			t.Errorf("range %x to %x, want it to begin at %x", one.from, one.to, next)
		}
		next = uint64(one.to) + 1
		for _, hash := range []uint32{one.from, one.to, one.from + (one.to-one.from)/2} {
			if st.shardOf(hash) != one {
				t.Errorf("hash %x is not in its shard", hash)
			}
		}
	}
	if next != 1<<32 || len(st.shards) != streamShards+12 {
		t.Errorf("%d shards end at %x", len(st.shards), next)
	}
	if !slices.IsSortedFunc(s.Shards, func(a, b shard) int { return strings.Compare(s.shardID(&a), s.shardID(&b)) }) {
		t.Error("identifiers are not in order")
	}
}

// Order per key holds while shards are split and rolled under writers.
func TestOrderOverRolls(t *testing.T) {
	h := newEngine(t)
	arn := streamTable(h, "table", "NEW_IMAGE")
	const writers, writes = 6, 150
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range writes {
				in := fmt.Sprintf(`{"TableName":"table","Key":{"a":{"S":"k%d"}},"UpdateExpression":"ADD v :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, w/2)
				if _, err := h.do("UpdateItem", in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	tab, err := h.lookup(&h.caller, "table")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		tab.alter.Lock()
		next := tab.current.Load().clone()
		for j := range next.Stream.Shards {
			if s := &next.Stream.Shards[j]; s.Closed.IsZero() {
				s.children = 1 + i%3/2
			}
		}
		if _, err := h.publish(tab, next, nil, nil); err != nil {
			t.Error(err)
		}
		tab.alter.Unlock()
	}
	wg.Wait()
	got := h.versions(arn)
	for key, list := range got {
		for i, v := range list {
			if v != fmt.Sprint(i+1) {
				t.Fatalf("%s: %q", key, list)
			}
		}
		if len(list) != 2*writes {
			t.Errorf("%s has %d records", key, len(list))
		}
	}
	if len(got) != writers/2 {
		t.Errorf("%d keys", len(got))
	}
}

// The streams of a deleted table can be read for a day, also beside those of a
// new table of that name.
func TestStreamOfDeletedTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		arn := streamTable(h, "table", "NEW_IMAGE")
		h.write(0, 3)
		h.mustDo("DeleteTable", `{"TableName":"table"}`)
		again := streamTable(h, "table", "NEW_IMAGE") // at the same moment
		if again == arn {
			t.Fatal("two streams of one name")
		}
		h.write(5, 1)
		check := func() {
			t.Helper()
			d := h.describe(arn, "").StreamDescription
			if d.StreamStatus != "DISABLED" || d.TableName != "table" || len(openShards(h.lineage(arn, ""))) != 0 {
				t.Errorf("%+v", d)
			}
			h.checkVersions(arn, 3, 1)
			if out := h.mustDo("ListStreams", `{"TableName":"table"}`); !strings.Contains(out, arn) || !strings.Contains(out, again) {
				t.Errorf("listed: %s", out)
			}
		}
		check()
		h.restart()
		check()
		time.Sleep(streamRetention - time.Minute)
		check()
		time.Sleep(2 * time.Minute)
		h.fails("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, arn), "ResourceNotFoundException: Requested resource not found: Stream: "+arn+" not found")
		h.mustDo("DeleteTable", `{"TableName":"table"}`)
		time.Sleep(streamRetention + 2*iteratorLife + trimInterval)
		if n := h.rows(); n != 1 { // the counter
			t.Errorf("%d rows left", n)
		}
		h.expect("ListStreams", `{}`, `{"Streams":[]}`)
	})
}

func TestStreamChangesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		h.mustDo("CreateTable", plain("abc", onDemand))
		time.Sleep(testDelay + 1)
		h.mustDo("UpdateTable", streamOn)
		arn := h.liveStream("abc")
		status := func(want string) {
			t.Helper()
			if got := h.describe(arn, "").StreamDescription.StreamStatus; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		status("ENABLING")
		time.Sleep(testDelay + 1)
		status("ENABLED")
		h.mustDo("UpdateTable", streamOff)
		status("DISABLING")
		time.Sleep(testDelay + 1)
		status("DISABLED")
		h.mustDo("UpdateTable", streamOn)
		arn = h.liveStream("abc")
		time.Sleep(testDelay + 1)
		h.mustDo("DeleteTable", justTable)
		status("DISABLING")
		time.Sleep(testDelay + 1)
		status("DISABLED")
	})
}

// Raised throughput splits shards, as many as it needs.
func TestShardsSplitForThroughput(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", `{"TableName":"scaled","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":4000},"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`)
	counts := func() (open, closed int) {
		tab, err := h.lookup(&h.caller, "scaled")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range tab.current.Load().Stream.Shards {
			if s.Closed.IsZero() {
				open++
			} else {
				closed++
			}
		}
		return open, closed
	}
	for _, c := range []struct{ read, write, open, closed int }{{1, 3000, 4, 0}, {1, 6000, 6, 2}, {1, 100, 6, 2}, {24000, 100, 8, 4}} {
		h.mustDo("UpdateTable", fmt.Sprintf(`{"TableName":"scaled","ProvisionedThroughput":{"ReadCapacityUnits":%d,"WriteCapacityUnits":%d}}`, c.read, c.write))
		if open, closed := counts(); open != c.open || closed != c.closed {
			t.Errorf("with %d and %d: %d open, %d closed", c.read, c.write, open, closed)
		}
	}
}
