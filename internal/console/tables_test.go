package console

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sqs"
)

const home = Path + "at/000000000000/us-east-1/"

// newHouse opens a browser at a console with tables and queues. calls counts the
// operations that the console runs.
func newHouse(t testing.TB) (b *browser, calls map[string]int) {
	t.Helper()
	return newHouseOn(t, kvmem.New())
}

// newHouseOn is newHouse on a store, which it closes in the end.
func newHouseOn(t testing.TB, store kv.Store) (b *browser, calls map[string]int) {
	t.Helper()
	tables, err := dynamodb.Open(store, dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	queues, err := sqs.Open(store, sqs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	functions, err := lambda.Open(store, lambda.Options{Handlers: handlers})
	if err != nil {
		t.Fatal(err)
	}
	pipes, err := pipeline.Open(store, pipeline.Options{Queues: queues, Streams: tables, Functions: functions})
	if err != nil {
		t.Fatal(err)
	}
	pipes.Start()
	t.Cleanup(func() {
		pipes.Close()
		functions.Close()
		queues.Close()
		tables.Close()
		store.Close()
	})
	calls = map[string]int{}
	operations := slices.Concat(tables.Operations(), queues.Operations(), functions.Operations(), pipes.Operations())
	for i := range operations {
		name, handle := operations[i].Name, operations[i].Handle
		if handle != nil {
			operations[i].Handle = counted(calls, name, handle)
		}
	}
	b = newBrowser(t, Options{
		Operations: operations,
		Peek:       func(api.Namespace, string, uint64, int) ([]Message, error) { return nil, nil },
		Logs: func(ns api.Namespace, name string) (list []Log) {
			for _, l := range functions.Logs(lambda.Name{Namespace: ns, Function: name}) {
				list = append(list, Log{RequestID: l.RequestID, Time: l.Time, Failed: l.Failed, Text: string(l.Text)})
			}
			return list
		},
		Mappings: func() (list []Mapping) {
			for _, p := range pipes.Progress() {
				m := Mapping{
					Namespace: p.Namespace, ID: p.ID, Source: p.Source, Function: p.Function, Pipe: p.Pipe, Enabled: p.Enabled,
					Handled: p.Handled, Failures: p.Failures, Failed: p.Failure.At, Failure: p.Failure.Text,
				}
				for _, s := range p.Shards {
					m.Shards = append(m.Shards, Shard{Name: s.Shard, Sequence: s.Sequence, Records: s.Records, Oldest: s.Oldest})
				}
				list = append(list, m)
			}
			return list
		},
		Groups:  func(api.Namespace, string, int) ([]Group, int, error) { return nil, 0, nil },
		Sinks:   func() []Sink { return []Sink{{Name: "hook", Kind: "http", To: "https://hook.example/<b>"}} },
		Counted: func(api.Namespace, string) (int64, int64, bool) { return 40, 100, true },
	})
	b.get(Path, 200)
	return b, calls
}

// orders makes a table with a sort key and an index.
func orders(b *browser) {
	b.t.Helper()
	b.post(home+"create-table", url.Values{
		"name": {"orders"}, "hash": {"id"}, "hashType": {"S"}, "sort": {"n"}, "sortType": {"N"}, "billing": {"PAY_PER_REQUEST"},
		"index": {"by-who"}, "indexHash": {"who"}, "indexHashType": {"S"}, "projection": {"ALL"}, "stream": {"NEW_AND_OLD_IMAGES"},
	}, 303)
	if got := b.header.Get("Location"); got != home+"tables/orders?done=table.created" {
		b.t.Fatalf("sent to %s", got)
	}
}

// put adds an item by the editor.
func put(b *browser, json string) {
	b.t.Helper()
	b.post(home+"tables/orders/item", url.Values{"json": {json}}, 303)
}

func item(id string, n int) string {
	return home + "tables/orders/item?" + url.Values{"key": {fmt.Sprintf(`{"id":{"S":%q},"n":{"N":"%d"}}`, id, n)}}.Encode()
}

// hidden returns the value of a hidden field of the page.
func (b *browser) hidden(name string) string {
	b.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("the page has no field %s:\n%s", name, b.page)
	}
	return html.UnescapeString(m[1])
}

func TestCreateTable(t *testing.T) {
	b, _ := newHouse(t)
	b.get(home+"create-table", 200)
	b.post(home+"create-table", url.Values{"name": {"x"}, "hash": {"<i>"}, "hashType": {"S"}, "billing": {"PAY_PER_REQUEST"}}, 422)
	b.says("ValidationException", `value="&lt;i&gt;"`) // what was typed is still there
	b.post(home+"create-table", url.Values{"name": {"xyz"}, "hash": {"a"}, "billing": {"PROVISIONED"}, "read": {"many"}}, 422)
	orders(b)
	b.get(home+"tables/orders?done=table.created", 200)
	b.says("The table is created.", "by-who (GSI: who)", "aws dynamodb put-item")
	b.post(home+"tables/orders/delete-table", url.Values{"confirm": {"orders"}}, 303) // nobody has protected it
	b.post(home+"create-table", url.Values{"name": {"kept"}, "hash": {"a"}, "hashType": {"S"}, "billing": {"PAY_PER_REQUEST"}, "protected": {"1"}}, 303)
	b.post(home+"tables/kept/delete-table", url.Values{"confirm": {"kept"}}, 422)
	b.get(home+"tables/nothing", 404)
	b.says("ResourceNotFoundException")
}

func TestNumbersAndHostileTexts(t *testing.T) {
	const digits = "12345678901234567890123456789012345678"
	const hostile = `</textarea><script>alert('x')</script>`
	b, _ := newHouse(t)
	orders(b)
	put(b, `{"id":{"S":"`+hostile+`"},"n":{"N":"1"},"big":{"N":"`+digits+`"},"`+hostile+`":{"S":"`+hostile+`"}}`)
	at := b.header.Get("Location")
	b.get(home+"tables/orders", 200)
	b.says(digits, html.EscapeString(hostile))
	for _, view := range []string{"", "&view=form"} {
		b.get(at+view, 200)
		b.says(digits)
		if strings.Contains(b.page, "<script>") {
			t.Error("a text is not escaped")
		}
	}
	was, key := b.hidden("was"), b.hidden("key")
	b.post(at, url.Values{"view": {"form"}, "key": {key}, "was": {was},
		"name": {"id", "n", "big", hostile, "more", ""}, "kind": {"S", "N", "N", "S", "L", "S"},
		"text": {hostile, "1", digits, "changed", `[{"N":"0.1"}]`, ""}}, 303)
	b.get(at, 200)
	if got := b.hidden("was"); !strings.Contains(got, `"big":{"N":"`+digits+`"}`) || !strings.Contains(got, `:{"S":"changed"}`) || !strings.Contains(got, `"more":{"L":[{"N":"0.1"}]}`) {
		t.Errorf("the item is %s", got)
	}
}

func TestConflictingEdits(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	const first = `{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"old"},"y":{"S":"same"}}`
	put(b, first)
	b.post(home+"tables/orders/item", url.Values{"json": {first}}, 409)
	b.says("an item with this key already")
	b.get(item("a", 1), 200)
	edit := url.Values{"key": {b.hidden("key")}, "was": {b.hidden("was")}}
	save := func(json string, want int) {
		edit.Set("json", json)
		b.post(item("a", 1), edit, want)
	}
	save(`{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"mine"},"y":{"S":"same"},"z":{"BOOL":true}}`, 303)
	save(`{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"theirs"},"y":{"S":"same"}}`, 409)
	b.says("somebody else has changed", html.EscapeString(`"S": "mine"`), html.EscapeString(`"S": "theirs"`))
	save(`{"id":{"S":"b"},"n":{"N":"1"}}`, 422)
	b.says("The key of an item cannot change")
	save(`{"id":`, 422)
	b.says("not the JSON of attributes")
	b.post(home+"tables/orders/delete-item", edit, 422)
	edit.Set("sure", "1")
	b.post(home+"tables/orders/delete-item", edit, 409)
	b.get(item("a", 1), 200)
	edit.Set("was", b.hidden("was"))
	b.says("mine", "BOOL")
	b.post(home+"tables/orders/delete-item", edit, 303)
	b.get(item("a", 1), 404)
}

// TestUnseenAttributesSurvive: what somebody adds while another edits is not lost.
func TestUnseenAttributesSurvive(t *testing.T) {
	was := attr.NewMap([]attr.Attr{{Name: "id", Value: attr.S("a")}, {Name: "x", Value: attr.S("1")}, {Name: "y", Value: attr.S("1")}})
	now := was.Without("y").With("x", attr.S("2")).With("z", attr.Null())
	c := newComparison(was, now)
	if c.update != "SET #1=:2,#3=:4 REMOVE #2" || c.condition != "#0=:0 AND #1=:1 AND #2=:3 AND attribute_not_exists(#3)" {
		t.Errorf("%s\n%s", c.update, c.condition)
	}
	if c := newComparison(was, was); c.update != "" {
		t.Errorf("nothing changed, but %s", c.update)
	}
}

var nextLink = regexp.MustCompile(`rel="next" href="([^"]+)"`)

func TestBrowseReadsOnePage(t *testing.T) {
	b, calls := newHouse(t)
	orders(b)
	v := &visit{c: b.c, r: httptest.NewRequest(http.MethodGet, "/", nil), ns: defaultSpace}
	for i := range 150 {
		text := fmt.Sprintf(`{"id":{"S":"a"},"n":{"N":"%d"},"who":{"S":"w%d"}}`, i, i%2)
		m, err := parseItem(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := run(v, ddb.Target, "PutItem", &ddb.PutItemInput{TableName: api.Some("orders"), Item: m}); err != nil {
			t.Fatal(err)
		}
	}
	rows := func() int { return strings.Count(b.page, `<th scope="row"`) }
	clear(calls)
	b.get(home+"tables/orders", 200)
	if rows() != pageItems || calls["Scan"] != 1 || calls["Query"] != 0 {
		t.Errorf("%d rows, calls %v", rows(), calls)
	}
	seen := rows()
	for ; ; seen += rows() {
		m := nextLink.FindStringSubmatch(b.page)
		if m == nil {
			break
		}
		b.get(html.UnescapeString(m[1]), 200)
	}
	if seen != 150 {
		t.Errorf("%d items in all pages", seen)
	}
	for query, want := range map[string]int{
		"pk=a&sk=10&skop=%3C":            10,
		"pk=a&sk=10&sk2=12&skop=between": 3,
		"pk=b":                           0,
		"index=by-who&pk=w1&f=n&fop=%3C&ft=N&fv=5": 2,
		"f=who&fop=not+exists":                     0,
		"pk=a&sk=140&skop=%3E&desc=1":              9,
	} {
		if b.get(home+"tables/orders?"+query, 200); rows() != want {
			t.Errorf("%s: %d rows, want %d", query, rows(), want)
		}
	}
	// A filter that lets little through is searched on; what is beyond a page comes on the next.
	for query, want := range map[string]int{"f=n&fop=%3D&ft=N&fv=149": 1, "f=who&fop=%3D&ft=S&fv=w1": 75, "index=by-who&f=n&fop=%3E&ft=N&fv=20": 129, "pk=a&desc=1&f=who&fop=exists": 150, "f=who&fop=%3D&ft=S&fv=nobody": 0} {
		seen := map[string]bool{}
		pages := 1
		for b.get(home+"tables/orders?"+query, 200); ; pages++ {
			for _, m := range regexp.MustCompile(`item\?key=([^"]+)"`).FindAllStringSubmatch(b.page, -1) {
				if seen[m[1]] {
					t.Errorf("%s: %s comes twice", query, m[1])
				}
				seen[m[1]] = true
			}
			m := nextLink.FindStringSubmatch(b.page)
			if m == nil {
				break
			}
			b.get(html.UnescapeString(m[1]), 200)
		}
		if len(seen) != want || pages > want/pageItems+2 {
			t.Errorf("%s: %d items on %d pages, want %d", query, len(seen), pages, want)
		}
	}
	for _, query := range []string{"pk=a&sk=x&skop=%3D", "f=a&fop=drop&ft=S", "start=x", "f=a&fop=%3D&ft=X&fv=1"} {
		b.get(home+"tables/orders?"+query, 422)
	}
}

func TestTableSettings(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	at := home + "tables/orders/settings"
	change := func(what string, form url.Values, want int) {
		t.Helper()
		b.post(at+"/"+what, form, want)
	}
	b.get(at, 200)
	change("billing", url.Values{"billing": {"PROVISIONED"}, "read": {"7"}, "write": {"8"}}, 303)
	change("protection", url.Values{"protected": {"1"}}, 303)
	change("ttl", url.Values{"attribute": {"ends"}, "on": {"1"}}, 303)
	change("tag", url.Values{"key": {"team"}, "value": {"a b"}}, 303)
	change("backup", url.Values{"name": {"before"}}, 303)
	change("recovery", url.Values{"on": {"1"}}, 303)
	change("stream", url.Values{}, 303)
	change("index", url.Values{"index": {"by-x"}, "indexHash": {"x"}, "indexHashType": {"N"}, "projection": {"KEYS_ONLY"}}, 303)
	b.get(at, 200)
	b.says(`name="read" inputmode="numeric" value="7"`, "ends", "team = a b", "before", "by-x", "KEYS_ONLY")
	change("index-delete", url.Values{"index": {"by-x"}, "confirm": {"by"}}, 422)
	change("untag", url.Values{"key": {"team"}}, 303)
	change("nothing", url.Values{}, 404)
	b.post(home+"tables/orders/delete-table", url.Values{"confirm": {"order"}}, 422)
	b.post(home+"tables/orders/delete-table", url.Values{"confirm": {"orders"}}, 422) // protected
	change("protection", url.Values{}, 303)
	for strings.Contains(b.get(at, 200), "<td>CREATING</td>") { // the index, by itself
		runtime.Gosched()
	}
	b.post(home+"tables/orders/delete-table", url.Values{"confirm": {"orders"}}, 303)
	b.get(home+"tables/orders", 404)
}

func TestStreamAndStatement(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	b.get(home+"tables/orders/stream", 200)
	b.says("No records here")
	put(b, `{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"old"}}`)
	b.get(home+"statement?statement=SELECT", 200)
	b.post(home+"statement", url.Values{"statement": {`UPDATE "orders" SET x='new' WHERE id='a' AND n=1`}}, 200)
	b.says("Done. No items.")
	b.post(home+"statement", url.Values{"statement": {`SELECT x FROM "orders"`}}, 200)
	b.says(`<td class="mono">new</td>`)
	b.post(home+"statement", url.Values{"statement": {`DROP "orders"`}}, 422)
	b.get(home+"tables/orders/stream", 200)
	b.says("INSERT", "MODIFY", html.EscapeString(`"x":{"S":"new"}`))
}

func TestExportAndImport(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	const big = "99999999999999999999999999999999999999"
	for i, x := range []string{`{"N":"` + big + `"}`, `{"S":"a,\"b\"\nc"}`, `{"S":""}`, `{"M":{"S":{"BOOL":false}}}`, `{"NULL":true}`} {
		put(b, fmt.Sprintf(`{"id":{"S":"a"},"n":{"N":"%d"},"x":%s}`, i, x))
	}
	b.get(home+"tables/orders/transfer", 200)
	b.says("export?part=1&amp;of=1")
	for _, format := range []string{"json", "csv"} {
		at := home + "tables/orders/export?part=1&of=1&format=" + format
		before := b.get(at, 200)
		if !strings.Contains(before, big) || !strings.Contains(b.header.Get("Content-Disposition"), "orders.") {
			t.Errorf("%s\n%s", b.header.Get("Content-Disposition"), before)
		}
		b.get(home+"tables/orders/transfer", 200)
		b.post(home+"statement", url.Values{"statement": {`DELETE FROM "orders" WHERE id='a' AND n=3`}}, 200)
		upload(b, "orders."+format, before, 200)
		b.says("5 items imported.")
		if after := b.get(at, 200); after != before {
			t.Errorf("%s: imported\n%s\nas\n%s", format, before, after)
		}
	}
	b.get(home+"tables/orders/transfer", 200)
	upload(b, "x.json", "{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}\n{\"id\":{\"S\":5}}", 422)
	b.says("line 2")
	b.get(home+"tables/orders/export?part=2&of=1", 400)
}

func upload(b *browser, name, text string, want int) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	w.WriteField("csrf", b.token)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write([]byte(text))
	w.Close()
	r := httptest.NewRequest(http.MethodPost, home+"tables/orders/import", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	if got := b.send(r); got != want {
		b.t.Fatalf("status %d, not %d\n%s", got, want, b.page)
	}
}
