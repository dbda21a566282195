package sink_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

func events(bodies ...string) []*pipeline.Event {
	var list []*pipeline.Event
	for i, body := range bodies {
		list = append(list, &pipeline.Event{ID: fmt.Sprint("id", i), Data: []byte(body)})
	}
	return list
}

// Each event is a request of its own, with its id and, where there is a key, a
// signature.
func TestHTTP(t *testing.T) {
	f := newFake(t, func(http.ResponseWriter, *http.Request, string) {})
	for _, key := range []string{"", "secret"} {
		s := read(t, fmt.Sprintf(`s: {http: {url: "%s/hook", headers: {Authorization: $TOKEN}, signing_key: "%s"}}`, f.URL, key))
		if errs := s.Put(t.Context(), events(`{"a":1}`, `text`), false); errs != nil {
			t.Fatal(errs)
		}
		got := f.all()
		if len(got) != 2 || got[0].line != "POST /hook" || got[0].body != `{"a":1}` || got[1].body != "text" {
			t.Fatalf("got %v", got)
		}
		h := got[1].header
		if h.Get("Webhook-Id") != "id1" || h.Get("Authorization") != "value of TOKEN" || strings.HasPrefix(h.Get("Webhook-Signature"), "v1,") != (key != "") {
			t.Errorf("headers %v", h)
		}
	}
}

// What is wrong with one event stops the others only where they are in order; what
// is wrong with the endpoint stops all.
func TestHTTPRefuses(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		switch {
		case strings.HasPrefix(body, "hang"):
			panic(http.ErrAbortHandler)
		case strings.HasPrefix(body, "long"):
			_, _ = w.Write(make([]byte, 1<<20))
		case body != "ok":
			var status int
			fmt.Sscan(body, &status)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}
	})
	s := read(t, fmt.Sprintf(`s: {http: {url: "%s"}}`, f.URL))
	for _, c := range []struct {
		bodies  string
		ordered bool
		want    string
		asked   int
	}{
		{"ok 400 ok", false, "-x-", 3},
		{"ok 400 ok", true, "-xx", 2},
		{"ok 500 ok", false, "-xx", 2},
		{"429 ok ok", false, "xxx", 1},
		{"ok 301 ok", false, "-x-", 3},
		{"hang ok", false, "xx", 1},
		{"long ok", false, "--", 2},
	} {
		list := strings.Fields(c.bodies)
		got := failed(s.Put(t.Context(), events(list...), c.ordered), len(list))
		if n := len(f.all()); got != c.want || n != c.asked {
			t.Errorf("%s, in order %v: %s after %d requests, want %s after %d", c.bodies, c.ordered, got, n, c.want, c.asked)
		}
	}
}

// An endpoint that is slow is given up at the time-out, and one that asks for it is
// left alone for a while.
func TestHTTPWaits(t *testing.T) {
	end := make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, body string) {
		if body == "slow" {
			select {
			case <-end:
			case <-r.Context().Done():
			}
			return
		}
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	defer close(end)
	s := read(t, fmt.Sprintf(`s: {http: {url: "%s", timeout: 50ms}}`, f.URL))
	if got := failed(s.Put(t.Context(), events("slow"), false), 1); got != "x" {
		t.Error("an endpoint that does not answer has taken an event")
	}
	if got := failed(s.Put(t.Context(), events("busy"), false), 1); got != "x" {
		t.Error("an endpoint that is busy has taken an event")
	}
	f.all()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got := failed(s.Put(ctx, events("busy"), false), 1); got != "x" || len(f.all()) != 0 {
		t.Error("an endpoint that asked to be left alone was not")
	}
}

// An endpoint is left alone for as long as it asks, and no longer than a minute.
func TestHTTPRetryAfter(t *testing.T) {
	for seconds, want := range map[string]time.Duration{"7": 7 * time.Second, "3600": time.Minute, "soon": 0} {
		synctest.Test(t, func(t *testing.T) {
			s, asked := pipeSink(t, seconds)
			s.Put(t.Context(), events("a"), false)
			start := time.Now()
			s.Put(t.Context(), events("b"), false)
			if took := time.Since(start); took != want || *asked != 2 {
				t.Errorf("%s: waited %s, %d requests", seconds, took, *asked)
			}
		})
	}
}

