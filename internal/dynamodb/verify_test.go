package dynamodb

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/salvage"
)

const verifiedTable = `{"TableName":"Sound","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"k","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"k","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

// newVerified returns an engine with one table of everything that Verify compares:
// 20 items, of which one has no index key and one was deleted.
//
// It wants the bubble of a synctest.
func newVerified(t *testing.T) *harness {
	h := newEngine(t)
	h.mustDo("CreateTable", verifiedTable)
	h.mustDo("UpdateTimeToLive", `{"TableName":"Sound","TimeToLiveSpecification":{"AttributeName":"x","Enabled":true}}`)
	synctest.Wait() // until it says that all items have their rows
	fillItems(h)
	return h
}

// fillItems fills the table.
func fillItems(h *harness) {
	for i := range 20 {
		g := fmt.Sprintf(`,"g":{"S":"g%d"}`, i%3)
		if i == 7 {
			g = ""
		}
		h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"Sound","Item":{"k":{"S":"k%d"},"s":{"N":"%d"},"x":{"N":"4000000000"}%s}}`, i%5, i, g))
	}
	h.mustDo("UpdateItem", `{"TableName":"Sound","Key":{"k":{"S":"k1"},"s":{"N":"1"}},"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"other"}}}`)
	h.mustDo("DeleteItem", `{"TableName":"Sound","Key":{"k":{"S":"k2"},"s":{"N":"2"}}}`)
}

// verify returns what Verify has to say.
func (h *harness) verify() (Verified, []string) {
	h.t.Helper()
	var wrong []string
	total, err := Verify(context.WithoutCancel(h.t.Context()), h.store, func(text string) { wrong = append(wrong, text) })
	if err != nil {
		h.t.Fatal(err)
	}
	return total, wrong
}

// rowsOf returns the rows of a kind, in order.
func (h *harness) rowsOf(kind byte) (rows [][]byte) {
	it := h.store.Scan(kv.PrefixRange([]byte{space, kind}))
	defer it.Close()
	for it.Next() {
		rows = append(rows, slices.Clone(it.Key()))
	}
	return rows
}

// change changes the store behind the back of the engine.
func (h *harness) change(do func(b kv.Batch)) {
	h.t.Helper()
	b := h.store.NewBatch()
	do(b)
	commit, err := h.store.Apply(b, kv.Sync)
	if err == nil {
		err = commit.Wait()
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newVerified(t)
		total, wrong := h.verify()
		if want := (Verified{Tables: 1, Items: 19, IndexEntries: 2 * 18, StreamRecords: 22}); total != want || wrong != nil {
			t.Errorf("%+v, want %+v\n%s", total, want, strings.Join(wrong, "\n"))
		}
	})
}

