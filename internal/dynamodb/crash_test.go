package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/kv/kvtest"
)

// TestCrash has clients write to two tables with indexes and streams, copies the
// disk as a crash at that moment may leave it, and opens an engine on the copy.
// Whatever was answered before the crash must be there, be it that the client
// wrote it or that it was told of another's write: items, stream records in the
// order of each key, tokens. The indexes must be those that the items demand. The
// clients then go on with the copy.
func TestCrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	disk := vfs.NewCrashableMem()
	var crew crashCrew
	for i := range crew {
		crew[i].key = fmt.Sprint("k", i)
	}
	for round := 0; round < 9 && !t.Failed(); round++ {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: slowToSync(disk)})
		if err != nil {
			t.Fatal(err)
		}
		h := openEngine(t, store)
		if round == 0 {
			for _, name := range crashTables {
				h.mustDo("CreateTable", fmt.Sprintf(crashTable, name))
			}
		}
		crew.check(h)
		answered, stop := crew.start(h)
		for range 50 + rng.IntN(200) {
			<-answered
		}
		crew.remember()
		crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[round%3], RNG: rng})
		stop()
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			t.Fatal(err)
		}
		disk = crashed
	}
}

// slowToSync is a disk that lets much happen between a write and its being
// durable.
func slowToSync(disk vfs.FS) vfs.FS {
	return kvtest.Renaming{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if filepath.Ext(op.Path) == ".log" && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			time.Sleep(time.Millisecond)
		}
		return nil
	}))}
}

var crashTables = [2]string{"one", "two"}

const crashTable = `{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
	"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],
	"GlobalSecondaryIndexes":[
		{"IndexName":"all","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
		{"IndexName":"keys","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`

// crashCrew are the clients.
type crashCrew [8]crashClient

// crashClient writes the items of one key, one write after the other. Each write
// has a number, which the items that it leaves carry, so what is found tells
// which writes there were.
type crashClient struct {
	key string

	mu     sync.Mutex
	writes []crashWrite
	last   int // the number of the last write that was tried; none is used again
	told   int // every write up to this number was answered, or shown to a reader
	kept   int // told as it was before the crash
}

// crashWrite changes the items of a key: to what the number stands for, or to
// none.
type crashWrite struct {
	n           int
	table       [2]bool // which items it changes
	gone        bool
	transaction string // the request, if it has a token
}

// traces returns what the writes leave in a table: one text a write, "" where
// the item was deleted.
func traces(writes []crashWrite, table int) (list []string) {
	for _, w := range writes {
		if w.table[table] && w.gone {
			list = append(list, "")
		} else if w.table[table] {
			list = append(list, strconv.Itoa(w.n))
		}
	}
	return list
}

// start sets the clients to work. One element comes for each answer.
func (crew *crashCrew) start(h *harness) (answered <-chan struct{}, stop func()) {
	answers, done := make(chan struct{}, 1<<16), make(chan struct{})
	var wg sync.WaitGroup
	for i := range crew {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if rng.IntN(4) == 0 {
					crew[rng.IntN(len(crew))].look(h, rng)
				} else {
					crew[i].write(h, rng)
				}
				select {
				case answers <- struct{}{}:
				default: // nobody counts any more
				}
			}
		})
	}
	return answers, func() { close(done); wg.Wait() }
}

// write makes one change and waits for the answer.
func (c *crashClient) write(h *harness, rng *rand.Rand) {
	c.mu.Lock()
	c.last++
	w, op, in := c.choose(rng)
	c.writes = append(c.writes, w)
	c.mu.Unlock()
	if _, err := h.persist(op, in); err != nil {
		h.t.Errorf("%s %s: %v", op, in, err)
		return
	}
	c.saw(w.n)
}

// choose returns a write that changes something, and its request.
func (c *crashClient) choose(rng *rand.Rand) (w crashWrite, op, in string) {
	w = crashWrite{n: c.last}
	item := fmt.Sprintf(`"k":{"S":%q},"g":{"S":"g%d"},"n":{"N":"%d"}`, c.key, w.n%3, w.n)
	update := fmt.Sprintf(`"Key":{"k":{"S":%q}},"UpdateExpression":"SET n = :n, g = :g","ExpressionAttributeValues":{":n":{"N":"%d"},":g":{"S":"g%d"}}`, c.key, w.n, w.n%2)
	table := rng.IntN(2)
	w.table[table] = true
	name := crashTables[table]
	if states := traces(c.writes, table); rng.IntN(4) == 0 && len(states) > 0 && states[len(states)-1] != "" {
		w.gone = true
		return w, "DeleteItem", fmt.Sprintf(`{"TableName":%q,"Key":{"k":{"S":%q}}}`, name, c.key)
	}
	switch rng.IntN(4) {
	case 0:
		return w, "PutItem", fmt.Sprintf(`{"TableName":%q,"Item":{%s}}`, name, item)
	case 1:
		return w, "UpdateItem", fmt.Sprintf(`{"TableName":%q,%s}`, name, update)
	case 2:
		return w, "BatchWriteItem", fmt.Sprintf(`{"RequestItems":{%q:[{"PutRequest":{"Item":{%s}}}]}}`, name, item)
	}
	w.table = [2]bool{true, true}
	w.transaction = fmt.Sprintf(`{"ClientRequestToken":"%s-%d","TransactItems":[{"Put":{"TableName":"one","Item":{%s}}},{"Update":{"TableName":"two",%s}}]}`, c.key, w.n, item, update)
	return w, "TransactWriteItems", w.transaction
}

