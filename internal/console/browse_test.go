package console

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var firstCell = regexp.MustCompile(`<th scope="row" class="mono"><a href="[^"]*">([^<]*)</a></th>(<td class="mono">([^<]*)</td>)?`)

// seconds returns the second column of the list.
func (b *browser) seconds() (list []string) {
	for _, m := range firstCell.FindAllStringSubmatch(b.page, -1) {
		list = append(list, m[3])
	}
	return list
}

func (b *browser) heads() (list []string) {
	for _, m := range regexp.MustCompile(`aria-sort="(\w+)"><a class="sort" href="([^"]*)"[^>]*>([^<]*)<`).FindAllStringSubmatch(b.page, -1) {
		list = append(list, m[3])
	}
	return list
}

// A page is sorted by a column, numbers by their value, and shows the columns that
// were chosen; both are in its URL, and stay there when one goes on.
func TestColumns(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	for i, total := range []string{"9", "10", "1e2", ""} {
		text := fmt.Sprintf(`{"id":{"S":"a"},"n":{"N":"%d"},"who":{"S":"w"}`, i)
		if total != "" {
			text += `,"total":{"N":"` + total + `"}`
		}
		put(b, text+"}")
	}
	b.get(home+"tables/orders?by=total", 200)
	if got := b.seconds(); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Errorf("sorted by total: %q", got)
	}
	b.says(`aria-sort="ascending"`)
	b.get(home+"tables/orders?by=total&down=1", 200)
	if got := b.seconds(); !slices.Equal(got, []string{"2", "1", "0", "3"}) {
		t.Errorf("sorted down by total: %q", got)
	}
	b.get(home+"tables/orders?col=id&col=total&by=total&pk=a", 200)
	if got := b.heads(); !slices.Equal(got, []string{"id", "total"}) {
		t.Errorf("columns %q", got)
	}
	if got := b.seconds(); !slices.Equal(got, []string{"9", "10", "100", ""}) {
		t.Errorf("totals %q", got)
	}
	b.says(`name="by" value="total"`, "col=id&amp;col=total", `name="col" value="who">`)
}

