package wire

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// http2Preface is how a client begins that speaks HTTP/2 without having asked whether the
// server does (RFC 9113, section 3.4).
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// plainHTTP2 has net/http serve the connections without TLS whose clients insist on
// HTTP/2. The goroutine that notices waits for their end: so they count among the server's
// connections.
type plainHTTP2 struct {
	http   http.Server
	conns  handed
	closed chan struct{}
	once   sync.Once
	start  sync.Once
}

func newPlainHTTP2(addr net.Addr, h http.Handler, limits Limits) *plainHTTP2 {
	s := &plainHTTP2{closed: make(chan struct{})}
	s.conns = handed{addr: addr, conns: make(chan net.Conn), closed: s.closed}
	s.http = http.Server{
		Handler: h, ReadHeaderTimeout: limits.RequestTime, ReadTimeout: limits.RequestTime, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		Protocols: new(http.Protocols),
	}
	s.http.Protocols.SetUnencryptedHTTP2(true)
	return s
}

// serve serves a connection of which first has been read, until it ends.
func (s *plainHTTP2) serve(conn net.Conn, first []byte) {
	s.start.Do(func() { go func() { _ = s.http.Serve(&s.conns) }() }) // ends with shutdown
	_ = conn.SetDeadline(time.Time{})
	c := &preceded{Conn: conn, first: first, ended: make(chan struct{})}
	select {
	case s.conns.conns <- c:
		<-c.ended
	case <-s.closed:
	}
}

// shutdown waits for the requests in flight.
func (s *plainHTTP2) shutdown(ctx context.Context) error {
	s.once.Do(func() { close(s.closed) })
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	return err
}

// preceded is a connection of which something has been read that is to be read again.
type preceded struct {
	net.Conn
	first []byte
	ended chan struct{}
	once  sync.Once
}

// Read implements net.Conn.
func (c *preceded) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// Close implements net.Conn.
func (c *preceded) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.ended) })
	return err
}

// offer gives the connection of a client that begins as HTTP/2 does to net/http, and waits
// for its end. It returns what was read of one that does not.
func (s *plainHTTP2) offer(conn *watchedConn, first []byte) (read []byte, served bool) {
	for len(first) < len(http2Preface) && strings.HasPrefix(http2Preface, string(first)) {
		var more [len(http2Preface)]byte
		n, err := conn.Read(more[:len(http2Preface)-len(first)])
		first = append(first, more[:n]...)
		if err != nil {
			break
		}
	}
	if !bytes.HasPrefix(first, []byte(http2Preface)) {
		return first, false
	}
	conn.taken.Store(true)
	s.serve(conn.Conn, first)
	conn.end()
	return nil, true
}