// look reads an item in a way that promises that it is durable.
func (c *crashClient) look(h *harness, rng *rand.Rand) {
	key, name := fmt.Sprintf(`"k":{"S":%q}`, c.key), crashTables[rng.IntN(2)]
	var out string
	var err error
	switch rng.IntN(4) {
	case 0:
		out, err = h.do("GetItem", fmt.Sprintf(`{"TableName":%q,"ConsistentRead":true,"Key":{%s}}`, name, key))
	case 1:
		out, err = h.do("Query", fmt.Sprintf(`{"TableName":%q,"ConsistentRead":true,"KeyConditionExpression":"k = :k","ExpressionAttributeValues":{":k":{"S":%q}}}`, name, c.key))
	case 2:
		out, err = h.persist("TransactGetItems", fmt.Sprintf(`{"TransactItems":[{"Get":{"TableName":%q,"Key":{%s}}}]}`, name, key))
	default:
		_, err = h.persist("PutItem", fmt.Sprintf(`{"TableName":%q,"Item":{%s},"ConditionExpression":"n < :0","ExpressionAttributeValues":{":0":{"N":"0"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`, name, key))
		var failed *api.Error
		if errors.As(err, &failed) && failed.Code == "ConditionalCheckFailedException" {
			out, err = string(failed.Item.AppendJSON(nil)), nil
		}
	}
	if err != nil {
		h.t.Error(err)
	}
	if n := numberIn(out); n > 0 {
		c.saw(n)
	}
}

// numberIn returns the number of the write that made the item in an answer, 0
// where there is none.
func numberIn(out string) int {
	n := 0
	if i := strings.Index(out, `"n":{"N":"`); i >= 0 {
		fmt.Sscanf(out[i:], `"n":{"N":"%d"`, &n)
	}
	return n
}

func (c *crashClient) saw(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = max(c.told, n)
}

// remember notes what must survive a crash from now on.
func (crew *crashCrew) remember() {
	for i := range crew {
		c := &crew[i]
		c.mu.Lock()
		c.kept = c.told
		c.mu.Unlock()
	}
}

// check finds out which writes survived a crash, and that nothing contradicts
// that those did and no others.
func (crew *crashCrew) check(h *harness) {
	h.t.Helper()
	streams := [2]map[string][]string{h.changes("one"), h.changes("two")}
	for i := range crew {
		c := &crew[i]
		n := slices.IndexFunc(c.writes, func(w crashWrite) bool { return w.n > c.kept })
		if n < 0 {
			n = len(c.writes)
		}
		for ; n <= len(c.writes); n++ {
			if slices.Equal(streams[0][c.key], traces(c.writes[:n], 0)) && slices.Equal(streams[1][c.key], traces(c.writes[:n], 1)) {
				break
			}
		}
		if n > len(c.writes) {
			h.t.Fatalf("%s: the streams have %q, not those of the writes to number %d or beyond: %+v", c.key, streams, c.kept, c.writes)
		}
		c.writes = c.writes[:n]
		c.told, c.kept = 0, 0
		c.checkItems(h)
	}
	for _, name := range crashTables {
		h.checkIndexes(name)
	}
}

// checkItems checks that the items are those of the writes that are left, and
// that the last transaction among them is remembered.
func (c *crashClient) checkItems(h *harness) {
	h.t.Helper()
	for _, w := range slices.Backward(c.writes) {
		if w.transaction != "" {
			h.mustDo("TransactWriteItems", w.transaction)
			break
		}
	}
	for table, name := range crashTables {
		want := 0
		if states := traces(c.writes, table); len(states) > 0 {
			want, _ = strconv.Atoi(states[len(states)-1])
		}
		out := h.mustDo("GetItem", fmt.Sprintf(`{"TableName":%q,"Key":{"k":{"S":%q}}}`, name, c.key))
		if got := numberIn(out); got != want {
			h.t.Errorf("%s in %s is %d, want %d", c.key, name, got, want)
		}
	}
}

// changes returns what the stream of a table says of each key: the numbers of
// its items, "" for a deletion.
func (h *harness) changes(table string) map[string][]string {
	h.t.Helper()
	changes := map[string][]string{}
	arn := h.liveStream(table)
	for _, shard := range h.shards(arn) {
		for it := h.iterator(arn, shard, trimHorizonType); ; {
			got := h.records(it, 0)
			for _, r := range got.Records {
				key, n := r.Dynamodb.Keys["k"]["S"].(string), ""
				if r.Dynamodb.NewImage != nil {
					n = r.Dynamodb.NewImage["n"]["N"].(string)
				}
				changes[key] = append(changes[key], n)
			}
			if it = got.NextShardIterator; len(got.Records) == 0 {
				break
			}
		}
	}
	return changes
}

// liveStream returns the stream of a table.
func (h *harness) liveStream(table string) string {
	h.t.Helper()
	var out struct {
		Table struct{ LatestStreamArn string }
	}
	if err := json.Unmarshal([]byte(h.mustDo("DescribeTable", fmt.Sprintf(`{"TableName":%q}`, table))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out.Table.LatestStreamArn
}

// checkIndexes checks that the indexes of a table of the crash test hold what its
// items demand and nothing else.
func (h *harness) checkIndexes(table string) {
	h.t.Helper()
	v, err := h.view(&h.caller, table)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range v.indexes {
		x := &v.indexes[i]
		var want, got []string
		for _, item := range h.items(v.prefix) {
			if x.Projection.Type == "KEYS_ONLY" {
				item = item.Without("g")
			}
			want = append(want, string(item.AppendJSON(nil)))
		}
		for _, entry := range h.items(x.prefix) {
			got = append(got, string(entry.AppendJSON(nil)))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			h.t.Errorf("index %s of %s has %q, want %q", x.Name, table, got, want)
		}
	}
}
