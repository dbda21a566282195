package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/lambda"
)

// endpoint is an environment of KindHTTP: each event is posted to a URL. An answer
// of a status from 200 to 299 is the result.
type endpoint struct {
	spec   *lambda.Spec
	client *http.Client
}

func newEndpoint(spec *lambda.Spec) *endpoint {
	// A redirect could lead anywhere; the URL is where the function is.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &endpoint{spec: spec, client: &http.Client{CheckRedirect: stay, Transport: endpoints}}
}

// endpoints is the transport of all endpoints: without a proxy, as they are near.
var endpoints = &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 0, MaxResponseHeaderBytes: 64 << 10}

// Invoke implements lambda.Environment.
func (e *endpoint) Invoke(ctx context.Context, in *lambda.Invocation) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.spec.Target, bytes.NewReader(in.Payload))
	if err != nil {
		return nil, lambda.Fail("Endpoint.Invalid", "%v", err)
	}
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", in.RequestID)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.Deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", in.ARN)
	if key := e.spec.Env[signingKey]; key != "" {
		sign(h, key, in, time.Now())
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, e.failed(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, lambda.MaxResult+1))
	switch {
	case err != nil:
		return nil, e.failed(ctx, err)
	case len(body) > lambda.MaxResult:
		return nil, lambda.TooLarge()
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		fmt.Fprintf(e.spec.Log, "%s\n", body[:min(len(body), 4<<10)])
		return nil, lambda.Fail("Endpoint.Status", "the endpoint answered with status %d", resp.StatusCode)
	}
	return body, nil
}

// failed is the error of an endpoint that did not answer.
func (e *endpoint) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Fprintln(e.spec.Log, err)
	return lambda.Fail("Endpoint.Unreachable", "the endpoint did not answer")
}

// Settle implements lambda.Environment.
func (*endpoint) Settle() {}

// Close implements lambda.Environment.
func (*endpoint) Close() {}
