package console

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// browser keeps cookies, and fills the token of the last page into forms.
type browser struct {
	t       testing.TB
	c       *Console
	host    string
	remote  string
	lang    string
	cookies map[string]string
	token   string
	page    string
	header  http.Header // of the last answer
}

// newBrowser opens a browser at a console with some operations.
func newBrowser(t testing.TB, opts Options) *browser {
	t.Helper()
	if opts.Meter == nil {
		opts.Meter = NewMeter()
	}
	if opts.Tables == nil {
		opts.Tables = func() []Table { return nil }
	}
	if opts.Queues == nil {
		opts.Queues = func() []Queue { return nil }
	}
	if opts.Capacity == nil {
		opts.Capacity = func() []Capacity { return nil }
	}
	if opts.Heat == nil {
		opts.Heat = func(api.Namespace, string) ([]Heat, bool) { return nil, false }
	}
	if opts.Mappings == nil {
		opts.Mappings = func() []Mapping { return nil }
	}
	if opts.Sinks == nil {
		opts.Sinks = func() []Sink { return nil }
	}
	if opts.Counted == nil {
		opts.Counted = func(api.Namespace, string) (int64, int64, bool) { return 0, 0, false }
	}
	if opts.Logs == nil {
		opts.Logs = func(api.Namespace, string) []Log { return nil }
	}
	opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	return &browser{t: t, c: New(opts), host: "localhost:8000", remote: "127.0.0.1:4711", cookies: map[string]string{}}
}

func (b *browser) do(method, path string, form url.Values) int {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.send(r)
}

func (b *browser) send(r *http.Request) int {
	b.t.Helper()
	r.Host, r.RemoteAddr = b.host, b.remote
	r.Header.Set("Accept-Language", b.lang)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.c.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		b.cookies[cookie.Name] = cookie.Value
	}
	b.page, b.header = w.Body.String(), w.Header()
	if m := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(b.page); m != nil {
		b.token = html.UnescapeString(m[1])
	}
	return w.Code
}

// request is one of a page, for what a test does without a page.
func (b *browser) request() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }

func (b *browser) get(path string, want int) string {
	b.t.Helper()
	if got := b.do(http.MethodGet, path, nil); got != want {
		b.t.Fatalf("GET %s: status %d, not %d\n%s", path, got, want, b.page)
	}
	return b.page
}

func (b *browser) post(path string, form url.Values, want int) string {
	b.t.Helper()
	form.Set("csrf", b.token)
	if got := b.do(http.MethodPost, path, form); got != want {
		b.t.Fatalf("POST %s: status %d, not %d\n%s", path, got, want, b.page)
	}
	return b.page
}

// says reports a page without a text.
func (b *browser) says(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.page, text) {
			b.t.Errorf("the page does not say %q:\n%s", text, b.page)
		}
	}
}

