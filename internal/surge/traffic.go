package surge

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// traffic counts requests on the wire: of producers and of whoever stores messages, not of the audit and the displays.
type traffic struct {
	requests  atomic.Int64
	retries   atomic.Int64 // of which the SDK sent again
	throttled atomic.Int64 // of which were refused for their rate
}

type trafficKey struct{}

// of returns a context whose requests are counted.
func (t *traffic) of(ctx context.Context) context.Context {
	return context.WithValue(ctx, trafficKey{}, t)
}

// meddling is done with requests and replies. An error is what the client sees instead of the reply.
type meddling struct {
	before func(*http.Request) error                 // may be nil
	after  func(*http.Request, *http.Response) error // of a reply that came
}

type meddlingKey struct{}

// meddle returns a context with whose requests m is done.
func meddle(ctx context.Context, m meddling) context.Context {
	return context.WithValue(ctx, meddlingKey{}, m)
}

// watchedTransport counts requests and meddles with them, as their contexts say.
type watchedTransport struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	count, counted := r.Context().Value(trafficKey{}).(*traffic)
	m, meddled := r.Context().Value(meddlingKey{}).(meddling)
	if meddled && m.before != nil {
		if err := m.before(r); err != nil {
			return nil, err
		}
	}
	if counted {
		count.request(r)
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if counted && resp.StatusCode == http.StatusBadRequest && refusedFor(resp, throttles...) {
		count.throttled.Add(1)
	}
	if meddled {
		if err := m.after(r, resp); err != nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			return nil, err
		}
	}
	return resp, nil
}

// request counts r. The SDK says which try it is.
func (t *traffic) request(r *http.Request) {
	t.requests.Add(1)
	if try := r.Header.Get("Amz-Sdk-Request"); try != "" && !strings.HasPrefix(try, "attempt=1;") {
		t.retries.Add(1)
	}
}

// throttles are the codes of what is refused for its rate: of requests, and of actions in a transaction.
var throttles = []string{
	"ProvisionedThroughputExceeded", "ThrottlingException", "ThrottlingError", "RequestLimitExceeded", "RequestThrottled",
}

// refusedFor reports whether an error has one of the codes.
func refusedFor(resp *http.Response, codes ...string) bool {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return false // the client will find the reply cut short
	}
	for _, code := range codes {
		if bytes.Contains(body, []byte(code)) {
			return true
		}
	}
	return false
}

// target is the header that names the operation.
const target = "X-Amz-Target"

// isTransaction reports whether r writes to tables in a transaction: that of Levee, or of the service.
func isTransaction(r *http.Request) bool {
	switch r.Header.Get(target) {
	case "Levee.Transact", "DynamoDB_20120810.TransactWriteItems":
		return true
	}
	return false
}
