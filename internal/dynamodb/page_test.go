package dynamodb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/attr"
)

// song is an item of the property test: its key is (p, b).
type song struct {
	p, c string
	b    attr.Number
	id   string
}

// Pages of any size, forward and backward, of a table and of both kinds of index,
// put together are exactly the items that the key condition selects, in order.
func TestPagesNeitherSkipNorDouble(t *testing.T) {
	h := newEngine(t)
	table := 0
	rapid.Check(t, func(rt *rapid.T) {
		table++
		name := fmt.Sprint("pages", table)
		h.mustDo("CreateTable", fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",
			"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"},{"AttributeName":"c","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
			"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],
			"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
			"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`, name))
		songs := drawSongs(rt)
		for _, s := range songs {
			index := ""
			if s.c != "-" { // else it is in no index
				c, _ := json.Marshal(s.c)
				index = fmt.Sprintf(`,"c":{"S":%s},"g":{"S":"g"}`, c)
			}
			h.put(name, fmt.Sprintf(`{"p":{"S":%q},"b":{"N":%q},"id":{"S":%q}%s}`, s.p, s.b, s.id, index))
		}
		for range 4 {
			checkPages(rt, h, name, songs)
		}
	})
}

func drawSongs(rt *rapid.T) []song {
	list := rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) song {
		b, err := attr.ParseNumber(rapid.SampledFrom([]string{"", "-"}).Draw(rt, "sign") + rapid.StringMatching(`[0-9]{1,3}(\.[0-9])?`).Draw(rt, "b"))
		if err != nil {
			rt.Fatal(err)
		}
		return song{p: rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "p"), b: b, c: rapid.SampledFrom([]string{"-", "a", "a\x00", "ab", "b"}).Draw(rt, "c")}
	}), 0, 30, func(s song) string { return s.p + s.b.String() }).Draw(rt, "songs")
	for i := range list {
		list[i].id = fmt.Sprint(i)
	}
	return list
}

// checkPages draws a query and compares its pages with the model's answer.
func checkPages(rt *rapid.T, h *harness, table string, songs []song) {
	index := rapid.SampledFrom([]string{"", "local", "global"}).Draw(rt, "index")
	limit := rapid.IntRange(1, 12).Draw(rt, "limit")
	forward := rapid.Bool().Draw(rt, "forward")
	in := fmt.Sprintf(`{"TableName":%q,"Limit":%d,"ScanIndexForward":%t,"ProjectionExpression":"id","ExpressionAttributeValues":{":p":{"S":"x"}`, table, limit, forward)
	condition, keep := "p = :p", func(s song) bool { return s.p == "x" && (index == "" || s.c != "-") }
	if index == "global" {
		in = strings.Replace(in, `"S":"x"`, `"S":"g"`, 1)
		condition, keep = "g = :p", func(s song) bool { return s.c != "-" }
		in = strings.Replace(in, `"ProjectionExpression"`, `"IndexName":"global","ProjectionExpression"`, 1)
	}
	if index == "local" { // id is fetched from the table
		in = strings.Replace(in, `"ProjectionExpression"`, `"IndexName":"local","ProjectionExpression"`, 1)
	}
	if index == "" && rapid.Bool().Draw(rt, "bounded") {
		bound := attr.IntNumber(int64(rapid.IntRange(-500, 500).Draw(rt, "bound")))
		in += fmt.Sprintf(`,":b":{"N":%q}`, bound)
		condition += " AND b > :b"
		all := keep
		keep = func(s song) bool { return all(s) && s.b.Cmp(bound) > 0 }
	}
	got := h.pages("Query", in+fmt.Sprintf(`},"KeyConditionExpression":%q`, condition), "id")
	want := slices.DeleteFunc(slices.Clone(songs), func(s song) bool { return !keep(s) })
	slices.SortFunc(want, func(a, b song) int {
		if index == "" {
			return a.b.Cmp(b.b)
		}
		return cmp.Or(strings.Compare(a.c, b.c), tie(index, a, b))
	})
	if !forward {
		slices.Reverse(want)
	}
	ids := make([]string, len(want))
	for i, s := range want {
		ids[i] = s.id
	}
	if !slices.Equal(got, ids) {
		rt.Fatalf("%s %s\n got %v\nwant %v", in, condition, got, ids)
	}
}

// tie orders entries of an index with the same key: by the key of the table.
func tie(index string, a, b song) int {
	if index == "global" {
		row := func(s song) []byte { return appendPartition(nil, []attr.Value{attr.S(s.p)}) }
		if c := slices.Compare(row(a), row(b)); c != 0 {
			return c
		}
	}
	return a.b.Cmp(b.b)
}