func TestPageHeaders(t *testing.T) {
	b := newBrowser(t, Options{})
	b.get(Path, 200)
	if got := b.header.Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self';") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	cookie := b.header.Get("Set-Cookie")
	if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Errorf("cookie %q", cookie)
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style| on[a-z]+=| style=`).MatchString(b.page) {
		t.Errorf("the page needs what the policy forbids:\n%s", b.page)
	}
}

func TestWithoutPasswordOnlyThisMachine(t *testing.T) {
	for name, tt := range map[string]struct {
		host, remote string
		want         int
	}{
		"localhost":      {"localhost:8000", "127.0.0.1:1", 200},
		"address":        {"127.0.0.1", "127.0.0.1:1", 200},
		"address 6":      {"[::1]:8000", "[::1]:1", 200},
		"below":          {"levee.localhost", "127.0.0.1:1", 200},
		"rebound name":   {"evil.example:8000", "127.0.0.1:1", 403},
		"looks like it":  {"localhost.evil.example", "127.0.0.1:1", 403},
		"no host":        {"", "127.0.0.1:1", 403},
		"another client": {"localhost:8000", "192.0.2.7:1", 403},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, Options{})
			b.host, b.remote = tt.host, tt.remote
			b.get(Path, tt.want)
		})
	}
}

func TestForgedForms(t *testing.T) {
	b := newBrowser(t, Options{})
	b.get(Path, 200)
	b.post(Path+"language", url.Values{"language": {"ko"}}, 303)
	if got := b.do(http.MethodPost, Path+"language", url.Values{"language": {"ko"}}); got != 403 {
		t.Errorf("without a token: %d", got)
	}
	other := newBrowser(t, Options{})
	other.c = b.c
	other.get(Path, 200)
	other.token = b.token
	other.post(Path+"language", url.Values{"language": {"ko"}}, 403)

	r := httptest.NewRequest(http.MethodPost, Path+"language", strings.NewReader(url.Values{"csrf": {b.token}, "language": {"ko"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := b.send(r); got != 403 {
		t.Errorf("from another site: %d", got)
	}
	b.post(Path+"language", url.Values{"language": {strings.Repeat("x", maxForm)}}, 400)
	if b.post(Path+"language", url.Values{"language": {"en"}, "back": {"//evil.example/"}}, 303); b.header.Get("Location") != Path {
		t.Errorf("sent to %s", b.header.Get("Location"))
	}
}

func TestPassword(t *testing.T) {
	b := newBrowser(t, Options{Password: "open sesame"})
	b.host, b.remote = "levee.example", "192.0.2.7:1"
	b.get(Path+"live", 303)
	b.get(Path+"?q=x", 303)
	if got := b.header.Get("Location"); got != Path+"login?next=%2F_levee%2F%3Fq%3Dx" {
		t.Errorf("sent to %s", got)
	}
	b.get(Path+"login", 200)
	b.post(Path+"login", url.Values{"password": {"open"}}, 403)
	b.post(Path+"login", url.Values{"password": {""}}, 403)
	b.get(Path, 303)
	b.get(Path+"login", 200)
	b.post(Path+"login", url.Values{"password": {"open sesame"}, "next": {Path + "?q=x"}}, 303)
	if got := b.header.Get("Location"); got != Path+"?q=x" {
		t.Errorf("sent to %s", got)
	}
	b.get(Path, 200)
	forged := *b
	forged.cookies = map[string]string{sessionCookie: strings.Replace(b.cookies[sessionCookie], ".true.", ".true.9", 1)}
	forged.get(Path, 303)
	b.post(Path+"logout", url.Values{}, 303)
	b.get(Path, 303)
}

func TestWrongPasswordsAreCounted(t *testing.T) {
	b := newBrowser(t, Options{Password: "open sesame"})
	b.get(Path+"login", 200)
	for range maxWrong {
		b.post(Path+"login", url.Values{"password": {"x"}}, 403)
	}
	b.post(Path+"login", url.Values{"password": {"open sesame"}}, 429)
}

func TestOverviewEscapes(t *testing.T) {
	hostile := `<script>alert("1")</script>`
	b := newBrowser(t, Options{
		Tables: func() []Table {
			return []Table{{Namespace: defaultSpace, Name: hostile, Items: 1234567, Bytes: 5 << 20}}
		},
		Queues: func() []Queue {
			return []Queue{{Namespace: defaultSpace, Name: hostile, Known: true, Visible: 17, Groups: 9, Closed: 2, Receivers: 4}}
		},
		Mappings: func() []Mapping {
			return []Mapping{
				{Namespace: defaultSpace, ID: "m", Source: "arn:aws:sqs:us-east-1:000000000000:" + hostile, Function: hostile, Failed: time.Unix(1e9, 0), Failure: hostile, Workers: 5, Busy: 3},
				{Namespace: defaultSpace, ID: "n", Source: "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/x", Function: "f", Shards: []Shard{{Name: "s", Sequence: "4711", Records: 6, Oldest: time.Now().Add(-time.Hour)}}},
				{Namespace: defaultSpace, ID: "o", Source: "arn:aws:sqs:us-east-1:000000000000:jobs", Pipe: hostile, Enabled: true},
			}
		},
		Capacity: func() []Capacity {
			return []Capacity{{Namespace: defaultSpace, Table: hostile, Index: "by", Allowed: [2]float64{5, 7}, Throttles: []Throttle{{"Write ProvisionedThroughputExceeded", 12}}}}
		},
	})
	b.get(Path+"?q="+url.QueryEscape("<SCRIPT"), 200)
	if strings.Contains(b.page, "<script>") {
		t.Error("a name is not escaped")
	}
	b.says("1\u2009234\u2009567", "5.0 MB", "&lt;script&gt;", `<td class="n" data-col="3">17</td>`, `<td class="n" data-col="11">7</td><td class="n" data-col="12">2</td><td class="n" data-col="13">4</td>`,
		"3 of 5 workers busy", "pipe &lt;script&gt;", "2001-09-09T01:46:40Z", "tables/orders/stream", `<td class="n">6</td><td class="n">3600</td>`, "4711", "12 Write ProvisionedThroughputExceeded", "0.0 / 7", `data-columns="9 11"`)
	b.get(Path+"?q=else", 200)
	b.says("aws dynamodb create-table", "aws sqs create-queue")
	b.get(Path+"at/000000000000/us-east-1/", 200)
	b.says("&lt;script&gt;")
	b.get(Path+"at/111122223333/us-east-1/", 200)
	b.says("aws dynamodb create-table", "aws lambda create-event-source-mapping", "levee serve --capacity enforce")
	for _, part := range []string{"mappings", "capacity", "at/000000000000/us-east-1/mappings"} {
		if b.get(Path+part, 200); strings.Contains(b.page, "<script>") || strings.Contains(b.page, "<html") || !strings.Contains(b.page, "&lt;script&gt;") {
			t.Errorf("%s: %s", part, b.page)
		}
	}
	b.get(Path+"at/x/us-east-1/", 404)
}

func TestLanguages(t *testing.T) {
	b := newBrowser(t, Options{})
	b.lang = "fr, ko-KR;q=0.9, en;q=0.1"
	b.get(Path, 200)
	b.says(`<html lang="ko">`, "개요")
	b.post(Path+"language", url.Values{"language": {"en"}}, 303)
	b.get(Path, 200)
	b.says(`<html lang="en">`, "Overview")
}

// TestCatalogs finds keys that a language lacks, and keys that pages use and no
// language has.
func TestCatalogs(t *testing.T) {
	en, ko := languages[0].load().texts, languages[1].load().texts
	for key, text := range en {
		if other, ok := ko[key]; !ok || other == "" || strings.Count(text, "%") != strings.Count(other, "%") {
			t.Errorf("%s: %q, but %q", key, text, other)
		}
	}
	if len(en) != len(ko) {
		t.Errorf("%d texts, but %d", len(en), len(ko))
	}
	files, err := templates.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := templates.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`[{(]t "([^"]+)"`).FindAllStringSubmatch(string(data), -1) {
			if _, ok := en[m[1]]; !ok {
				t.Errorf("%s: there is no text %s", f.Name(), m[1])
			}
		}
	}
}

