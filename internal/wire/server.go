package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/valyala/fasthttp"
)

// Bounds on what clients can make a Server hold, beside its Limits.
const (
	// maxHeader is the largest head of a request in bytes: a session token alone
	// may take a few thousand.
	maxHeader = 16 << 10
	// idleTimeout is how long a connection may wait for its next request.
	idleTimeout = 5 * time.Minute
	// workerIdle is how long goroutines of closed connections are kept for new
	// ones. It is also how long one of fasthttp's goroutines sleeps on after
	// Shutdown.
	workerIdle = time.Second
	// deadlineSlack is the part of the time of a request by which a deadline may come
	// early.
	deadlineSlack = 64
)

// Server serves an Endpoint over HTTP/1.1 at less than half the CPU per request of
// net/http: ordinary requests in a loop of its own, whatever else HTTP allows by fasthttp.
type Server struct {
	endpoint *Endpoint
	listener *watchedListener
	secured  *secured    // nil without TLS
	plain    *plainHTTP2 // nil with TLS
	limits   Limits
	bodies   bodies
	stopping atomic.Bool

	// http serves those connections that have sent something else; handed brings them.
	http     fasthttp.Server
	handed   handed
	handing  sync.Once
	stopOnce sync.Once
	stopped  chan struct{}
}

// NewServer returns a server for e on ln, with TLS unless config is nil: its
// certificates, and what it says of those of clients. Serve starts it. Clients that
// insist on HTTP/2, by what they offer in the TLS handshake or, without TLS, by how they
// begin, are served by net/http.
func NewServer(e *Endpoint, ln net.Listener, config *tls.Config, limits Limits) *Server {
	limits = limits.withDefaults()
	ln = patientListener{ln, e.log}
	s := &Server{endpoint: e, limits: limits, stopped: make(chan struct{}), bodies: bodies{limits: limits, held: map[*fasthttp.RequestHeader]heldBody{}}}
	if config != nil {
		s.secured = secure(ln, config, admitted{e, &s.bodies}, limits)
		ln = s.secured
	} else {
		s.plain = newPlainHTTP2(ln.Addr(), admitted{e, &s.bodies}, limits)
	}
	s.listener = watched(ln, limits.RequestTime/deadlineSlack)
	s.handed = handed{addr: ln.Addr(), conns: make(chan net.Conn), closed: s.stopped}
	s.http = fasthttp.Server{
		Handler:            s.handle,
		HeaderReceived:     s.bodies.admit,
		ErrorHandler:       s.refuse,
		Logger:             discard{},
		ReadBufferSize:     maxHeader,
		Concurrency:        limits.Connections,
		ReadTimeout:        limits.RequestTime,
		WriteTimeout:       limits.RequestTime,
		IdleTimeout:        idleTimeout,
		MaxRequestBodySize: MaxBody,
		CloseOnShutdown:    true,

		MaxIdleWorkerDuration: workerIdle,
		LazyRequestTime:       true,

		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
	}
	return s
}

// Serve accepts connections until Shutdown. It returns nil after Shutdown, and
// otherwise why it cannot go on.
func (s *Server) Serve() error {
	for {
		conn, err := s.listener.next(s.limits.Connections)
		switch {
		case err == nil:
			go s.serveConn(conn)
		case s.stopping.Load():
			return nil
		default:
			return err
		}
	}
}

// Shutdown stops accepting and waits for the requests in flight. When ctx ends
// first, it closes their connections and returns its error. Endpoint.Close, if
// called before, ends those that wait.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.stopOnce.Do(func() { close(s.stopped) })
	s.listener.Close()
	ended := make(chan error, 1)
	go func() { ended <- s.shutdownHTTP2(ctx) }()
	err := errors.Join(s.http.ShutdownWithContext(ctx), s.listener.drain(ctx))
	if err != nil {
		s.listener.closeConns()
	}
	return errors.Join(err, <-ended)
}

func (s *Server) shutdownHTTP2(ctx context.Context) error {
	if s.secured != nil {
		return s.secured.shutdown(ctx)
	}
	return s.plain.shutdown(ctx)
}

// handling is what a request needs while it is handled. It is pooled.
type handling struct {
	req  Request
	head fastHeader
	resp Response
}

var handlings = sync.Pool{New: func() any { return new(handling) }}

func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	h := &ctx.Request.Header
	if counted(h) {
		defer s.bodies.release(h)
		defer ctx.Request.SwapBody(nil) // or the connection keeps it while it is idle
	}
	x := handlings.Get().(*handling)
	defer x.release()
	path, query, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	x.head.of = h
	x.req = Request{
		Method: alias(h.Method()),
		Path:   alias(path),
		Query:  alias(query),
		Host:   alias(h.Host()),
		TLS:    s.secured != nil,
		Header: &x.head,
		Body:   ctx.Request.Body(),
		Remote: ctx.RemoteAddr(),
	}
	c := &call{transport: context.Background(), closing: s.endpoint.closing}
	if conn, ok := ctx.Conn().(*watchedConn); ok {
		c.hangup = conn
	}
	s.endpoint.serveCall(c, &x.req, &x.resp)
	writeFast(&ctx.Response, &x.resp)
}

func (x *handling) release() {
	x.req, x.head = Request{}, fastHeader{}
	x.resp.Reset()
	handlings.Put(x)
}

func writeFast(out *fasthttp.Response, resp *Response) {
	out.SetStatusCode(resp.Status)
	h := &out.Header
	if resp.ContentType != "" {
		h.SetContentType(resp.ContentType)
	}
	if resp.RequestID != "" {
		h.SetCanonical([]byte("x-amzn-RequestId"), []byte(resp.RequestID))
	}
	if resp.HasCRC32 {
		var digits [10]byte
		h.SetCanonical([]byte("x-amz-crc32"), strconv.AppendUint(digits[:0], uint64(resp.CRC32), 10))
	}
	if resp.QueryError != "" {
		h.SetCanonical([]byte("x-amzn-query-error"), []byte(resp.QueryError))
	}
	for _, e := range resp.Header {
		h.Set(e.Key, e.Value)
	}
	if cap(resp.Body) > maxKeptBody { // the connection would keep it while it is idle
		out.SetBodyStream(largeBodies.sent(resp.Body), len(resp.Body))
		resp.Body = nil
		return
	}
	resp.Body = out.SwapBody(resp.Body)
}

// refuse answers what is no request: without words, as a request may be anything.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	if conn, ok := ctx.Conn().(*watchedConn); ok {
		conn.linger.Store(true)
	}
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case s.bodies.release(&ctx.Request.Header):
		overloaded(ctx)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		ctx.SetStatusCode(http.StatusRequestEntityTooLarge)
	case errors.As(err, &small):
		ctx.SetStatusCode(http.StatusRequestHeaderFieldsTooLarge)
	case errors.As(err, &timeout) && timeout.Timeout():
		ctx.SetStatusCode(http.StatusRequestTimeout)
	default:
		ctx.SetStatusCode(http.StatusBadRequest)
	}
}

// discard drops what fasthttp has to say of broken connections.
type discard struct{}

func (discard) Printf(string, ...any) {}

// alias returns the bytes as a string without copying them. Like them, it is
// valid until the handler of the request returns.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