// What the builder asks for is shown for the AWS CLI and in Go, whatever quotes are in
// it, and what it finds can be had as a file.
func TestQueryAsCodeAndFile(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	const tricky = `it's "a" $HOME \`
	for i := range 60 {
		put(b, fmt.Sprintf(`{"id":{"S":%q},"n":{"N":"%d"},"who":{"S":"w%d"}}`, tricky, i, i%2))
	}
	query := url.Values{"pk": {tricky}, "sk": {"9"}, "skop": {">"}, "desc": {"1"}, "f": {"who"}, "fop": {"="}, "ft": {"S"}, "fv": {"w1"}}
	b.get(home+"tables/orders?"+query.Encode(), 200)
	words := shellWords(t, inside(b, "command"))
	want := []string{
		"aws", "dynamodb", "query", "--endpoint-url", "http://localhost:8000", "--region", "us-east-1", "--table-name", "orders",
		"--key-condition-expression", "#pk = :pk AND #sk > :sk", "--filter-expression", "#f = :f",
		"--expression-attribute-names", `{"#pk":"id","#sk":"n","#f":"who"}`, "--expression-attribute-values",
	}
	if len(words) != len(want)+2 || !slices.Equal(words[:len(want)], want) || words[len(want)+1] != "--no-scan-index-forward" {
		t.Fatalf("%q", words)
	}
	var values map[string]map[string]string
	if err := json.Unmarshal([]byte(words[len(want)]), &values); err != nil || values[":pk"]["S"] != tricky || values[":sk"]["N"] != "9" {
		t.Errorf("%s: %v", words[len(want)], err)
	}
	text := inside(b, "go")
	if _, err := parser.ParseExpr(strings.TrimPrefix(text, "out, err := ")); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	for _, part := range []string{`&types.AttributeValueMemberN{Value: "9"}`, "ScanIndexForward: aws.Bool(false)", fmt.Sprintf("%q", tricky)} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}

	b.get(home+"tables/orders/export-selection?"+query.Encode(), 200)
	if n := strings.Count(b.page, "\n"); n != 25 || strings.Contains(b.page, `"w0"`) || b.header.Get("Content-Disposition") != `attachment; filename="orders-query.jsonl"` {
		t.Errorf("%d lines: %s\n%s", n, b.header.Get("Content-Disposition"), b.page)
	}
	b.get(home+"tables/orders/export-selection?format=csv", 200)
	if n := strings.Count(b.page, "\n"); n != 61 || !strings.HasPrefix(b.page, "id:S,n:N,who:S\n") {
		t.Errorf("%d lines\n%s", n, b.page)
	}
	b.get(home+"tables/orders/export-selection?index=nothing", 404)
	b.get(home+"tables/orders?f=x&fop=%3D&ft=BOOL&fv=true", 200)
	if text := inside(b, "go"); !strings.Contains(text, "MemberBOOL{Value: true}") || !strings.Contains(text, "client.Scan(") {
		t.Errorf("%s", text)
	}
}

// inside returns the text of an element without others in it.
func inside(b *browser, id string) string {
	b.t.Helper()
	m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("there is no %s in\n%s", id, b.page)
	}
	return html.UnescapeString(m[1])
}

// shellWords splits a command as a POSIX shell does, one that has no other quotes than
// single ones and escapes.
func shellWords(t *testing.T, text string) (words []string) {
	t.Helper()
	word, some, quoted := "", false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			quoted, some = !quoted, true
		case quoted:
			word += string(c)
		case c == '\\':
			if i++; text[i] != '\n' {
				word, some = word+string(text[i]), true
			}
		case c == ' ':
			if some || word != "" {
				words = append(words, word)
			}
			word, some = "", false
		case strings.ContainsRune("abcdefghijklmnopqrstuvwxyz-", rune(c)):
			word += string(c)
		default:
			t.Fatalf("%q stands outside of quotes in %s", c, text)
		}
	}
	return append(words, word)
}

// The items that were chosen are deleted once the name of the table was typed.
func TestDeleteItems(t *testing.T) {
	b, calls := newHouse(t)
	orders(b)
	for i := range 40 {
		put(b, fmt.Sprintf(`{"id":{"S":"<b>"},"n":{"N":"%d"}}`, i))
	}
	key := func(i int) string { return fmt.Sprintf(`{"id":{"S":"<b>"},"n":{"N":"%d"}}`, i) }
	var chosen []string
	for i := range 30 {
		chosen = append(chosen, key(i))
	}
	at := home + "tables/orders/delete-items?desc=1&pk=%3Cb%3E"
	b.get(home+"tables/orders?pk=%3Cb%3E&desc=1", 200)
	b.says(html.EscapeString(key(39)), `action="`+html.EscapeString(at)+`"`)
	clear(calls)
	b.post(at, url.Values{"confirm": {"orders"}}, 422)
	b.says("No item is chosen.")
	b.post(at, url.Values{"key": chosen, "confirm": {"order"}}, 422)
	if n := strings.Count(b.page, " checked"); n < 30 || calls["BatchWriteItem"] > 0 {
		t.Errorf("%d boxes are checked, calls %v", n, calls)
	}
	b.post(at, url.Values{"key": {`{"id":`}, "confirm": {"orders"}}, 400)
	b.post(at, url.Values{"key": slices.Repeat(chosen, 2), "confirm": {"orders"}}, 400)
	b.post(at, url.Values{"key": {`{"id":{"N":"1"},"n":{"N":"1"}}`}, "confirm": {"orders"}}, 422)
	b.post(at, url.Values{"key": chosen, "confirm": {"orders"}}, 303)
	if to := b.header.Get("Location"); to != home+"tables/orders?desc=1&done=items.deleted&pk=%3Cb%3E" {
		t.Errorf("sent to %s", to)
	}
	b.get(b.header.Get("Location"), 200)
	b.says("The chosen items are deleted.")
	if got := b.seconds(); len(got) != 10 || got[0] != "39" {
		t.Errorf("left are %q", got)
	}
}

// A copy is a new item, which must not be there yet.
func TestCopyItem(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	put(b, `{"id":{"S":"a"},"n":{"N":"1"},"x":{"N":"99999999999999999999999999999999999999"}}`)
	b.get(item("a", 1), 200)
	m := regexp.MustCompile(`id="copy" href="([^"]+)"`).FindStringSubmatch(b.page)
	if m == nil {
		t.Fatal(b.page)
	}
	copied := html.UnescapeString(m[1])
	b.get(copied, 200)
	b.says("New item", "99999999999999999999999999999999999999", `name="key" value=""`)
	b.get(copied+"&view=form", 200)
	if strings.Contains(b.page, "readonly") {
		t.Error("the key of a copy cannot be changed")
	}
	b.post(copied, url.Values{"json": {`{"id":{"S":"a"},"n":{"N":"1"}}`}}, 409)
	b.post(copied, url.Values{"json": {`{"id":{"S":"a"},"n":{"N":"2"}}`}}, 303)
	b.get(item("a", 2), 200)
}