// A page ends with the item that brings it to 1 MB, whether the filter takes it or
// not.
func TestPagesOf1MB(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	const items = 12
	for i := range items { // 128 KiB each: eight make a page
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"x"},"b":{"S":"%02d"},"d":{"S":"%02d"},"e":{"N":"%d"},"f":{"S":%q}}`, i, i, 1+i%2, filler(128<<10-12)))
	}
	if _, size := h.raw("ranged", "00"); size != 128<<10 {
		t.Fatalf("an item has %d bytes", size)
	}
	const x = `{"TableName":"ranged","KeyConditionExpression":"a = :x","ProjectionExpression":"b"`
	const values = `,"ExpressionAttributeValues":{":x":{"S":"x"}`
	f := h.read("Query", x+values+`}}`)
	if f.Count != 8 || string(f.LastEvaluatedKey) != `{"a":{"S":"x"},"b":{"S":"07"}}` {
		t.Errorf("%d items, last %s", f.Count, f.LastEvaluatedKey)
	}
	f = h.read("Query", x+`,"FilterExpression":"e = :3"`+values+`,":3":{"N":"3"}}}`)
	if f.Count != 0 || f.ScannedCount != 8 || f.LastEvaluatedKey == nil {
		t.Errorf("nothing matches: %+v", f)
	}
	f = h.read("Query", x+`,"FilterExpression":"e = :1","ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"07"}}`+values+`,":1":{"N":"1"}}}`)
	if f.Count != 2 || f.ScannedCount != 4 || f.LastEvaluatedKey != nil {
		t.Errorf("second page: %+v", f)
	}
	// The items that a local index fetches count too; its entries alone are small.
	local := strings.Replace(x, `"ranged"`, `"ranged","IndexName":"index2"`, 1)
	if f := h.read("Query", local+values+`}}`); f.Count != items {
		t.Errorf("local: %d items", f.Count)
	}
	local = strings.Replace(local, `:"b"`, `:"b, f"`, 1)
	if f := h.read("Query", local+values+`}}`); f.Count != 8 || f.LastEvaluatedKey == nil {
		t.Errorf("local, fetched: %d items", f.Count)
	}
	for _, in := range []string{`{"TableName":"ranged","ProjectionExpression":"b"`, `{"TableName":"ranged","IndexName":"index2","ProjectionExpression":"b, f"`} {
		if got := h.pages("Scan", in, "b"); len(got) != items || !slices.IsSorted(got) {
			t.Errorf("%s: %v", in, got)
		}
	}
}

// Whole items of a page stay what they are while the page grows.
func TestPageKeepsItemsApart(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	for i := range 300 {
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"x"},"b":{"S":"%03d"},"f":{"S":%q},"g":{"S":"%03d"}}`, i, filler(i*13%2000), i))
	}
	f := h.read("Query", `{"TableName":"ranged","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}}}`)
	for i, item := range f.Items {
		want := fmt.Sprintf("%03d", i)
		if text, _ := item["f"]["S"].(string); item["b"]["S"] != want || item["g"]["S"] != want || len(text) != i*13%2000 {
			t.Fatalf("item %d: %v %v, %d bytes", i, item["b"], item["g"], len(text))
		}
	}
	if len(f.Items) != 300 {
		t.Errorf("%d items", len(f.Items))
	}
}

// An entry of a local index and the item fetched for it are of the same moment:
// no item is shown at a place where it is not.
func TestFetchedItemsFitTheirEntries(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1500 { // an item goes to and fro between 1 and 9
			in := fmt.Sprintf(`{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"%d"},"d":{"S":"%d"}}}`, i/2%8, 1+8*(i%2))
			if _, err := h.do("PutItem", in); err != nil {
				t.Error(err)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		f := h.read("Query", `{"TableName":"ranged","IndexName":"index2","Select":"ALL_ATTRIBUTES","KeyConditionExpression":"a = :x AND d < :5","ExpressionAttributeValues":{":x":{"S":"x"},":5":{"S":"5"}}}`)
		if d := f.column("d"); strings.Contains(d, "9") {
			t.Fatalf("items at %s among those before 5", d)
		}
	}
}

// raw returns a stored item of partition x of "ranged" and its size.
func (h *harness) raw(table, b string) ([]byte, int) {
	h.t.Helper()
	v, err := h.view(&h.caller, table)
	if err != nil {
		h.t.Fatal(err)
	}
	raw, ok, err := h.store.Get(v.row(attr.NewMap([]attr.Attr{{Name: "a", Value: attr.S("x")}, {Name: "b", Value: attr.S(b)}})), nil)
	if err != nil || !ok {
		h.t.Fatalf("item %s: %v %v", b, ok, err)
	}
	size, err := attr.SizeEncoded(raw)
	if err != nil {
		h.t.Fatal(err)
	}
	return raw, size
}
