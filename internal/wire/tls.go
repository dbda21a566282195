package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// handshakeTimeout is how long a client may take for the TLS handshake.
	handshakeTimeout = 10 * time.Second
	// maxHandshakes is how many may be under way; further clients wait to be
	// accepted.
	maxHandshakes = 512
)

// protocols are offered in this order: of a client that speaks both, HTTP/1.1 is
// wanted, which costs the server half.
var protocols = []string{"http/1.1", "h2"}

// secured is a listener of TLS connections that are past their handshake. Those
// whose clients speak nothing but HTTP/2 do not come out of Accept: net/http serves
// them.
type secured struct {
	net.Listener
	config *tls.Config
	http2  http.Server

	ready  chan net.Conn
	failed chan error // gets the error that ended accepting
	closed chan struct{}
	once   sync.Once
	conns  handed
}

// secure returns a listener for TLS on ln; h serves what is HTTP/2.
func secure(ln net.Listener, config *tls.Config, h http.Handler, limits Limits) *secured {
	config = config.Clone()
	config.NextProtos = protocols
	s := &secured{
		Listener: ln, config: config,
		ready: make(chan net.Conn), failed: make(chan error, 1), closed: make(chan struct{}),
	}
	s.conns = handed{addr: ln.Addr(), conns: make(chan net.Conn), closed: s.closed}
	s.http2 = http.Server{
		Handler: h, ReadHeaderTimeout: limits.RequestTime, ReadTimeout: limits.RequestTime, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		Protocols: new(http.Protocols),
	}
	s.http2.Protocols.SetHTTP2(true)
	go s.accept()
	go func() { _ = s.http2.Serve(&s.conns) }() // ends with the listener
	return s
}

// accept takes connections until the listener ends.
func (s *secured) accept() {
	slots := make(chan struct{}, maxHandshakes)
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			s.failed <- err
			return
		}
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			s.shake(conn)
		}()
	}
}

// shake does the handshake of one connection and hands it on.
func (s *secured) shake(conn net.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	c := tls.Server(conn, s.config)
	if err := c.HandshakeContext(ctx); err != nil {
		conn.Close()
		return
	}
	to := s.ready
	if c.ConnectionState().NegotiatedProtocol == "h2" {
		to = s.conns.conns
	}
	select {
	case to <- c:
	case <-s.closed:
		conn.Close()
	}
}

// Accept returns the next connection that speaks HTTP/1.1.
func (s *secured) Accept() (net.Conn, error) {
	select {
	case conn := <-s.ready:
		return conn, nil
	case err := <-s.failed:
		s.failed <- err
		return nil, err
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close stops accepting. HTTP/2 connections go on until shutdown.
func (s *secured) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Listener.Close()
}

// shutdown waits for the HTTP/2 requests in flight.
func (s *secured) shutdown(ctx context.Context) error {
	err := s.http2.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http2.Close())
	}
	return err
}

// handed is a listener of connections that another one has accepted.
type handed struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener; what hands the connections over ends it.
func (h *handed) Close() error { return nil }

// Addr implements net.Listener.
func (h *handed) Addr() net.Addr { return h.addr }
