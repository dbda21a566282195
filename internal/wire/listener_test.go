package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// exhausted is a listener that has no room for some connections at first.
type exhausted struct {
	net.Listener
	times int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.times--; e.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

// A server that is out of file descriptors for a moment goes on accepting.
func TestAcceptGoesOn(t *testing.T) {
	for name, secured := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var config *tls.Config
			client, url := http.DefaultClient, "http://"
			if secured {
				other := httptest.NewTLSServer(nil)
				defer other.Close()
				config = &tls.Config{Certificates: other.TLS.Certificates}
				client, url = other.Client(), "https://"
			}
			serveUntilEnd(t, &exhausted{ln, 3}, config, Limits{})
			resp, err := client.Get(url + ln.Addr().String() + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		})
	}
}

// unclosable is a listener of connections that cannot be closed well.
type unclosable struct{ net.Listener }

func (u unclosable) Accept() (net.Conn, error) {
	conn, err := u.Listener.Accept()
	return brokenConn{conn}, err
}

type brokenConn struct{ net.Conn }

func (c brokenConn) Close() error {
	return errors.Join(c.Conn.Close(), errors.New("the alert was not sent"))
}

// A refused connection that ends badly does not end the server.
func TestRefusalGoesOn(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveUntilEnd(t, unclosable{ln}, nil, Limits{Connections: 1})
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	const request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
	ask := func(conn net.Conn) string {
		_, _ = io.WriteString(conn, request) // or it is refused already
		answer := make([]byte, 12)
		_, _ = io.ReadFull(conn, answer)
		return string(answer)
	}
	first := dial()
	if got := ask(first); got != "HTTP/1.1 404" && got != "HTTP/1.1 400" {
		t.Fatalf("the first is answered with %q", got)
	}
	for range 3 {
		if got := ask(dial()); got != "HTTP/1.1 503" {
			t.Errorf("one too many is answered with %q", got)
		}
	}
}

// serveUntilEnd serves on a listener until the test ends, when nothing may be wrong.
func serveUntilEnd(t *testing.T, ln net.Listener, config *tls.Config, limits Limits) {
	s := NewServer(New(Options{Logger: slog.New(slog.DiscardHandler)}), ln, config, limits)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
}
