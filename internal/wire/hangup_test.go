package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/wire"
)

const longPoll = `{"QueueUrl":"q","WaitTimeSeconds":20}`

func pollCall() call { return call{target: "AmazonSQS.ReceiveMessage", body: longPoll} }

// await returns the next value of a channel, and fails the test if none comes.
func await[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("timed out waiting for " + what)
		panic("unreachable")
	}
}

// refusal is an answer where an error was expected.
type refusal struct{ status int }

func (e *refusal) Error() string { return fmt.Sprintf("an answer with status %d", e.status) }

// A long poll whose client goes away ends, and so takes no messages.
func TestClientGoesAway(t *testing.T) {
	f := newFake()
	onTransports(t, wire.Options{Operations: f.operations()}, func(t *testing.T, tr transport) {
		ctx, cancel := context.WithCancel(context.Background())
		failed := make(chan error, 1)
		go func() {
			resp, err := tr.Do(pollCall().request(tr.url).WithContext(ctx))
			if err == nil {
				resp.Body.Close()
				err = &refusal{resp.StatusCode}
			}
			failed <- err
		}()
		await(t, f.waiting, "the long poll")
		cancel()
		if err := await(t, f.left, "the end of the context"); !errors.Is(err, context.Canceled) {
			t.Errorf("the operation's context ended with %v", err)
		}
		// Over TLS a client says that it closes before it stops to listen, so what the server
		// tells a client that is gone may just reach it.
		refused := &refusal{}
		if err := await(t, failed, "the client"); !errors.Is(err, context.Canceled) &&
			(!errors.As(err, &refused) || refused.status != http.StatusServiceUnavailable) {
			t.Errorf("the client got %v", err)
		}
	})
}

// Closing the endpoint ends long polls, and their clients get an answer that
// makes them try again.
func TestCloseEndsLongPolls(t *testing.T) {
	f := newFake()
	e := wire.New(wire.Options{Operations: f.operations()})
	tr := startPlain(t, e)
	answers := make(chan answer, 1)
	go func() { answers <- tr.send(t, pollCall()) }()
	await(t, f.waiting, "the long poll")
	e.Close(context.Background())
	got := await(t, answers, "the answer")
	if got.status != http.StatusServiceUnavailable || got.header.Get("X-Amzn-Query-Error") != "ServiceUnavailable;Receiver" {
		t.Errorf("got %+v", got)
	}
	if got := tr.send(t, call{body: "{}"}); got.status != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d", got.status)
	}
}

// Close does not wait for an operation that ignores its context for longer than
// it is told to.
func TestCloseGivesUp(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	e := wire.New(wire.Options{Operations: []api.Operation{
		api.Op(dynamodbapi.Target, "ListTables", api.Control, "", func(context.Context, *api.Caller, *dynamodbapi.ListTablesInput) (*dynamodbapi.ListTablesOutput, error) {
			close(entered)
			<-leave
			return &dynamodbapi.ListTablesOutput{}, nil
		}),
	}})
	tr := startClient(t, e)
	answers := make(chan answer, 1)
	go func() { answers <- tr.send(t, call{body: "{}"}) }()
	await(t, entered, "the operation")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with an operation running: %v", err)
	}
	close(leave)
	if got := await(t, answers, "the answer"); got.status != 200 {
		t.Errorf("the operation was answered with %d", got.status)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

// Requests on a connection that was watched during a long poll are whole, whether
// they came while it was watched or after it: no byte of them is swallowed.
func TestConnectionOfLongPoll(t *testing.T) {
	f := newFake()
	e := wire.New(wire.Options{Operations: f.operations()})
	defer e.Close(context.Background())
	tr := startPlain(t, e)
	conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	expect := func(body string) {
		t.Helper()
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(got), body) {
			t.Errorf("got %d %s, %v", resp.StatusCode, got, err)
		}
	}
	for _, early := range []bool{true, false, true} {
		fmt.Fprint(conn, rawRequest("AmazonSQS.ReceiveMessage", longPoll))
		await(t, f.waiting, "the long poll")
		if early {
			fmt.Fprint(conn, rawRequest("DynamoDB_20120810.ListTables", "{}"))
			time.Sleep(20 * time.Millisecond) // for the byte to be met; without it, the test is only weaker
		}
		f.release <- struct{}{}
		expect("{}")
		if !early {
			fmt.Fprint(conn, rawRequest("DynamoDB_20120810.ListTables", "{}"))
		}
		expect("TableNames")
	}
}

func rawRequest(target, body string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: levee\r\nX-Amz-Target: %s\r\nContent-Type: application/x-amz-json-1.0\r\n"+
		"Authorization: %s\r\nX-Amz-Date: %s\r\nContent-Length: %d\r\n\r\n%s", target, testAuth, testDate, len(body), body)
}

// Requests that are not HTTP, or too much of it, are refused by the server.
func TestRefused(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	defer e.Close(context.Background())
	tr := startPlain(t, e)
	for name, tt := range map[string]struct {
		request string
		status  int
	}{
		"garbage":        {"\x16\x03\x01\x02\x00\r\n\r\n", 400},
		"large head":     {"POST / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", 431},
		"negative body":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
		"two lengths":    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		"huge body":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413},
		"broken chunks":  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		"proxy request":  {"POST http://other/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
		"no target, 1.0": {"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, tt.request)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
		})
	}
}
