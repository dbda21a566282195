package wire_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/wire"
)

// Who speaks both gets HTTP/1.1, who speaks only HTTP/2 gets that.
func TestProtocol(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	for want, tr := range map[string]transport{"HTTP/1.1": startTLS(t, e), "HTTP/2.0": startHTTP2(t, e)} {
		resp, err := tr.Do(call{body: `{"Limit":5}`}.request(tr.url))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Proto != want || resp.StatusCode != http.StatusOK {
			t.Errorf("%s and status %d, want %s", resp.Proto, resp.StatusCode, want)
		}
	}
}

// A client that never begins its handshake keeps nobody from being served, and
// one without TLS is turned away.
func TestTLSHandshake(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	tr := startTLS(t, e)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	dial() // and say nothing
	plain := dial()
	if _, err := plain.Write([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 16)
	if n, err := plain.Read(answer); err == nil && answer[0] != 21 { // an alert, if anything
		t.Errorf("a client without TLS got %q", answer[:n])
	}
	if got := tr.send(t, call{body: `{"Limit":5}`}); got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
}
