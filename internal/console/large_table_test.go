package console

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

const (
	largeTable    = home + "tables/orders"
	partitionSize = 1000 // items of each partition
)

// largePages are pages of a table of many items.
var largePages = []struct{ name, path string }{
	{"scan", largeTable},
	{"query", largeTable + "?pk=p5"},
	{"query, backwards", largeTable + "?pk=p5&desc=1"},
	{"range", largeTable + "?pk=p5&sk=500&skop=%3E"},
	{"index", largeTable + "?index=by-who&pk=w7"},
	{"filter that nothing passes", largeTable + "?f=who&fop=%3D&ft=S&fv=nobody"},
	{"filter that little passes", largeTable + "?f=x&fop=%3D&ft=S&fv=x7700"},
	{"filtered query", largeTable + "?pk=p5&f=x&fop=contains&ft=S&fv=99"},
	{"filtered index", largeTable + "?index=by-who&pk=w7&f=x&fop=%3D&ft=S&fv=nobody"},
	{"item", item("p5", 500)},
	{"settings", largeTable + "/settings"},
	{"stream", largeTable + "/stream"},
	{"counters", largeTable + "/counters"},
	{"transfer", largeTable + "/transfer"},
	{"tables", home + "tables/"},
	{"overview", Path},
}

// TestLargeTable has pages of a table that is far larger than a page: none shows more
// than a page, and none reads more than it needs without a filter.
func TestLargeTable(t *testing.T) {
	b, calls := newHouse(t)
	orders(b)
	fill(b, 10*partitionSize)
	for _, p := range largePages {
		clear(calls)
		b.get(p.path, 200)
		most := pageItems
		if strings.HasSuffix(p.path, "/stream") {
			most = pageRecords + strings.Count(b.page, "<option value=\"shardId-") // and their positions
		}
		if rows := strings.Count(b.page, `<th scope="row"`); rows > most {
			t.Errorf("%s: %d rows on a page", p.name, rows)
		}
		if reads := calls["Scan"] + calls["Query"]; reads > 1 && !strings.Contains(p.path, "fop=") {
			t.Errorf("%s: %d reads", p.name, reads)
		}
	}
}

// BenchmarkMillionItems times pages of a table of a million items, in the server. It
// takes a minute to fill, and in memory about 2 GB.
func BenchmarkMillionItems(bench *testing.B) {
	bench.Run("memory", func(bench *testing.B) { millionItems(bench, kvmem.New()) })
	bench.Run("disk", func(bench *testing.B) {
		store, err := kvpebble.Open(bench.TempDir(), kvpebble.Options{})
		if err != nil {
			bench.Fatal(err)
		}
		millionItems(bench, store)
	})
}

func millionItems(bench *testing.B, store kv.Store) {
	b, _ := newHouseOn(bench, store)
	orders(b)
	fill(b, 1_000_000)
	for _, p := range largePages {
		bench.Run(p.name, func(bench *testing.B) {
			for bench.Loop() {
				b.get(p.path, 200)
			}
		})
	}
	bench.Run("statement that nothing passes", func(bench *testing.B) {
		for bench.Loop() {
			b.post(home+"statement", url.Values{"statement": {`SELECT * FROM "orders" WHERE x = 'nothing'`}}, 200)
		}
	})
}

// fill puts items into the table of orders.
func fill(b *browser, items int) {
	b.t.Helper()
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	batch := make([]ddb.WriteRequest, 0, 25)
	for i := range items {
		m := attr.NewMap([]attr.Attr{
			{Name: "id", Value: attr.S(fmt.Sprintf("p%d", i/partitionSize))}, {Name: "n", Value: number(b.t, i%partitionSize)},
			{Name: "who", Value: attr.S(fmt.Sprintf("w%d", i%100))}, {Name: "x", Value: attr.S(fmt.Sprintf("x%d", i))},
			{Name: "text", Value: attr.S("some words that an order may well have, so that it is not too small")},
		})
		batch = append(batch, ddb.WriteRequest{PutRequest: &ddb.PutRequest{Item: m}})
		if len(batch) < 25 {
			continue
		}
		in := &ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: "orders", Value: batch}}}
		if err := run(v, ddb.Target, "BatchWriteItem", in); err != nil {
			b.t.Fatal(err)
		}
		batch = make([]ddb.WriteRequest, 0, 25)
	}
}

func number(t testing.TB, n int) attr.Value {
	t.Helper()
	v, err := typedValue("N", fmt.Sprint(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
