package wire

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// acceptPause is how long a server waits where it can accept no connection for now.
const acceptPause = 10 * time.Millisecond

// patientListener goes on accepting after what passes: that the process has no file
// descriptor to spare.
type patientListener struct {
	net.Listener
	log *slog.Logger
}

// Accept implements net.Listener.
func (l patientListener) Accept() (net.Conn, error) {
	for warned := false; ; warned = true {
		conn, err := l.Listener.Accept()
		if err == nil || !passing(err) {
			return conn, err
		}
		if !warned {
			l.log.Warn("no connection can be accepted for now", "err", err)
		}
		time.Sleep(acceptPause)
	}
}

// passing reports whether connections can be accepted again when others have ended.
func passing(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// watchedListener makes its connections watchable, and can close them all.
type watchedListener struct {
	net.Listener
	slack time.Duration // by which a deadline may be too early
	mu    sync.Mutex
	conns map[*watchedConn]struct{}
}

func watched(ln net.Listener, slack time.Duration) *watchedListener {
	return &watchedListener{Listener: ln, slack: slack, conns: make(map[*watchedConn]struct{})}
}

// next accepts a connection, and refuses those that are more than there may be.
func (l *watchedListener) next(limit int) (*watchedConn, error) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil, err
		}
		if c := (&watchedConn{Conn: conn, listener: l}); l.add(c, limit) {
			return c, nil
		}
		refuse(conn)
	}
}

// add reports whether there is room for one more connection.
func (l *watchedListener) add(c *watchedConn, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= limit {
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

// refuse closes a connection that is one too many. Whatever goes wrong with that says
// nothing of the listener.
func refuse(conn net.Conn) {
	now := time.Now()
	_ = conn.SetWriteDeadline(now.Add(refusalTime))
	_, _ = conn.Write(appendHead(nil, &Response{Status: http.StatusServiceUnavailable}, now, true))
	_ = conn.Close()
}

// refusalTime bounds how long a refusal may keep others from being accepted.
const refusalTime = 50 * time.Millisecond

// drain closes the connections that wait for a request, now and later, until only those
// are left that were handed over.
func (l *watchedListener) drain(ctx context.Context) error {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for !l.drained() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

const drainEvery = 10 * time.Millisecond

// drained closes the connections that wait, and reports whether none is busy.
func (l *watchedListener) drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	busy := 0
	for c := range l.conns {
		switch {
		case c.handed.Load():
		case c.waits.CompareAndSwap(true, false):
			c.Conn.Close() // its owner notices, and has the listener forget it
			busy++
		default:
			busy++
		}
	}
	return busy == 0
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
