package wire_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/wire"
)

// Without TLS, a client that begins with HTTP/2 is answered with it; one that only seems
// to begin so is not kept waiting for the rest, nor served what it did not ask for.
func TestPlainHTTP2(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	tr := startPlainHTTP2(t, e)
	resp, err := tr.Do(call{body: `{"Limit":5}`}.request(tr.url))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Proto != "HTTP/2.0" || resp.StatusCode != http.StatusOK {
		t.Errorf("%s and status %d", resp.Proto, resp.StatusCode)
	}
	for _, first := range []string{"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "P"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, first); err != nil {
			t.Fatal(err)
		}
		if first == "P" { // the rest comes later
			if _, err := io.WriteString(conn, "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 400" && string(answer) != "HTTP/1.1 404" {
			t.Errorf("%q is answered with %q (%v)", first, answer, err)
		}
	}
}

// The preface may come in pieces.
func TestPlainHTTP2InPieces(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	tr := startPlainHTTP2(t, e)
	tr = transport{&http.Client{Transport: &http.Transport{Protocols: plainHTTP2Only(), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &dripping{Conn: conn, left: 30}, err
	}}}, tr.url}
	if got := tr.send(t, call{body: `{"Limit":5}`}); got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
}

func plainHTTP2Only() *http.Protocols {
	only := new(http.Protocols)
	only.SetUnencryptedHTTP2(true)
	return only
}

// dripping writes its first bytes one by one.
type dripping struct {
	net.Conn
	left int
}

func (d *dripping) Write(p []byte) (n int, err error) {
	for ; n < len(p) && d.left > 0 && err == nil; d.left-- {
		var one int
		one, err = d.Conn.Write(p[n : n+1])
		n += one
	}
	if n < len(p) && err == nil {
		var rest int
		rest, err = d.Conn.Write(p[n:])
		n += rest
	}
	return n, err
}

// A request that is under way is answered when the server stops.
func TestShutdownAwaitsPlainHTTP2(t *testing.T) {
	f := newFake()
	e := wire.New(wire.Options{Operations: f.operations()})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := wire.NewServer(e, ln, nil, wire.Limits{})
	served := make(chan error, 1)
	go func() { served <- srv.Serve() }()
	client := &http.Client{Transport: &http.Transport{Protocols: plainHTTP2Only()}}
	status := make(chan int, 1)
	go func() {
		resp, err := client.Do(pollCall().request("http://" + ln.Addr().String()))
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	await(t, f.waiting, "the long poll")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := e.Close(ctx); err != nil { // ends long polls
		t.Error(err)
	}
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := await(t, status, "the answer"); got != http.StatusServiceUnavailable { // so that it is tried again
		t.Errorf("status %d", got)
	}
	if err := await(t, served, "the server"); err != nil {
		t.Error(err)
	}
}
