package console

import (
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// TestMillionItems times the pages of a table of a million items. It takes a minute
// and about 2 GB of memory, so it runs only if LEVEE_MILLION is set.
func TestMillionItems(t *testing.T) {
	if os.Getenv("LEVEE_MILLION") == "" {
		t.Skip("LEVEE_MILLION is not set")
	}
	const most = 200 * time.Millisecond
	b, _ := newHouse(t)
	orders(b)
	fillMillion(t, b)
	const table = home + "tables/orders"
	for name, path := range map[string]string{
		"scan": table, "query": table + "?pk=p500", "query, backwards": table + "?pk=p500&desc=1", "range": table + "?pk=p500&sk=500&skop=%3E",
		"index": table + "?index=by-who&pk=w7", "filter that nothing passes": table + "?f=who&fop=%3D&ft=S&fv=nobody",
		"filter that little passes": table + "?f=x&fop=%3D&ft=S&fv=x777000", "filtered query": table + "?pk=p500&f=x&fop=contains&ft=S&fv=99",
		"filtered index": table + "?index=by-who&pk=w7&f=x&fop=%3D&ft=S&fv=nobody", "item": item("p500", 500),
		"settings": table + "/settings", "stream": table + "/stream", "transfer": table + "/transfer", "tables": home + "tables/", "overview": Path,
	} {
		took := make([]time.Duration, 7)
		next := ""
		for i := range took {
			start := time.Now()
			page := b.get(path, 200)
			took[i] = time.Since(start)
			if m := nextLink.FindStringSubmatch(page); m != nil {
				next = html.UnescapeString(m[1])
			}
		}
		slices.Sort(took)
		t.Logf("%-28s median %v, longest %v", name, took[3].Round(10*time.Microsecond), took[6].Round(10*time.Microsecond))
		if took[3] > most {
			t.Errorf("%s: the median is %v", name, took[3])
		}
		if m := regexp.MustCompile(`\d+ shown, \d+ read`).FindString(b.page); m != "" {
			t.Log(m)
		}
		if next != "" {
			start := time.Now()
			b.get(next, 200)
			if took := time.Since(start); took > most {
				t.Errorf("%s, next page: %v", name, took)
			}
		}
	}
	start := time.Now()
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	if err := run(v, ddb.Target, "ExecuteStatement", &ddb.ExecuteStatementInput{Statement: api.Some(`SELECT * FROM "orders"`), Limit: api.Some(int64(1))}); err != nil {
		t.Fatal(err)
	}
	b.get(home+"statement", 200)
	b.post(home+"statement", map[string][]string{"statement": {`SELECT * FROM "orders" WHERE x = 'nothing'`}}, 200)
	b.says("Nothing so far")
	t.Logf("statement that nothing passes: %v", time.Since(start).Round(time.Millisecond))
}

// fillMillion puts a million items into the table of orders: a thousand in each of a
// thousand partitions.
func fillMillion(t *testing.T, b *browser) {
	t.Helper()
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	batch := make([]ddb.WriteRequest, 0, 25)
	for i := range 1_000_000 {
		m := attr.NewMap([]attr.Attr{
			{Name: "id", Value: attr.S(fmt.Sprintf("p%d", i/1000))}, {Name: "n", Value: number(t, i%1000)},
			{Name: "who", Value: attr.S(fmt.Sprintf("w%d", i%100))}, {Name: "x", Value: attr.S(fmt.Sprintf("x%d", i))},
			{Name: "text", Value: attr.S("some words that an order may well have, so that it is not too small")},
		})
		batch = append(batch, ddb.WriteRequest{PutRequest: &ddb.PutRequest{Item: m}})
		if len(batch) < 25 {
			continue
		}
		in := &ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: "orders", Value: batch}}}
		if err := run(v, ddb.Target, "BatchWriteItem", in); err != nil {
			t.Fatal(err)
		}
		batch = make([]ddb.WriteRequest, 0, 25)
	}
}

func number(t *testing.T, n int) attr.Value {
	t.Helper()
	v, err := typedValue("N", fmt.Sprint(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
