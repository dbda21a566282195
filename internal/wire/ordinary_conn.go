package wire

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// firstRead is how many bytes of a request a connection has room for while it waits:
	// most are whole with it.
	firstRead = 4 << 10
	// oneWrite is how long a body may be that is sent with its head.
	oneWrite = 16 << 10
)

// ordinaryConn serves the ordinary requests of a connection.
type ordinaryConn struct {
	*watchedConn
	server *Server
	in     []byte    // what has been read and not handled
	late   bool      // a request is not whole with what was read first
	now    time.Time // about: when the last request came
}

// ordinaryHandling is what an ordinary request needs while it is handled. It is pooled.
type ordinaryHandling struct {
	head ordinaryHead
	req  Request
	resp Response
	out  []byte
}

var ordinaryHandlings = sync.Pool{New: func() any { return new(ordinaryHandling) }}

func (x *ordinaryHandling) release() {
	x.head.reset()
	x.req = Request{}
	x.resp.Reset()
	ordinaryHandlings.Put(x)
}

// serveConn serves a connection while its requests are ordinary, and hands it over with the
// first that is not.
func (s *Server) serveConn(conn *watchedConn) {
	c := &ordinaryConn{watchedConn: conn, server: s, in: make([]byte, 0, firstRead), now: time.Now()}
	defer func() {
		if cause := recover(); cause != nil {
			s.endpoint.log.Error("connection panicked", "panic", cause, "stack", string(debug.Stack()))
			conn.end()
		}
	}()
	_ = c.SetReadDeadline(c.now.Add(s.limits.RequestTime))
	for first := true; ; first = false {
		switch err := c.serveNext(); {
		case err == nil:
		case errors.Is(err, errNotOrdinary):
			s.handOver(conn, c.in, first)
			return
		default:
			conn.end()
			return
		}
	}
}

// handOver lets net/http serve a connection that begins as HTTP/2 does, and fasthttp any
// other one. Something has been read of it: all, if it is the first.
func (s *Server) handOver(conn *watchedConn, read []byte, first bool) {
	if first && s.plain != nil {
		var served bool
		if read, served = s.plain.offer(conn, read); served {
			return
		}
	}
	conn.early = read
	conn.handed.Store(true)
	s.handing.Do(func() { go func() { _ = s.http.Serve(&s.handed) }() }) // ends with Shutdown
	select {
	case s.handed.conns <- conn:
	case <-s.stopped:
		conn.end()
	}
}

// errNotOrdinary says that a request is not for an ordinaryConn to serve.
var errNotOrdinary = errors.New("wire: not an ordinary request")

// serveNext waits for a request and answers it.
func (c *ordinaryConn) serveNext() error {
	c.late = false
	if len(c.in) == 0 && !c.await() {
		return net.ErrClosed
	}
	x := ordinaryHandlings.Get().(*ordinaryHandling)
	defer x.release()
	size, err := c.receive(x)
	if err != nil {
		return err
	}
	return c.answer(x, size)
}

// await waits for the first bytes of the next request, and reports whether there are any:
// not if the client closes the connection, or the server stops.
func (c *ordinaryConn) await() bool {
	if cap(c.in) > firstRead {
		c.in = make([]byte, 0, firstRead)
	}
	c.waits.Store(true)
	if c.server.stopping.Load() {
		return false
	}
	n, err := c.Read(c.in[:cap(c.in)])
	c.in = c.in[:n]
	return c.waits.CompareAndSwap(true, false) && (n > 0 || err == nil)
}

// receive reads a request to its end and returns its size. All of it is in c.in.
func (c *ordinaryConn) receive(x *ordinaryHandling) (size int, err error) {
	head, err := c.receiveHead()
	if err != nil {
		return 0, err
	}
	if !x.head.parse(c.in[:head]) {
		return 0, errNotOrdinary
	}
	size = head + x.head.length
	for len(c.in) < size {
		if err := c.more(size); err != nil {
			return 0, err
		}
	}
	return size, nil
}

// receiveHead reads to the empty line that ends a head and returns its size.
func (c *ordinaryConn) receiveHead() (size int, err error) {
	for from := 0; ; {
		if n := min(len(c.in), len(ordinaryLine)); string(c.in[:n]) != ordinaryLine[:n] {
			return 0, errNotOrdinary
		}
		if i := bytes.Index(c.in[from:], headEnd); i >= 0 {
			return from + i + len(headEnd), nil
		}
		if len(c.in) > maxHeader {
			return 0, errNotOrdinary
		}
		from = max(0, len(c.in)-len(headEnd)+1)
		if err := c.more(0); err != nil {
			return 0, err
		}
	}
}

var headEnd = []byte("\r\n\r\n")

// more reads more of a request, of whose size, if it is known, there is to be room.
func (c *ordinaryConn) more(size int) error {
	if !c.late {
		c.late = true
		_ = c.SetReadDeadline(time.Now().Add(c.server.limits.RequestTime))
	}
	if len(c.in) == cap(c.in) || size > cap(c.in) {
		in := make([]byte, len(c.in), max(2*cap(c.in), size))
		copy(in, c.in) // which a head may alias, so it is left as it is
		c.in = in
	}
	n, err := c.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	var timeout net.Error
	switch {
	case n > 0 || err == nil:
		return nil
	case errors.As(err, &timeout) && timeout.Timeout():
		c.linger.Store(true)
		_, _ = c.Write(appendHead(nil, &Response{Status: http.StatusRequestTimeout}, time.Now(), true)) // or it is gone
		return err
	}
	return errNotOrdinary // fasthttp knows how to answer the half of a request
}

// answer handles the request that the first size bytes of c.in are.
func (c *ordinaryConn) answer(x *ordinaryHandling, size int) error {
	c.now = time.Now()
	x.req = Request{
		Method: http.MethodPost, Path: "/", Host: x.head.host, TLS: c.server.secured != nil,
		Header: &x.head, Body: c.in[size-x.head.length : size], Remote: c.RemoteAddr(),
	}
	call := &call{transport: context.Background(), closing: c.server.endpoint.closing, hangup: c.watchedConn}
	c.server.endpoint.serveCall(call, &x.req, &x.resp)
	if call.waited() {
		c.now = time.Now()
	}
	c.in = c.in[:copy(c.in, c.in[size:])]
	_ = c.SetReadDeadline(c.now.Add(idleTimeout))
	_ = c.SetWriteDeadline(c.now.Add(c.server.limits.RequestTime))
	last := c.server.stopping.Load()
	x.out = appendHead(x.out[:0], &x.resp, c.now, last)
	if err := c.send(x); err != nil {
		return err
	}
	if last {
		return errClosed
	}
	return nil
}

// send writes a head and its body.
func (c *ordinaryConn) send(x *ordinaryHandling) error {
	if len(x.resp.Body) <= oneWrite {
		x.out = append(x.out, x.resp.Body...)
		_, err := c.Write(x.out)
		return err
	}
	if _, err := c.Write(x.out); err != nil {
		return err
	}
	_, err := c.Write(x.resp.Body)
	return err
}
