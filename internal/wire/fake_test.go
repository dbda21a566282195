package wire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/wire"
)

// fake is an operation table without an engine behind it.
type fake struct {
	waiting chan struct{} // gets a value when ReceiveMessage begins to wait
	left    chan error    // gets the context's error when it stops waiting
	release chan struct{} // lets one ReceiveMessage return without messages
}

func newFake() *fake {
	return &fake{waiting: make(chan struct{}, 8), left: make(chan error, 8), release: make(chan struct{}, 8)}
}

func (f *fake) operations() []api.Operation {
	return []api.Operation{
		api.Op(dynamodbapi.Target, "ListTables", api.Control, "", f.listTables),
		api.Op(dynamodbapi.Target, "GetItem", api.Read, "", f.getItem),
		{Target: dynamodbapi.Target, Name: "DescribeLimits"},
		api.Op(streamsapi.Target, "ListStreams", api.Control, "", f.listStreams),
		api.Op(sqsapi.Target, "SendMessage", api.Write, "", f.sendMessage),
		api.Op(sqsapi.Target, "GetQueueUrl", api.Control, "", f.getQueueURL),
		api.Op(sqsapi.Target, "ReceiveMessage", api.Read, "", f.receiveMessage),
	}
}

// listTables tells who is calling.
func (f *fake) listTables(_ context.Context, c *api.Caller, _ *dynamodbapi.ListTablesInput) (*dynamodbapi.ListTablesOutput, error) {
	return &dynamodbapi.ListTablesOutput{
		TableNames: []string{c.Account, c.Region, c.AccessKey, c.BaseURL, c.RequestID},
	}, nil
}

// getItem returns the key as the item, and an error by the name of the table.
func (f *fake) getItem(_ context.Context, _ *api.Caller, in *dynamodbapi.GetItemInput) (*dynamodbapi.GetItemOutput, error) {
	switch in.TableName.V {
	case "panic":
		panic("a secret of the engine")
	case "unexpected":
		return nil, errors.New("a secret of the engine")
	case "canceled":
		return nil, &api.Error{
			Code: "TransactionCanceledException", Message: "Transaction cancelled",
			Reasons: []api.CancellationReason{
				{Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: attr.ItemOf(in.Key)},
				{Code: "None"},
			},
		}
	case "condition":
		return nil, &api.Error{Code: "ConditionalCheckFailedException", Message: "The conditional request failed", Item: attr.ItemOf(in.Key)}
	case "throttled":
		return nil, &api.Error{
			Code: "ProvisionedThroughputExceededException", Message: "slow down",
			Throttling: []api.ThrottlingReason{{Reason: "TableReadProvisionedThroughputExceeded", Resource: "arn:aws:dynamodb:x"}},
		}
	case "missing":
		return nil, api.Errorf("ResourceNotFoundException", "Requested resource not found")
	case "broken":
		return nil, &api.Error{Code: "InternalServerError", Message: "disk", Fault: api.Server}
	}
	return &dynamodbapi.GetItemOutput{Item: attr.ItemOf(in.Key)}, nil
}

func (f *fake) listStreams(context.Context, *api.Caller, *streamsapi.ListStreamsInput) (*streamsapi.ListStreamsOutput, error) {
	return nil, api.Errorf("ResourceNotFoundException", "Requested resource not found")
}

// sendMessage fails with the error that the body names.
func (f *fake) sendMessage(_ context.Context, _ *api.Caller, in *sqsapi.SendMessageRequest) (*sqsapi.SendMessageResult, error) {
	if code, ok := strings.CutPrefix(in.MessageBody.V, "fail "); ok {
		return nil, api.Errorf(code, "as asked")
	}
	return &sqsapi.SendMessageResult{MessageId: api.Some("m-1")}, nil
}

func (f *fake) getQueueURL(_ context.Context, c *api.Caller, in *sqsapi.GetQueueUrlRequest) (*sqsapi.GetQueueUrlResult, error) {
	return &sqsapi.GetQueueUrlResult{QueueUrl: api.Some(c.BaseURL + "/" + c.Account + "/" + in.QueueName.V)}, nil
}

