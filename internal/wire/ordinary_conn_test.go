package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// piped is a server whose connections are pipes: it reads what was written at once, and
// nothing more, at once.
type piped struct {
	*testing.T
	server *Server
	conns  chan net.Conn
}

func newPiped(t *testing.T, limits Limits) *piped {
	p := &piped{t, nil, make(chan net.Conn)}
	closed := make(chan struct{})
	p.server = NewServer(New(Options{}), &closing{handed: handed{conns: p.conns, closed: closed}, end: closed}, nil, limits)
	served := make(chan error, 1)
	go func() { served <- p.server.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(p.server.Shutdown(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	return p
}

// closing is a listener of given connections that can be closed.
type closing struct {
	handed
	end  chan struct{}
	once sync.Once
}

// Close implements net.Listener.
func (c *closing) Close() error {
	c.once.Do(func() { close(c.end) })
	return nil
}

func (p *piped) dial() net.Conn {
	client, server := net.Pipe()
	p.Cleanup(func() { client.Close() })
	p.conns <- server
	return client
}

// send writes pieces and reads n answers. It returns their statuses and bodies.
func (p *piped) send(conn net.Conn, n int, pieces ...string) string {
	p.Helper()
	go func() {
		for _, piece := range pieces {
			if _, err := io.WriteString(conn, piece); err != nil {
				p.Errorf("%q: %v", piece, err)
			}
		}
	}()
	var all strings.Builder
	r := bufio.NewReader(conn)
	for range n {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			p.Fatalf("%q: %v", pieces, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			p.Fatalf("%q: %v", pieces, err)
		}
		fmt.Fprintf(&all, "%d %s\n", resp.StatusCode, body)
	}
	return all.String()
}

// Requests mean the same in whatever pieces they come, and whoever serves them.
func TestRequestsInPieces(t *testing.T) {
	ordinary := func(body string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-amz-json-1.0\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
	p := newPiped(t, Limits{})
	for name, tt := range map[string]struct {
		text    string
		answers int
	}{
		"ordinary ones":           {ordinary("{}") + ordinary("") + ordinary(`{"a":1}`), 3},
		"with another in between": {ordinary("{}") + chunked + ordinary("{"), 3},
		"with another first":      {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + ordinary("{}"), 2},
		"a large one":             {ordinary(strings.Repeat(" ", 3*firstRead)) + ordinary("{}"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			whole := p.send(p.dial(), tt.answers, tt.text)
			step := max(1, len(tt.text)/400)
			for i := 1; i < len(tt.text); i += step {
				if got := p.send(p.dial(), tt.answers, tt.text[:i], tt.text[i:]); got != whole {
					t.Fatalf("cut at %d it is answered with %s, whole with %s", i, got, whole)
				}
			}
			if got := p.send(p.dial(), tt.answers, strings.Split(tt.text, "")...); got != whole {
				t.Errorf("byte by byte it is answered with %s, whole with %s", got, whole)
			}
		})
	}
}

// Who takes too long for a request is told so.
func TestRequestTimeout(t *testing.T) {
	p := newPiped(t, Limits{RequestTime: 50 * time.Millisecond})
	for _, text := range []string{"P", "POST / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{"} {
		if got := p.send(p.dial(), 1, text); got != "408 \n" {
			t.Errorf("%q is answered with %s", text, got)
		}
	}
}

// A server that stops closes the connections that wait for a request.
func TestShutdownClosesWaiting(t *testing.T) {
	p := newPiped(t, Limits{})
	fresh, used, other := p.dial(), p.dial(), p.dial()
	p.send(used, 1, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	p.send(other, 1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{fresh, used, other} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("a connection goes on: %v", err)
		}
	}
}

// Ordinary requests are not left to fasthttp, others are.
func TestWhoServes(t *testing.T) {
	p := newPiped(t, Limits{})
	conn := p.dial()
	handed := func() (n int) {
		p.server.listener.mu.Lock()
		defer p.server.listener.mu.Unlock()
		for c := range p.server.listener.conns {
			if c.handed.Load() {
				n++
			}
		}
		return n
	}
	for range 2 {
		p.send(conn, 1, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	}
	if n := handed(); n != 0 {
		t.Errorf("%d connections were handed over", n)
	}
	p.send(conn, 1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if n := handed(); n != 1 {
		t.Errorf("%d connections were handed over, want 1", n)
	}
}

// What is said once a header is no header of its own.
func TestAppendHead(t *testing.T) {
	r := Response{Status: 400, QueryError: "A;\r\nB: c", Body: []byte("xyz")}
	got := string(appendHead(nil, &r, time.Unix(0, 0), true))
	const want = "HTTP/1.1 400 Bad Request\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 3\r\nx-amzn-query-error: A;  B: c\r\nConnection: close\r\n\r\n"
	if got != want {
		t.Errorf("%q", got)
	}
}
