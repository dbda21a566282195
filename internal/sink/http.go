package sink

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/webhook"
)

const (
	// httpBatch is how many events a batch has at most: they are posted one by one.
	httpBatch = 10
	// maxReply is how much of an answer is read, in bytes.
	maxReply = 64 << 10
	// maxPause is how long an endpoint can make a sink wait by Retry-After.
	maxPause = time.Minute
)

// HTTP declares an HTTP endpoint.
type HTTP struct {
	URL         string            `yaml:"url"`
	Headers     map[string]string `yaml:"headers"`
	SigningKey  string            `yaml:"signing_key"`
	Timeout     time.Duration     `yaml:"timeout"` // of one request
	Concurrency int               `yaml:"concurrency"`
}

// httpSink is an HTTP endpoint, to which each event is posted. A status from 200 to
// 299 says that it was taken.
type httpSink struct {
	url        string
	header     http.Header
	key        string
	concurrent int
	client     *client

	mu    sync.Mutex
	pause time.Time // nothing is posted before; guarded by mu
}

// resolve implements Declaration.
func (o *HTTP) resolve(env Env) error {
	headers := make(map[string]string, len(o.Headers))
	for name, value := range o.Headers {
		if err := env.resolve(&value); err != nil {
			return err
		}
		headers[name] = value
	}
	o.Headers = headers
	return env.resolve(&o.SigningKey)
}

// open implements Declaration.
func (o *HTTP) open() (closing, error) {
	s := &httpSink{url: o.URL, key: o.SigningKey, header: http.Header{"Content-Type": {"application/json"}}}
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	for name, value := range o.Headers {
		s.header.Set(name, value)
	}
	timeout, err := within("timeout", o.Timeout, defaultTimeout, time.Millisecond, maxTimeout)
	if err != nil {
		return nil, err
	}
	if s.concurrent, err = within("concurrency", o.Concurrency, 10, 1, 1000); err != nil {
		return nil, err
	}
	s.client = newClient(s.concurrent, timeout, append(slices.Collect(maps.Values(o.Headers)), s.key)...)
	return s, nil
}

// Limits implements pipeline.Sink.
func (s *httpSink) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: httpBatch, Concurrent: s.concurrent}
}

// Put implements pipeline.Sink. It stops at an error after which the next event
// would fail as well, and where the events are in order at any.
func (s *httpSink) Put(ctx context.Context, events []*pipeline.Event, ordered bool) []error {
	var errs []error
	for i, e := range events {
		again, err := s.post(ctx, e)
		if err == nil {
			continue
		}
		if errs == nil {
			errs = make([]error, len(events))
		}
		errs[i] = err
		if again || ordered {
			for j := i + 1; j < len(events); j++ {
				errs[j] = err
			}
			break
		}
	}
	return errs
}

// post posts an event. again says that the endpoint, not the event, is at fault.
func (s *httpSink) post(ctx context.Context, e *pipeline.Event) (again bool, err error) {
	if err := s.rest(ctx); err != nil {
		return true, err
	}
	req, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(e.Data))
	if err != nil {
		return false, err
	}
	req.Header = s.header.Clone()
	if s.key == "" {
		req.Header.Set("Webhook-Id", e.ID)
	} else {
		webhook.Sign(req.Header, s.key, e.ID, e.Data, time.Now())
	}
	a, err := s.client.do(ctx, req, e.Data, maxReply, false)
	switch {
	case err != nil:
		return true, err
	case a.ok():
		return false, nil
	}
	if passing(a.status) {
		s.slow(a.header.Get("Retry-After"))
	}
	return passing(a.status), a.err()
}

// slow has nothing posted for as many seconds as the endpoint asks for.
func (s *httpSink) slow(retryAfter string) {
	seconds, err := strconv.ParseUint(retryAfter, 10, 16)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause = time.Now().Add(min(time.Duration(seconds)*time.Second, maxPause))
}

// rest waits while the endpoint wants to have nothing.
func (s *httpSink) rest(ctx context.Context) error {
	s.mu.Lock()
	t := time.NewTimer(time.Until(s.pause))
	s.mu.Unlock()
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements closing.
func (s *httpSink) Close() error {
	s.client.close()
	return nil
}
