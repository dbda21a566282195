package wire_test

import (
	"context"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/wire"
)

// An ordinary request is answered like one with something that is not, and the same as
// by net/http.
func TestSameAnswers(t *testing.T) {
	e := wire.New(wire.Options{Operations: newFake().operations()})
	defer e.Close(context.Background())
	own, handed, theirs := startPlain(t, e), startPlain(t, e), startNetHTTP(t, e) // a connection once handed over stays so
	for name, c := range map[string]call{
		"an item":         {target: "DynamoDB_20120810.GetItem", body: `{"TableName":"abc","Key":{"id":{"S":"a"}}}`},
		"a large item":    {target: "DynamoDB_20120810.GetItem", body: `{"TableName":"abc","Key":{"id":{"S":"` + strings.Repeat("a", 40<<10) + `"}}}`},
		"an error":        {target: "DynamoDB_20120810.GetItem", body: `{"TableName":"missing","Key":{"id":{"S":"a"}}}`},
		"a failure":       {target: "DynamoDB_20120810.GetItem", body: `{"TableName":"broken","Key":{"id":{"S":"a"}}}`},
		"a queue's error": {target: "AmazonSQS.SendMessage", body: `{"QueueUrl":"q","MessageBody":"fail AWS.SimpleQueueService.NonExistentQueue"}`},
		"no operation":    {target: "DynamoDB_20120810.Nothing", body: "{}"},
		"no JSON":         {body: "{"},
		"no body":         {},
		"another type":    {contentType: "text/plain", body: "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			first := strip(own.send(t, c))
			c.header = http.Header{"Upgrade": {"x"}} // which fasthttp is to see
			if second := strip(handed.send(t, c)); !reflect.DeepEqual(first, second) {
				t.Errorf("ordinary: %v; not: %v", first, second)
			}
			third := strip(theirs.send(t, c))
			if !reflect.DeepEqual(first, third) {
				t.Errorf("by Server: %v; by net/http: %v", first, third)
			}
		})
	}
}

// strip takes out what is another with each answer.
func strip(a answer) answer {
	for _, name := range []string{"Date", "X-Amzn-Requestid"} {
		if a.header.Get(name) == "" {
			a.header.Set("Missing", name)
		}
		a.header.Del(name)
	}
	return a
}

// A request that is under way when the server stops is answered, as the last of its
// connection.
func TestShutdownAwaitsOrdinary(t *testing.T) {
	f := newFake()
	e := wire.New(wire.Options{Operations: f.operations()})
	defer e.Close(context.Background())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := wire.NewServer(e, ln, nil, wire.Limits{})
	go srv.Serve()
	tr := transport{http.DefaultClient, "http://" + ln.Addr().String()}
	answers := make(chan *http.Response, 1)
	go func() {
		resp, err := tr.Do(pollCall().request(tr.url))
		if err != nil {
			t.Error(err)
			resp = new(http.Response)
		} else {
			resp.Body.Close()
		}
		answers <- resp
	}()
	await(t, f.waiting, "the long poll")
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- srv.Shutdown(ctx)
	}()
	for { // until it has begun
		if _, err := http.Get(tr.url); err != nil {
			break
		}
	}
	f.release <- struct{}{}
	if got := await(t, answers, "the answer"); got.StatusCode != http.StatusOK || !got.Close {
		t.Errorf("status %d, close %v", got.StatusCode, got.Close)
	}
	if err := await(t, stopped, "the end"); err != nil {
		t.Error(err)
	}
}
