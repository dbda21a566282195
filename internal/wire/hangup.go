package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// watchedConn is a connection of which one byte can be read in the background
// while nobody else reads. If that meets the end of the connection, the client is
// gone; if it meets a byte, the client has sent its next request, and the byte is
// kept for the next Read.
type watchedConn struct {
	net.Conn
	listener *watchedListener
	// waits says that the connection has no request, and may be closed; handed that
	// somebody else serves it, and knows when it has none.
	waits, handed atomic.Bool
	// taken says that it is not ours to close any more.
	taken atomic.Bool
	// linger says that Close is to let the client finish sending, so that it gets
	// to read the response.
	linger atomic.Bool

	// reading and writing are the deadlines of Read and Write.
	reading, writing deadline

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
	if err := c.reading.apply(c.Conn.SetReadDeadline, c.listener.slack); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *watchedConn) Write(p []byte) (int, error) {
	if err := c.writing.apply(c.Conn.SetWriteDeadline, c.listener.slack); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// SetReadDeadline implements net.Conn for whoever is about to read: it does not
// end a Read that is under way.
func (c *watchedConn) SetReadDeadline(t time.Time) error {
	c.reading.wanted = t
	return nil
}

// SetWriteDeadline implements net.Conn for whoever is about to write.
func (c *watchedConn) SetWriteDeadline(t time.Time) error {
	c.writing.wanted = t
	return nil
}

// SetDeadline implements net.Conn.
func (c *watchedConn) SetDeadline(t time.Time) error {
	c.reading, c.writing = deadline{wanted: t, set: t}, deadline{wanted: t, set: t}
	return c.Conn.SetDeadline(t)
}

// deadline is one that is set when it is needed, and only if the one that is set is
// not about as good: each request has two or three, most of them a moment later than the
// last one, and each change of the timer behind it costs as much as a header.
type deadline struct{ wanted, set time.Time }

// apply sets the wanted deadline, unless it is later than the one that is set by less
// than slack.
func (d *deadline) apply(set func(time.Time) error, slack time.Duration) error {
	if d.wanted == d.set {
		return nil
	}
	if !d.set.IsZero() && !d.wanted.IsZero() {
		if later := d.wanted.Sub(d.set); later >= 0 && later < slack {
			return nil
		}
	}
	d.set = d.wanted
	return set(d.wanted)
}

// setNow sets a deadline for reading at once.
func (c *watchedConn) setNow(t time.Time) {
	c.reading = deadline{wanted: t, set: t}
	_ = c.Conn.SetReadDeadline(t) // if the connection is broken, the next read will tell
}

// end closes a connection of which nobody needs to know how that went.
func (c *watchedConn) end() { _ = c.Close() }

// Close implements net.Conn.
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
	c.setNow(time.Time{}) // there was one for reading the request
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
	c.setNow(longAgo)
	<-c.stopped
	c.stopped = nil
	c.setNow(time.Time{})
}
