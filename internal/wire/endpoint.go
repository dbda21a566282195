package wire

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// Options configure an Endpoint.
type Options struct {
	// Operations are the rows of the operation table that the endpoint serves.
	Operations []api.Operation
	// Keys are the access keys whose requests are accepted. nil accepts any
	// key, without looking at the signature.
	Keys Keys
	// Logger gets unexpected errors and panics; nil means slog.Default.
	Logger *slog.Logger
	// Observe, unless nil, is told of each finished request. It is called on the
	// goroutine of the request and must be quick.
	Observe func(Observation)
	// Pages, unless nil, answers requests for paths at and below PagesPath, of any
	// method. It is called on the goroutine of the request and keeps nothing of it.
	Pages func(context.Context, *Request, *Response)
}

// Observation is what there is to know of a finished request.
type Observation struct {
	Target    string // as in X-Amz-Target; "" if there is no such operation
	RequestID string
	Code      string // of the error; "" on success
	Status    int
	Start     time.Time     // when the whole request was read
	Duration  time.Duration // from then until the response was ready
	In, Out   int           // bytes of the bodies
	// Waits says that the operation may wait for something to happen, as a receive
	// does for messages.
	Waits bool
	// Traceparent is that header of W3C Trace Context, as sent.
	Traceparent string
}

// receives is the target of the one operation that waits.
const receives = "AmazonSQS.ReceiveMessage"

// errClosed is the cause of the end of a request's context when the endpoint
// closes.
var errClosed = errors.New("wire: the endpoint is closing")

// Endpoint serves the operations of all services. It is safe for concurrent use.
type Endpoint struct {
	routes  map[string]*route
	rest    restRoutes
	log     *slog.Logger
	observe func(Observation)
	pages   func(context.Context, *Request, *Response)
	auth    authenticator
	urls    [2]cache[string] // base URLs by host; without and with TLS

	closing  context.Context // ends when Close begins
	endCalls context.CancelCauseFunc
	gate     sync.RWMutex // see the package comment
	closed   bool         // guarded by gate
}

// route is where a target leads.
type route struct {
	*api.Operation
	service *service
	target  string // as in X-Amz-Target
}

// New returns an endpoint. Rows of services that this package does not know,
// and targets that occur twice, are a mistake in the program and panic.
func New(opts Options) *Endpoint {
	e := &Endpoint{
		routes:  make(map[string]*route, len(opts.Operations)),
		log:     opts.Logger,
		observe: opts.Observe,
		pages:   opts.Pages,
		auth:    authenticator{keys: opts.Keys},
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	for i := range opts.Operations {
		op := &opts.Operations[i]
		target := op.Target + "." + op.Name
		svc := services[op.Target]
		if svc == nil || e.routes[target] != nil {
			panic("wire: an unknown or repeated target: " + target)
		}
		if svc.rest {
			e.rest.add(&route{op, svc, target})
			continue
		}
		e.routes[target] = &route{op, svc, target}
	}
	e.closing, e.endCalls = context.WithCancelCause(context.Background())
	return e
}

// Close ends the contexts of the requests in flight, so that long polls return,
// and waits for them all, or until ctx ends: then it returns the error of ctx, and
// requests may still be running. Later requests are answered with status 503.
func (e *Endpoint) Close(ctx context.Context) error {
	e.endCalls(errClosed)
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		e.gate.Lock()
		defer e.gate.Unlock()
		e.closed = true
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Serve answers one request. ctx ends when the client is known to be gone.
func (e *Endpoint) Serve(ctx context.Context, req *Request, resp *Response) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.pages != nil && isPage(req.Path) {
		e.servePage(ctx, req, resp)
		return
	}
	var start time.Time
	if e.observe != nil {
		start = time.Now()
	}
	x := newExchange(e, req, resp)
	x.serve(ctx)
	if e.observe != nil {
		target := x.target()
		e.observe(Observation{
			Target: target, RequestID: resp.RequestID, Code: x.code, Status: resp.Status,
			Start: start, Duration: time.Since(start), In: len(req.Body), Out: len(resp.Body),
			Waits: target == receives, Traceparent: strings.Clone(req.Header.Get("Traceparent")),
		})
	}
	x.release()
}

// find returns the route of a target, nil if there is none, and the service that
// the request is meant for. Without a known target that is the one of the
// signature's scope, and DynamoDB if all else fails.
func (e *Endpoint) find(req *Request) (*route, *service) {
	target := req.Header.Get("X-Amz-Target")
	if r := e.routes[target]; r != nil {
		return r, r.service
	}
	prefix, _, _ := strings.Cut(target, ".")
	if svc := services[prefix]; svc != nil {
		return nil, svc
	}
	if inScope(req, sqs) {
		return nil, sqs
	}
	return nil, dynamodb
}

// inScope reports whether a request is signed for a service.
func inScope(req *Request, svc *service) bool {
	return strings.Contains(req.Header.Get("Authorization"), "/"+svc.scope+"/")
}

// baseURL returns scheme and host as the client addressed the server.
func (e *Endpoint) baseURL(req *Request) string {
	urls, scheme := &e.urls[0], "http://"
	if req.TLS {
		urls, scheme = &e.urls[1], "https://"
	}
	if url, ok := urls.get(req.Host); ok {
		return url
	}
	host := strings.Clone(req.Host)
	url := scheme + host
	if !isHost(host) {
		url = scheme + "localhost"
	}
	urls.put(host, url)
	return url
}

// isHost reports whether s is a host with an optional port, loosely: a URL made
// of it has no surprises.
func isHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".:-_[]", c) >= 0 {
			continue
		}
		return false
	}
	return s != "" && len(s) <= 255
}

// servePlain answers what is not a POST: the health checks, and nothing else.
func servePlain(req *Request, resp *Response) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		resp.unknown()
		return
	}
	switch req.Path {
	case "/healthz":
		resp.plain(http.StatusOK, "application/json", `{"status":"ok"}`+"\n")
	case "/", "/ping":
		// Word for word, and with the space at its end, what DynamoDB says in its
		// default region: tools wait for this text to see that it is up.
		resp.plain(http.StatusOK, "text/plain", "healthy: dynamodb.us-east-1.amazonaws.com ")
	default:
		resp.unknown()
	}
}
