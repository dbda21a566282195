package telemetry

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/wire"
)

// Bounds of what traces hold, and how often they are sent.
const (
	spanQueue    = 4096 // spans that wait; further ones are dropped
	spanBatch    = 512
	spanInterval = 2 * time.Second
	sendTimeout  = 10 * time.Second
)

// TracesConfig says where spans go.
type TracesConfig struct {
	// Endpoint is the base URL of a collector that takes OTLP over HTTP.
	Endpoint string
	// Headers are sent along, such as the key of a hosted collector.
	Headers map[string]string
	// Service is the name of the service; empty means levee.
	Service string
	// Logger hears when spans could not be delivered.
	Logger *slog.Logger
}

// Traces makes a span of each request and sends spans to a collector, in the JSON
// form of OTLP (https://opentelemetry.io/docs/specs/otlp/). A request with a
// traceparent header (W3C Trace Context) is a part of that trace, and is traced if
// the header says so; one without begins a trace. It is written here because the
// exporter of the OpenTelemetry project brings gRPC with it.
type Traces struct {
	url     string
	config  TracesConfig
	spans   chan span
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

// NewTraces begins to deliver spans until Close.
func NewTraces(c TracesConfig) *Traces {
	if c.Service == "" {
		c.Service = "levee"
	}
	t := &Traces{
		url: strings.TrimSuffix(c.Endpoint, "/") + "/v1/traces", config: c,
		spans: make(chan span, spanQueue), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go t.run()
	return t
}

// Observe is an Observer.
func (t *Traces) Observe(o wire.Observation) {
	s, ok := newSpan(o)
	if !ok {
		return
	}
	select {
	case t.spans <- s:
	default: // tracing slows nobody down
	}
}

// Close delivers what is left, for a few seconds at most.
func (t *Traces) Close() error {
	t.once.Do(func() { close(t.stop) })
	<-t.stopped
	return nil
}

func (t *Traces) run() {
	defer close(t.stopped)
	tick := time.NewTicker(spanInterval)
	defer tick.Stop()
	batch := make([]span, 0, spanBatch)
	for {
		select {
		case s := <-t.spans:
			if batch = append(batch, s); len(batch) < spanBatch {
				continue
			}
		case <-tick.C:
		case <-t.stop:
			t.drain(batch)
			return
		}
		t.send(batch)
		batch = batch[:0]
	}
}

// drain sends what is queued.
func (t *Traces) drain(batch []span) {
	for {
		select {
		case s := <-t.spans:
			batch = append(batch, s)
		default:
			t.send(batch)
			return
		}
	}
}

func (t *Traces) send(batch []span) {
	if len(batch) == 0 {
		return
	}
	if err := t.post(batch); err != nil {
		t.config.Logger.Warn("traces are lost", "spans", len(batch), "err", err)
	}
}

func (t *Traces) post(batch []span) error {
	body, err := json.Marshal(export(t.config.Service, batch))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range t.config.Headers {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answered %s", resp.Status)
	}
	return nil
}

// The shapes of OTLP in JSON, as far as they are needed.
type (
	exportRequest struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   resource     `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name string `json:"name"`
	}
	span struct {
		TraceID    string      `json:"traceId"`
		SpanID     string      `json:"spanId"`
		ParentID   string      `json:"parentSpanId,omitempty"`
		Name       string      `json:"name"`
		Kind       int         `json:"kind"`
		Start      string      `json:"startTimeUnixNano"`
		End        string      `json:"endTimeUnixNano"`
		Attributes []attribute `json:"attributes"`
		Status     status      `json:"status"`
	}
	status struct {
		Code int `json:"code"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		String string `json:"stringValue,omitempty"`
		Int    string `json:"intValue,omitempty"`
	}
)

const (
	kindServer  = 2
	statusUnset = 0
	statusError = 2
)

func export(service string, batch []span) exportRequest {
	return exportRequest{[]resourceSpans{{
		Resource:   resource{[]attribute{text("service.name", service)}},
		ScopeSpans: []scopeSpans{{Scope: scope{"levee"}, Spans: batch}},
	}}}
}

func text(key, v string) attribute { return attribute{key, value{String: v}} }
func number(key string, n int) attribute {
	return attribute{key, value{Int: strconv.Itoa(n)}}
}

// newSpan makes the span of a request, by the conventions for RPC. ok is false if
// its trace is not sampled.
func newSpan(o wire.Observation) (s span, ok bool) {
	trace, parent, sampled := parseTraceparent(o.Traceparent)
	if !sampled {
		return span{}, false
	}
	if trace == "" {
		trace = randomHex(16)
	}
	service, operation := split(o.Target)
	s = span{
		TraceID: trace, SpanID: randomHex(8), ParentID: parent, Name: service + "/" + operation, Kind: kindServer,
		Start: strconv.FormatInt(o.Start.UnixNano(), 10), End: strconv.FormatInt(o.Start.Add(o.Duration).UnixNano(), 10),
		Attributes: []attribute{
			text("rpc.system", "aws-api"), text("rpc.service", service), text("rpc.method", operation),
			number("http.response.status_code", o.Status), text("aws.request_id", o.RequestID),
			number("http.request.body.size", o.In), number("http.response.body.size", o.Out),
		},
	}
	if o.Code != "" {
		s.Attributes = append(s.Attributes, text("error.type", o.Code))
	}
	if o.Status >= http.StatusInternalServerError {
		s.Status.Code = statusError
	}
	return s, true
}

// parseTraceparent reads a header of W3C Trace Context, version 00 or one that
// begins like it. Without a valid one, a trace begins, and it is sampled.
func parseTraceparent(h string) (trace, parent string, sampled bool) {
	const size = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(h) < size || h[2] != '-' || h[35] != '-' || h[52] != '-' || h[:2] == "ff" || len(h) > size && h[size] != '-' {
		return "", "", true
	}
	trace, parent = h[3:35], h[36:52]
	flags, err := hex.DecodeString(h[53:55])
	if err != nil || !isID(trace) || !isID(parent) {
		return "", "", true
	}
	return trace, parent, flags[0]&1 == 1
}

// isID reports whether s is lower-case hexadecimal and not zero.
func isID(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