// receiveMessage waits for the end of its context, or to be released.
func (f *fake) receiveMessage(ctx context.Context, _ *api.Caller, in *sqsapi.ReceiveMessageRequest) (*sqsapi.ReceiveMessageResult, error) {
	if in.WaitTimeSeconds.V == 0 {
		return &sqsapi.ReceiveMessageResult{}, nil
	}
	done := ctx.Done()
	f.waiting <- struct{}{}
	select {
	case <-done:
		f.left <- ctx.Err()
		return nil, ctx.Err()
	case <-f.release:
		return &sqsapi.ReceiveMessageResult{}, nil
	}
}

// doer sends requests by one of the transports.
type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// transport is one way for requests to reach an endpoint.
type transport struct {
	doer
	url string
}

// onTransports runs a test on every adapter of an endpoint.
func onTransports(t *testing.T, opts wire.Options, test func(*testing.T, transport)) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	for name, start := range map[string]func(testing.TB, *wire.Endpoint) transport{
		"net-http": startNetHTTP, "server": startPlain, "in-process": startClient, "tls": startTLS, "http2": startHTTP2, "http2 without tls": startPlainHTTP2,
	} {
		t.Run(name, func(t *testing.T) {
			e := wire.New(opts)
			defer e.Close(context.Background())
			test(t, start(t, e))
		})
	}
}

func startClient(_ testing.TB, e *wire.Endpoint) transport {
	return transport{wire.Client{Endpoint: e}, "http://levee.test:8000"}
}

func startNetHTTP(t testing.TB, e *wire.Endpoint) transport {
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)
	return transport{srv.Client(), srv.URL}
}

func startPlain(t testing.TB, e *wire.Endpoint) transport {
	return startServer(t, e, nil, &http.Transport{DisableCompression: true})
}

func startTLS(t testing.TB, e *wire.Endpoint) transport {
	server, client := certificates(t)
	return startServer(t, e, server, &http.Transport{DisableCompression: true, TLSClientConfig: client, ForceAttemptHTTP2: true})
}

func startHTTP2(t testing.TB, e *wire.Endpoint) transport {
	server, client := certificates(t)
	only := new(http.Protocols)
	only.SetHTTP2(true)
	return startServer(t, e, server, &http.Transport{DisableCompression: true, TLSClientConfig: client, Protocols: only})
}

func startPlainHTTP2(t testing.TB, e *wire.Endpoint) transport {
	only := new(http.Protocols)
	only.SetUnencryptedHTTP2(true)
	return startServer(t, e, nil, &http.Transport{DisableCompression: true, Protocols: only})
}

// certificates returns the two sides of TLS on the loopback address.
func certificates(t testing.TB) (server, client *tls.Config) {
	srv := httptest.NewTLSServer(nil)
	t.Cleanup(srv.Close)
	return &tls.Config{Certificates: srv.TLS.Certificates}, srv.Client().Transport.(*http.Transport).TLSClientConfig
}

func startServer(t testing.TB, e *wire.Endpoint, config *tls.Config, rt *http.Transport) transport {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := wire.NewServer(e, ln, config, wire.Limits{})
	served := make(chan error, 1)
	go func() { served <- srv.Serve() }()
	t.Cleanup(func() {
		rt.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	scheme := "http://"
	if config != nil {
		scheme = "https://"
	}
	return transport{&http.Client{Transport: rt}, scheme + ln.Addr().String()}
}

const (
	testAuth = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	testDate = "20260101T000000Z"
)

// call is a request as a table of tests states it. Zero fields stand for what
// makes a good request.
type call struct {
	method, path, target, body, contentType, auth, date string
	header                                              http.Header
}

// none as a header's value leaves the header out.
const none = "-"

func (c call) request(url string) *http.Request {
	pick := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	r, err := http.NewRequest(pick(c.method, "POST"), url+pick(c.path, "/"), strings.NewReader(c.body))
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{
		"X-Amz-Target":  pick(c.target, "DynamoDB_20120810.ListTables"),
		"Content-Type":  pick(c.contentType, "application/x-amz-json-1.0"),
		"Authorization": pick(c.auth, testAuth),
		"X-Amz-Date":    pick(c.date, testDate),
	} {
		if value != none {
			r.Header.Set(name, value)
		}
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	return r
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (tr transport) send(t testing.TB, c call) answer {
	t.Helper()
	return tr.sendRequest(t, c.request(tr.url))
}

func (tr transport) sendRequest(t testing.TB, r *http.Request) answer {
	t.Helper()
	resp, err := tr.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}
