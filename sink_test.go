package levee_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/levee-io/levee"
)

// createPipe makes a pipe from a queue of the account and region of AWSConfig.
func createPipe(t *testing.T, srv *levee.Server, name, queue, sink string) {
	t.Helper()
	body := `{"Source":"arn:aws:sqs:us-east-1:000000000000:` + queue + `","Target":"arn:aws:levee:::sink/` + sink +
		`","RoleArn":"arn:aws:iam::000000000000:role/pipes","TargetParameters":{"InputTemplate":"<$.body>"}}`
	cfg := srv.AWSConfig()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *cfg.BaseEndpoint+"/v1/pipes/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, "UNSIGNED-PAYLOAD", "pipes", cfg.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := cfg.HTTPClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
}

// A pipe leads to a func of the program, which gets again what it refuses, and to what
// else is declared; all are closed with the server.
func TestSinks(t *testing.T) {
	got, posted := make(chan levee.SinkEvent, 10), make(chan string, 10)
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { posted <- r.Header.Get("X-Key") }))
	t.Cleanup(endpoint.Close)
	dir := t.TempDir()
	tries := 0
	srv := &levee.Server{Sinks: map[string]levee.Sink{
		"func": levee.SinkFunc(func(_ context.Context, events []levee.SinkEvent) []error {
			if tries++; tries == 1 {
				panic("this is no way to refuse")
			}
			got <- events[0]
			return nil
		}),
		"hook":    levee.HTTPSink{URL: endpoint.URL, Headers: map[string]string{"X-Key": "$literal"}},
		"archive": levee.FilesSink{Dir: dir, Format: "parquet", Columns: []levee.SinkColumn{{Name: "n", Path: "$.n", Type: "long"}}},
		"stream":  levee.KinesisSink{Stream: "s", AWS: &aws.Config{Region: "eu-west-1", Credentials: new(levee.Server).AWSConfig().Credentials}},
		"search":  levee.OpenSearchSink{URL: endpoint.URL, Index: "x", User: "u", Password: "p"},
		"topic":   levee.KafkaSink{Brokers: []string{"127.0.0.1:1"}, Topic: "t", Mechanism: "PLAIN", User: "u", Password: "p"},
	}}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	queues := sqs.NewFromConfig(srv.AWSConfig())
	for _, name := range []string{"func", "hook", "archive"} {
		made, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"VisibilityTimeout": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		createPipe(t, srv, name, name, name)
		if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String(`{"n":1}`), MessageGroupId: aws.String("g")}); err != nil {
			t.Fatal(err)
		}
	}
	if e := <-got; string(e.Data) != `{"n":1}` || e.Key != "g" || e.ID == "" || e.Time.IsZero() {
		t.Errorf("event %+v", e)
	}
	if key := <-posted; key != "$literal" {
		t.Errorf("header %q", key)
	}
	for ; ; time.Sleep(10 * time.Millisecond) {
		if names, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", "*.unfinished")); len(names) == 1 {
			if info, err := os.Stat(names[0]); err == nil && info.Size() > 0 {
				break
			}
		}
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", "*.parquet")); len(names) != 1 {
		t.Errorf("files %v", names)
	}
}

func TestSinksAreChecked(t *testing.T) {
	for name, s := range map[string]levee.Sink{
		"http": levee.HTTPSink{}, "opensearch": levee.OpenSearchSink{}, "kinesis": levee.KinesisSink{}, "kafka": levee.KafkaSink{}, "files": levee.FilesSink{}, "none": nil,
	} {
		srv := &levee.Server{Sinks: map[string]levee.Sink{name: s}}
		if err := srv.Start(); err == nil || errors.Is(err, levee.ErrNotStarted) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
