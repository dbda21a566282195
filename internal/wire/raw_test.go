package wire_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/wire"
)

// Requests that few clients send, and HTTP allows, are answered like any other,
// each as often as it was sent.
func TestRareForms(t *testing.T) {
	const target = "DynamoDB_20120810.ListTables"
	usual := rawRequest(target, "{}")
	with := func(header, body string) string {
		return strings.Replace(usual, "Content-Length: 2\r\n\r\n{}", header+"\r\n\r\n"+body, 1)
	}
	tests := map[string]struct {
		requests string
		answers  int
	}{
		"pipelined":          {usual + usual + usual, 3},
		"HTTP/1.0":           {strings.Replace(usual, "HTTP/1.1", "HTTP/1.0", 1), 1},
		"chunked":            {with("Transfer-Encoding: chunked", "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), 1},
		"chunked, pipelined": {with("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n") + usual, 2},
		"expect":             {with("Expect: 100-continue\r\nContent-Length: 2", "{}") + usual, 2},
		"second target":      {with("X-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: 2", "{}"), 1},
		"many headers":       {with(strings.Repeat("a: b\r\n", 1000)+"Content-Length: 2", "{}"), 1},
		"after a GET":        {"GET /healthz HTTP/1.1\r\nHost: levee\r\nContent-Length: 2\r\n\r\n{}" + usual, 2},
	}
	e := wire.New(wire.Options{Operations: newFake().operations()})
	defer e.Close(context.Background())
	for server, start := range map[string]func(testing.TB, *wire.Endpoint) transport{"net-http": startNetHTTP, "server": startPlain} {
		tr := start(t, e)
		for name, tt := range tests {
			t.Run(server+"/"+name, func(t *testing.T) {
				if got := sendRaw(t, tr, tt.requests); got != tt.answers {
					t.Errorf("%d answers, want %d", got, tt.answers)
				}
			})
		}
	}
}

// sendRaw sends bytes, says that no more come, and counts the answers, which must
// be good.
func sendRaw(t *testing.T, tr transport, requests string) (answers int) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, requests)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers
		}
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusContinue:
		case http.StatusOK:
			answers++
		default:
			t.Errorf("status %d", resp.StatusCode)
		}
	}
}
