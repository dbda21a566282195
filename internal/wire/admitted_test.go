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

// The bodies of all requests of HTTP/2 connections have one bound: what is beyond it is
// refused, and served once there is room again.
func TestBodiesOfHTTP2(t *testing.T) {
	const room = 1 << 20
	e := wire.New(wire.Options{Operations: newFake().operations()})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := wire.NewServer(e, ln, nil, wire.Limits{BodyBytes: room})
	go func() { _ = srv.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{Protocols: plainHTTP2Only(), ExpectContinueTimeout: 10 * time.Second}}
	url := "http://" + ln.Addr().String()
	send := func(body io.Reader, length int64) int {
		req := call{body: "{}"}.request(url)
		req.Body, req.ContentLength = io.NopCloser(body), length
		req.Header.Set("Expect", "100-continue") // so that a body is read only where it is let in
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	half, rest := io.Pipe()
	slow := make(chan int, 1)
	go func() { slow <- send(half, room) }()
	if _, err := io.WriteString(rest, "{"); err != nil { // it is under way
		t.Fatal(err)
	}
	large := strings.Repeat(" ", room-2) + "{}"
	for _, body := range []string{large, "{}"} {
		if got := send(strings.NewReader(body), int64(len(body))); got != http.StatusServiceUnavailable {
			t.Errorf("status %d with a body too many, of %d bytes", got, len(body))
		}
	}
	if _, err := io.WriteString(rest, "}"+strings.Repeat(" ", room-2)); err != nil {
		t.Fatal(err)
	}
	rest.Close()
	if got := await(t, slow, "the answer"); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := send(strings.NewReader(large), room); got != http.StatusOK {
		t.Errorf("status %d once there is room again", got)
	}
}