func TestAssets(t *testing.T) {
	b := newBrowser(t, Options{})
	for _, name := range []string{"htmx.min.js", "uplot.min.js", "uplot.min.css", "console.js", "console.css", "htmx.LICENSE", "uplot.LICENSE"} {
		b.get(Path+"assets/"+name, 200)
		if b.header.Get("Content-Type") == "" || b.header.Get("ETag") == "" {
			t.Errorf("%s: %v", name, b.header)
		}
	}
	b.get(Path+"assets/nothing.js", 404)
}

func TestMeter(t *testing.T) {
	m := NewMeter()
	throttle := false
	get := api.Op(ddb.Target, "GetItem", api.Read, "", func(context.Context, *api.Caller, *ddb.GetItemInput) (*ddb.GetItemOutput, error) {
		if throttle {
			return nil, api.Errorf("ProvisionedThroughputExceededException", "slow down")
		}
		return new(ddb.GetItemOutput), nil
	})
	op := m.Wrap([]api.Operation{get})[0]
	ask := func() {
		_, _ = op.Handle(t.Context(), &api.Caller{Namespace: defaultSpace}, &ddb.GetItemInput{TableName: api.Some("arn:aws:dynamodb:r:a:table/orders")})
	}
	ask()
	throttle = true
	ask()
	m.sample([]Queue{{Namespace: defaultSpace, Name: "q", Visible: 3, InFlight: 2, Oldest: 9}, {Name: "r", Visible: 4, Oldest: 5}})
	for second := range int64(hour + 5) {
		m.turn(1000 + second)
	}
	b := newBrowser(t, Options{Meter: m})
	b.get(Path+"live?since=3000&rows=1&of="+url.QueryEscape("q/000000000000/us-east-1/q"), 200)
	var answer liveAnswer
	if err := json.Unmarshal([]byte(b.page), &answer); err != nil {
		t.Fatal(err)
	}
	if n := len(answer.Plot[0]); n != 1000+hour+4-3000 || answer.Plot[4][n-1] != 3 || answer.Plot[7][n-1] != 9 {
		t.Errorf("%d points, the last of depth %v and age %v", n, answer.Plot[4][n-1], answer.Plot[7][n-1])
	}
	if len(answer.Rows) != 2 {
		t.Errorf("rows %v: want the queues, and not the table that nothing happened to for an hour", answer.Rows)
	}
	start := time.Now()
	orders := Capacity{Namespace: defaultSpace, Table: "orders", Allowed: [2]float64{10, 20}, Units: [2]float64{100, 200}}
	ask()
	m.consume([]Capacity{orders}, start)
	orders.Units = [2]float64{104, 210}
	m.consume([]Capacity{orders}, start.Add(2*time.Second))
	if got := m.unitsOf(&orders); got != [2]float64{2, 5} {
		t.Errorf("units a second: %v", got)
	}
	m.turn(1 << 40)
	if p := m.find(resource{kindTable, defaultSpace, "orders"}).last(); p.units != (units{2, 5, 10, 20}) {
		t.Errorf("units %+v", p.units)
	}
	m.consume(nil, start.Add(3*time.Second)) // the table is gone
	if got := m.unitsOf(&orders); got != [2]float64{} {
		t.Errorf("units a second of nothing: %v", got)
	}
	throttle = true
	m.turn(1<<40 + 1)
	ask()
	m.turn(1<<40 + 2)
	if p := m.find(resource{kindTable, defaultSpace, "orders"}).last(); p.requests != 1 || p.throttled != 1 || p.failed != 1 || p.p99 <= 0 {
		t.Errorf("%+v", p)
	}
	if p := m.find(resource{}).last(); p.requests != 1 || p.throttled != 1 || p.p99 <= 0 {
		t.Errorf("of all: %+v", p)
	}
	if all := m.find(resource{}).since(1000); len(all) != hour || all[0].visible != 7 || all[0].oldest != 9 {
		t.Errorf("%d points of all, the first %+v", len(all), all[0])
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	h.addN(bucketOf(time.Millisecond), 98)
	h.addN(bucketOf(50*time.Millisecond), 1)
	h.addN(bucketOf(70*time.Millisecond), 1)
	if got := h.p99(); got < 50 || got > 57 {
		t.Errorf("p99 %v", got)
	}
	h = histogram{}
	h.addN(bucketOf(0), 1)
	h.addN(bucketOf(1<<62), 1)
	if got := h.p99(); got < 60000 {
		t.Errorf("p99 %v", got)
	}
}
