package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// client has the SDK's clients of one namespace. They do not retry: an error is
// seen by the test.
type client struct {
	account string
	region  string
	server  *server

	db      *dynamodb.Client
	streams *dynamodbstreams.Client
	sqs     *sqs.Client
	lambda  *lambda.Client
	pipes   *pipes.Client
	logs    *cloudwatchlogs.Client
}

var accounts atomic.Int64

// newAccount returns an account that no other test uses.
func newAccount() string { return fmt.Sprintf("%012d", 100_000_000_000+accounts.Add(1)) }

var transport = &http.Client{Transport: patient{&http.Transport{MaxIdleConnsPerHost: 64}}}

// patient keeps a race between the SDK and net/http out of the tests. The SDK
// closes the body of a request when it has the head of the response; if net/http
// is just asking that body for more than its length, WriteTo of the SDK's reader
// answers io.EOF, which net/http takes for an error and closes the connection in
// the middle of the response. It takes a server that answers within microseconds.
// A body without WriteTo is read with Read, where io.EOF is no error.
type patient struct{ http.RoundTripper }

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.RoundTripper.RoundTrip(r)
}

func newClient(s *server, account, region string) *client {
	return newClientWithSecret(s, account, "secret", region)
}

func newClientWithSecret(s *server, key, secret, region string) *client {
	cfg := aws.Config{
		Region:           region,
		BaseEndpoint:     aws.String(s.url()),
		Credentials:      credentials.NewStaticCredentialsProvider(key, secret, ""),
		HTTPClient:       transport,
		RetryMaxAttempts: 1,
	}
	return &client{
		account: key, region: region, server: s,
		db:      dynamodb.NewFromConfig(cfg),
		streams: dynamodbstreams.NewFromConfig(cfg),
		sqs:     sqs.NewFromConfig(cfg),
		lambda:  lambda.NewFromConfig(cfg),
		pipes:   pipes.NewFromConfig(cfg),
		logs:    cloudwatchlogs.NewFromConfig(cfg),
	}
}

// ctx ends with the test, and bounds a call that never answers.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return c
}

// answer is what a call returned.
type answer[T any] struct {
	v   T
	err error
}

func try[T any](v T, err error) answer[T] { return answer[T]{v, err} }

// must is the value of a call that has to succeed.
func (a answer[T]) must(t testing.TB) T {
	t.Helper()
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.v
}

// wantError checks the type that the SDK gives an error, and its message.
func wantError[E smithy.APIError](t testing.TB, err error, message string) E {
	t.Helper()
	var typed E
	if !errors.As(err, &typed) {
		t.Fatalf("got error %v; want a %T", err, typed)
	}
	if got := typed.ErrorMessage(); got != message {
		t.Errorf("%T says\n\t%s\nwant\n\t%s", typed, got, message)
	}
	return typed
}

// wantCode checks an error that the model of the service does not declare.
func wantCode(t testing.TB, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("got error %v; want %s: %s", err, code, message)
	}
	if e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("got\n\t%s: %s\nwant\n\t%s: %s", e.ErrorCode(), e.ErrorMessage(), code, message)
	}
}

func wantInvalid(t testing.TB, err error, message string) {
	t.Helper()
	wantCode(t, err, "ValidationException", message)
}

func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %s\nwant %s", what, show(got), show(want))
	}
}

// eventually asks until the answer is yes: for what the service does in its own
// time. It does not bound how long that should take.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if yes() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

func asError[E error](err error, target *E) bool { return err != nil && errors.As(err, target) }