func TestVerifyNotices(t *testing.T) {
	for name, tt := range map[string]struct {
		harm func(h *harness, b kv.Batch)
		want string
	}{
		"item is lost":             {func(h *harness, b kv.Batch) { b.Delete(h.rowOf(kindItem)) }, "the entry is of no item"},
		"item is lost, stream":     {func(h *harness, b kv.Batch) { b.Delete(h.rowOf(kindItem)) }, "is there: false, which the last record contradicts"},
		"item is garbage":          {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindItem), []byte{1, 2, 3}) }, "items: row"},
		"item is another's":        {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindItem), h.value(h.rowsOf(kindItem)[1])) }, "belongs into row"},
		"entry is lost":            {func(h *harness, b kv.Batch) { b.Delete(h.rowOf(kindIndex)) }, "is missing"},
		"entry is too much":        {func(h *harness, b kv.Batch) { b.Set(append(h.rowOf(kindIndex), 1), h.value(h.rowOf(kindIndex))) }, "the entry is not that of its item"},
		"entry is garbage":         {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindIndex), nil) }, "differs from the item"},
		"entry without a key":      {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindIndex), []byte{1, 0x0a}) }, "there is no key attribute k"},
		"expiry row is lost":       {func(h *harness, b kv.Batch) { b.Delete(h.rowOf(kindExpiry)) }, "the expiry row is missing"},
		"expiry at another time":   {func(h *harness, b kv.Batch) { b.Set(changed(h.rowOf(kindExpiry), 17), nil) }, "no item expires then"},
		"size is lost":             {func(h *harness, b kv.Batch) { b.Delete(h.rowOf(kindCollection)) }, "its row is missing"},
		"size is another":          {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindCollection), encodeCollectionSize(9)) }, "its row says 9 bytes, there are"},
		"size is garbage":          {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindCollection), []byte{1}) }, "has 1 bytes, not 8"},
		"size of nothing":          {func(h *harness, b kv.Batch) { b.Set(append(h.rowOf(kindCollection), 1), nil) }, "the collection has no items"},
		"expiry of nothing":        {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindExpiry)[:12], nil) }, "the key is too short"},
		"record is garbage":        {func(h *harness, b kv.Batch) { b.Set(h.rowOf(kindStream), []byte{9}) }, "damaged stream record"},
		"record in another shard":  {func(h *harness, b kv.Batch) { b.Set(changed(h.rowOf(kindStream), 13), h.value(h.rowOf(kindStream))) }, "its key is not one of"},
		"record before its shard":  {func(h *harness, b kv.Batch) { b.Set(changed(h.rowOf(kindStream), 14), h.value(h.rowOf(kindStream))) }, "its number is not one of"},
		"record of update is lost": {func(h *harness, b kv.Batch) { b.Delete(h.record(recordModify)) }, "is not what the last record says"},
		"record of delete is lost": {func(h *harness, b kv.Batch) { b.Delete(h.record(recordRemove)) }, "is there: false, which the last record contradicts"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newVerified(t)
				h.change(func(b kv.Batch) { tt.harm(h, b) })
				_, wrong := h.verify()
				if all := strings.Join(wrong, "\n"); !strings.Contains(all, tt.want) || !strings.HasPrefix(all, "table arn:aws:dynamodb:us-east-1:000000000000:table/Sound: ") {
					t.Errorf("want %q in\n%s", tt.want, all)
				}
			})
		})
	}
}

func TestSalvage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newVerified(t)
		h.change(func(b kv.Batch) { b.Set(h.rowsOf(kindItem)[3], []byte{1, 2, 3}) })
		h.change(func(b kv.Batch) { b.Set(catalogKey(testNamespace, "Aaaa"), []byte("{")) })
		files := map[string]*salvagedFile{}
		var lost []string
		n, err := Salvage(&salvage.Run{Store: h.store, Create: func(name string) (io.WriteCloser, error) {
			files[name] = new(salvagedFile)
			return files[name], nil
		}, Lost: func(text string) { lost = append(lost, text) }})
		if n != 18 || err != nil || len(lost) != 2 {
			t.Errorf("%d items, %v, lost %q", n, err, lost)
		}
		items := files["dynamodb/000000000000/us-east-1/Sound.ndjson"]
		if lines := strings.Split(items.String(), "\n"); len(lines) != 19 || !strings.HasPrefix(lines[0], `{"Item":{"g":{"S":`) || !items.closed {
			t.Errorf("%q", lines)
		}
		if about := files["dynamodb/000000000000/us-east-1/Sound.table.json"].String(); !strings.Contains(about, `"name":"Sound"`) {
			t.Errorf("%s", about)
		}
	})
}

type salvagedFile struct {
	bytes.Buffer
	closed bool
}

func (f *salvagedFile) Close() error {
	f.closed = true
	return nil
}

func (h *harness) value(key []byte) []byte {
	h.t.Helper()
	value, ok, err := h.store.Get(key, nil)
	if err != nil || !ok {
		h.t.Fatalf("no row %x: %v", key, err)
	}
	return value
}

// rowOf returns the first row of a kind.
func (h *harness) rowOf(kind byte) []byte { return h.rowsOf(kind)[0] }

// record returns the row of a stream record of an event.
func (h *harness) record(event recordEvent) []byte {
	h.t.Helper()
	for _, row := range h.rowsOf(kindStream) {
		if r, err := decodeRecord(h.value(row)); err == nil && r.Event == event {
			return row
		}
	}
	h.t.Fatalf("no record of event %d", event)
	return nil
}

// changed returns a key with another byte: the shard of a stream record ends at 13,
// its number begins at 14, and the time of an expiry row ends at 17.
func changed(key []byte, at int) []byte {
	key = slices.Clone(key)
	key[at] = (key[at] + 1) % 4
	return key
}
