package telemetry

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/levee-io/levee/internal/wire"
)

func put() wire.Observation {
	return wire.Observation{
		Target: "DynamoDB_20120810.PutItem", RequestID: "R1", Status: 200, In: 10, Out: 2,
		Start: time.Unix(1700000000, 5), Duration: 3 * time.Millisecond,
	}
}

func TestRequests(t *testing.T) {
	r := prometheus.NewRegistry()
	m := NewRequests(r)
	m.Observe(put())
	failed := put()
	failed.Code, failed.Status = "ConditionalCheckFailedException", 400
	m.Observe(failed)
	m.Observe(wire.Observation{Code: "UnknownOperationException", Status: 400})
	want := `
# HELP levee_request_errors_total Requests that were answered with an error, by its code.
# TYPE levee_request_errors_total counter
levee_request_errors_total{code="ConditionalCheckFailedException",operation="PutItem",service="DynamoDB_20120810"} 1
levee_request_errors_total{code="UnknownOperationException",operation="other",service="other"} 1
# HELP levee_request_bytes_total Bytes of the bodies of requests.
# TYPE levee_request_bytes_total counter
levee_request_bytes_total{operation="PutItem",service="DynamoDB_20120810"} 20
levee_request_bytes_total{operation="other",service="other"} 0
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "levee_request_errors_total", "levee_request_bytes_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(m.seconds); n != 2 {
		t.Errorf("%d histograms, want one for PutItem and one for the rest", n)
	}
}

func BenchmarkRequests(b *testing.B) {
	m := NewRequests(prometheus.NewRegistry())
	o := put()
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(o)
	}
}

func TestSlow(t *testing.T) {
	var out bytes.Buffer
	slow := Slow(slog.New(slog.NewTextHandler(&out, nil)), 100*time.Millisecond)
	o := put()
	slow(o)
	o.Duration, o.Waits = time.Second, true
	slow(o)
	if out.Len() != 0 {
		t.Errorf("logged %s", out.String())
	}
	o.Waits = false
	slow(o)
	for _, want := range []string{"level=WARN", "slow request", "target=DynamoDB_20120810.PutItem", "duration=1s", "requestId=R1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out.String())
		}
	}
}

func TestTraceparent(t *testing.T) {
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, c := range []struct {
		header        string
		trace, parent string
		sampled       bool
	}{
		{"", "", "", true},
		{"00-" + trace + "-" + parent + "-01", trace, parent, true},
		{"00-" + trace + "-" + parent + "-00", trace, parent, false},
		{"01-" + trace + "-" + parent + "-03-later", trace, parent, true},
		{"01-" + trace + "-" + parent + "-03later", "", "", true},
		{"ff-" + trace + "-" + parent + "-01", "", "", true},
		{"00-" + strings.ToUpper(trace) + "-" + parent + "-01", "", "", true},
		{"00-" + strings.Repeat("0", 32) + "-" + parent + "-01", "", "", true},
		{"00-" + trace + "-" + parent + "-zz", "", "", true},
		{"00-" + trace, "", "", true},
	} {
		if gotTrace, gotParent, sampled := parseTraceparent(c.header); gotTrace != c.trace || gotParent != c.parent || sampled != c.sampled {
			t.Errorf("%q: %q %q %v", c.header, gotTrace, gotParent, sampled)
		}
	}
}

// Spans arrive at a collector as the specification of OTLP has them.
func TestTraces(t *testing.T) {
	got := make(chan *http.Request, 1)
	body := make(chan []byte, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got <- r
		body <- text
	}))
	defer collector.Close()
	traces := NewTraces(TracesConfig{Endpoint: collector.URL, Headers: map[string]string{"Api-Key": "k"}, Logger: slog.New(slog.DiscardHandler)})
	o := put()
	o.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	o.Status, o.Code = 500, "InternalServerError"
	traces.Observe(o)
	if err := traces.Close(); err != nil {
		t.Fatal(err)
	}
	r := <-got
	if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Api-Key") != "k" {
		t.Errorf("request %s %v", r.URL, r.Header)
	}
	var sent exportRequest
	if err := json.Unmarshal(<-body, &sent); err != nil {
		t.Fatal(err)
	}
	if len(sent.ResourceSpans) != 1 || len(sent.ResourceSpans[0].ScopeSpans) != 1 || len(sent.ResourceSpans[0].ScopeSpans[0].Spans) != 1 {
		t.Fatalf("sent %+v", sent)
	}
	s := sent.ResourceSpans[0].ScopeSpans[0].Spans[0]
	if s.TraceID != "0af7651916cd43dd8448eb211c80319c" || s.ParentID != "b7ad6b7169203331" || len(s.SpanID) != 16 ||
		s.Start != "1700000000000000005" || s.End != "1700000000003000005" || s.Status.Code != statusError ||
		s.Name != "DynamoDB_20120810/PutItem" {
		t.Errorf("span %+v", s)
	}
}

// A collector that is gone costs the spans, and nothing else.
func TestTracesWithoutCollector(t *testing.T) {
	var out bytes.Buffer
	traces := NewTraces(TracesConfig{Endpoint: "http://127.0.0.1:1", Logger: slog.New(slog.NewTextHandler(&out, nil))})
	for range 2 * spanQueue {
		traces.Observe(put())
	}
	if err := traces.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "traces are lost") {
		t.Errorf("logged %q", out.String())
	}
}