// pipeSink is a sink whose endpoint is within the bubble: one that is always busy.
func pipeSink(t *testing.T, retryAfter string) (pipeline.Sink, *int) {
	t.Helper()
	asked := new(int)
	s := sink.NewHTTPOver(roundTripper(func(r *http.Request) (*http.Response, error) {
		*asked++
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {retryAfter}}, Body: http.NoBody, Request: r}, nil
	}))
	return s, asked
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestReadRefuses(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0") // nothing may be asked of it
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	for _, text := range []string{
		`s: {}`, `s: {http: {}}`, `s: {http: {url: "ftp://x"}}`, `s: {http: {url: "http://x"}, files: {dir: /x}}`, `s: {http: {url: "http://x", timeout: 1h}}`,
		`s: {http: {url: "http://x", concurrency: -1}}`, `s: {http: {url: "http://x", signing_key: $NONE}}`, `s: {http: {url: "http://x", colour: red}}`,
		`s: {opensearch: {url: "http://x", index: UPPER}}`, `s: {opensearch: {index: x}}`, `s: {files: {}}`, `s: {files: {dir: /x, partition: week}}`,
		`s: {kinesis: {stream: x, records: ion, aws: {region: x, access_key: k, secret_key: s}}}`, `s: {kinesis: {stream: x}}`, `s: {kinesis: {aws: {region: x, access_key: k, secret_key: s}}}`, `s: {kinesis: {stream: x, aws: {region: x}}}`,
		`s: {kinesis: {stream: x, aws: {access_key: k, secret_key: s}}}`, `s: {kinesis: {stream: x, key: "$.", aws: {region: x, access_key: k, secret_key: s}}}`,
		`s: {opensearch: {url: "http://x", index: x, user: u, aws: {region: x, access_key: k, secret_key: s}}}`,
		`s: {kafka: {topic: x}}`, `s: {kafka: {brokers: ["x:1"]}}`, `s: {kafka: {brokers: ["x:1"], topic: x, timeout: 1h}}`,
		`s: {kafka: {brokers: ["x:1"], topic: x, sasl: {mechanism: PLAIN, user: u}}}`, `s: {kafka: {brokers: ["x:1"], topic: x, sasl: {mechanism: GSSAPI, user: u, password: p}}}`,
		`s: {kafka: {brokers: ["x:1"], topic: x, tls: {ca: /nowhere}}}`,
		`s: {files: {dir: "$DIR", format: orc}}`, `s: {files: {dir: "$DIR", columns: [{name: a, path: $.a, type: long}]}}`,
		`s: {files: {dir: "$DIR", format: parquet, columns: [{name: id, path: $.a, type: long}]}}`,
		`s: {files: {dir: "$DIR", format: parquet, columns: [{name: a, path: $.a, type: decimal}]}}`,
		`s: {files: {dir: "$DIR", format: parquet, columns: [{name: a, path: "$.", type: long}]}}`,
		`s: [`, `s: {http: {url: "http://x", headers: {A: $NONE}}}`, strings.Repeat(" ", 1<<20+1),
	} {
		text = strings.ReplaceAll(text, "$DIR", t.TempDir())
		if _, err := sink.Read(strings.NewReader(text), sink.Env{Getenv: func(string) string { return "" }}); err == nil {
			t.Errorf("%.60s is taken", text)
		}
	}
}

// No error tells a secret, though the endpoint does, or the URL of one that is not
// there has one.
func TestSecretsAreNotTold(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.Method == http.MethodHead {
			return // the index is there
		}
		header := fmt.Sprint(r.Header)
		switch r.URL.Path {
		case "/kinesis/":
			fmt.Fprintf(w, `{"Records":[{"ErrorCode":"InternalFailure","ErrorMessage":%q}]}`, header)
		case "/opensearch/_bulk":
			fmt.Fprintf(w, `{"items":[{"index":{"status":400,"error":%q}}]}`, header)
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintln(w, header)
		}
	})
	for _, text := range []string{
		`s: {http: {url: "%s", headers: {X-Key: $TOKEN}}}`,
		`s: {opensearch: {url: "%s", index: x, user: u, password: $P}}`,
		`s: {opensearch: {url: "%s", index: x, aws: {region: x, access_key: k, secret_key: $S, session_token: $T}}}`,
		`s: {kinesis: {stream: x, url: "%s", aws: {region: x, access_key: k, secret_key: $S, session_token: $T}}}`,
		`s: {opensearch: {url: "%s/opensearch", index: x, user: u, password: $P}}`,
		`s: {kinesis: {stream: x, url: "%s/kinesis/", aws: {region: x, access_key: k, secret_key: $S, session_token: $T}}}`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // which ends other tries
		errs := read(t, fmt.Sprintf(text, f.URL)).Put(ctx, events("{}"), false)
		cancel()
		if errs == nil || !strings.Contains(errs[0].Error(), "***") && !errors.Is(errs[0], context.DeadlineExceeded) || strings.Contains(errs[0].Error(), "value of") || strings.Contains(errs[0].Error(), "Signature=") {
			t.Errorf("%s: %v", text, errs)
		}
	}
	f.Close()
	for _, text := range []string{
		`s: {http: {url: "%s/secret?key=secret"}}`, `s: {opensearch: {url: "%s/secret", index: x}}`,
		`s: {kinesis: {stream: x, url: "%s/secret", aws: {region: x, access_key: k, secret_key: $S}}}`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		errs := read(t, fmt.Sprintf(text, f.URL)).Put(ctx, events("{}"), false)
		cancel()
		if errs == nil || strings.Contains(errs[0].Error(), "secret") {
			t.Errorf("%s: %v", text, errs)
		}
	}
	if _, err := sink.Read(strings.NewReader(`s: {http: {url: "ftp://u:secret@x"}}`), sink.Env{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
