package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// watchedListener makes its connections watchable, and can close them all.
type watchedListener struct {
	net.Listener
	http2 *plainHTTP2 // for those that speak it; nil with TLS
	mu    sync.Mutex
	conns map[*watchedConn]struct{}
}

func watched(ln net.Listener, http2 *plainHTTP2) *watchedListener {
	return &watchedListener{Listener: ln, http2: http2, conns: make(map[*watchedConn]struct{})}
}

func (l *watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &watchedConn{Conn: conn, listener: l, http2: l.http2}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

// closeConns closes the connections that are still open.
func (l *watchedListener) closeConns() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		// The listener forgets it when its owner closes it in turn.
		c.Conn.Close()
	}
}

// watchedConn is a connection of which one byte can be read in the background
// while nobody else reads. If that meets the end of the connection, the client is
// gone; if it meets a byte, the client has sent its next request, and the byte is
// kept for the next Read.
type watchedConn struct {
	net.Conn
	listener *watchedListener
	// http2 is for a client that speaks it; nil after the first Read.
	http2 *plainHTTP2
	// taken says that it does: the connection is not ours to close any more.
	taken atomic.Bool
	// linger says that Close is to let the client finish sending, so that it gets
	// to read the response.
	linger atomic.Bool

	stopped chan struct{} // closed when the background read has returned; nil if there is none
	// early is to be read first. It belongs to the background read until stopped is
	// closed.
	early []byte
	ahead [1]byte // what early is of, where it was read in the background
}

// lingerTime bounds how long a refused client may go on sending.
const lingerTime = time.Second

// longAgo as a deadline ends a read at once.
var longAgo = time.Unix(1, 0)

func (c *watchedConn) Read(p []byte) (int, error) {
	if len(c.early) > 0 && len(p) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	if http2 := c.http2; http2 != nil {
		c.http2 = nil
		return c.readFirst(p, http2)
	}
	return c.Conn.Read(p)
}

func (c *watchedConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	if c.taken.Load() {
		return nil
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Load() {
		// With unread bytes at hand, closing would reset the connection, and the
		// response would be lost on the way.
		_ = half.CloseWrite()
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.Conn, MaxBody)
	}
	return c.Conn.Close()
}

// watch implements hangup.
func (c *watchedConn) watch(gone func()) {
	if len(c.early) > 0 {
		return
	}
	stopped := make(chan struct{})
	c.stopped = stopped
	// The deadline was for reading the request. If the connection is broken, the
	// read below will tell.
	_ = c.Conn.SetReadDeadline(time.Time{})
	go func() {
		defer close(stopped)
		n, err := c.Conn.Read(c.ahead[:])
		if n > 0 {
			c.early = c.ahead[:n]
			return
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			gone()
		}
	}()
}

// unwatch implements hangup.
func (c *watchedConn) unwatch() {
	if c.stopped == nil {
		return
	}
	_ = c.Conn.SetReadDeadline(longAgo)
	<-c.stopped
	c.stopped = nil
	_ = c.Conn.SetReadDeadline(time.Time{})
}
