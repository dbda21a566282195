package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/wire"
)

// quiet is a configuration in memory that logs nothing.
func quiet() server.Config {
	return server.Config{Logger: slog.New(slog.DiscardHandler)}
}

func open(t testing.TB, cfg server.Config) *server.Server {
	t.Helper()
	srv, err := server.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, srv) })
	return srv
}

func closeNow(t testing.TB, srv *server.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func listen(t testing.TB, srv *server.Server) string {
	t.Helper()
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return addr.String()
}

func request(target, url, body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=00")
	return r
}

// do sends a request in process and returns the body of the answer.
func do(t testing.TB, srv *server.Server, target, body string) string {
	t.Helper()
	resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(request(target, "http://levee/", body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", target, resp.StatusCode, text, err)
	}
	return string(text)
}

const queueURL = "http://levee/000000000000/q"

// A client that vanishes while it waits does not take the next message with it.
func TestVanishedReceiver(t *testing.T) {
	received := make(chan struct{}, 1)
	cfg := quiet()
	cfg.Observe = func(o wire.Observation) {
		if o.Target == "AmazonSQS.ReceiveMessage" {
			select {
			case received <- struct{}{}:
			default:
			}
		}
	}
	srv := open(t, cfg)
	addr := listen(t, srv)
	do(t, srv, "AmazonSQS.CreateQueue", `{"QueueName":"q"}`)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	poll := request("AmazonSQS.ReceiveMessage", "http://"+addr, `{"QueueUrl":"`+queueURL+`","WaitTimeSeconds":20}`)
	if err := poll.Write(conn); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case <-received:
	case <-time.After(10 * time.Second):
		t.Fatal("the long poll goes on without its client")
	}
	do(t, srv, "AmazonSQS.SendMessage", `{"QueueUrl":"`+queueURL+`","MessageBody":"hello"}`)
	if got := do(t, srv, "AmazonSQS.ReceiveMessage", `{"QueueUrl":"`+queueURL+`"}`); !strings.Contains(got, `"hello"`) {
		t.Errorf("received %s", got)
	}
}

// Scaling knows the tables that there are, and its errors have its own form.
func TestScalingOverTheWire(t *testing.T) {
	srv := open(t, quiet())
	setUp(t, srv)
	const target = "AnyScaleFrontendService.RegisterScalableTarget"
	body := func(table string) string {
		return `{"ServiceNamespace":"dynamodb","ResourceId":"table/` + table + `","ScalableDimension":"dynamodb:table:ReadCapacityUnits","MinCapacity":1,"MaxCapacity":2}`
	}
	do(t, srv, target, body("abc"))
	resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(request(target, "http://levee/", body("none")))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	if want := `{"__type":"ValidationException","Message":"DynamoDB table does not exist: table/none"}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

// A search of a vector index has its own shapes on the wire.
func TestSearchVectorsOverTheWire(t *testing.T) {
	srv := open(t, quiet())
	do(t, srv, "DynamoDB_20120810.CreateTable", `{"TableName":"docs","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"VectorIndexes":[{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Projection":{"ProjectionType":"KEYS_ONLY"},"Dimensions":2,"DistanceFunction":"DOT_PRODUCT"}]}`)
	for id, x := range map[string]string{"a": "1", "b": "2.5"} {
		do(t, srv, "DynamoDB_20120810.PutItem", `{"TableName":"docs","Item":{"id":{"S":"`+id+`"},"v":{"L":[{"N":"`+x+`"},{"N":"0"}]}}}`)
	}
	got := do(t, srv, "DynamoDB_20120810.SearchVectors", `{"TableName":"docs","IndexName":"near","SearchVector":[{"N":"2"},{"N":"1"}],"TopK":2}`)
	if want := `{"SearchResults":[{"Item":{"id":{"S":"b"}},"Score":5.0},{"Item":{"id":{"S":"a"}},"Score":2.0}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Provisioned tables have replicas once they scale, and both services tell the
// same of how they do.
func TestReplicasScale(t *testing.T) {
	srv := open(t, quiet())
	const create = `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`
	const add = `{"TableName":"abc","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1"}}]}`
	const capacity = `"ServiceNamespace":"dynamodb","ResourceId":"table/abc","ScalableDimension":"dynamodb:table:WriteCapacityUnits"`
	do(t, srv, "DynamoDB_20120810.CreateTable", create)
	resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(request("DynamoDB_20120810.UpdateTable", "http://levee/", add))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(text), "Table write capacity should either be Pay-Per-Request or AutoScaled.") {
		t.Errorf("without scaling: %s", text)
	}
	do(t, srv, "AnyScaleFrontendService.RegisterScalableTarget", `{`+capacity+`,"MinCapacity":1,"MaxCapacity":10}`)
	do(t, srv, "AnyScaleFrontendService.PutScalingPolicy", `{`+capacity+`,"PolicyName":"p","PolicyType":"TargetTrackingScaling","TargetTrackingScalingPolicyConfiguration":{"TargetValue":70,"PredefinedMetricSpecification":{"PredefinedMetricType":"DynamoDBWriteCapacityUtilization"}}}`)
	do(t, srv, "DynamoDB_20120810.UpdateTable", add)
	update := do(t, srv, "DynamoDB_20120810.UpdateTableReplicaAutoScaling", `{"TableName":"abc","ProvisionedWriteCapacityAutoScalingUpdate":{"MinimumUnits":2,"MaximumUnits":20,"ScalingPolicyUpdate":{"TargetTrackingScalingPolicyConfiguration":{"TargetValue":50}}}}`)
	if n := strings.Count(update, `"MinimumUnits":2,"MaximumUnits":20`); n != 2 {
		t.Errorf("%d replicas scale, want 2: %s", n, update)
	}
	if got := do(t, srv, "AnyScaleFrontendService.DescribeScalingPolicies", `{"ServiceNamespace":"dynamodb"}`); !strings.Contains(got, `"PolicyName":"DynamoDBWriteCapacityUtilization:table/abc"`) || !strings.Contains(got, `"TargetValue":50.0`) {
		t.Errorf("policies: %s", got)
	}
	do(t, srv, "DynamoDB_20120810.UpdateTableReplicaAutoScaling", `{"TableName":"abc","ProvisionedWriteCapacityAutoScalingUpdate":{"AutoScalingDisabled":true}}`)
	if got := do(t, srv, "DynamoDB_20120810.DescribeTableReplicaAutoScaling", `{"TableName":"abc"}`); strings.Contains(got, "MinimumUnits") || !strings.Contains(got, `"AutoScalingDisabled":true,"ScalingPolicies":[]`) {
		t.Errorf("after all: %s", got)
	}
}

// A malformed request changes nothing and is no failure of the server.
func TestMalformedChangesNothing(t *testing.T) {
	srv := open(t, quiet())
	setUp(t, srv)
	before := state(t, srv)
	client := wire.Client{Endpoint: srv.Endpoint()}
	for _, target := range []string{
		"DynamoDB_20120810.PutItem", "DynamoDB_20120810.TransactWriteItems", "DynamoDB_20120810.BatchWriteItem",
		"DynamoDB_20120810.UpdateItem", "DynamoDB_20120810.CreateTable",
		"AmazonSQS.SendMessage", "AmazonSQS.DeleteQueue", "AmazonSQS.CreateQueue", "AmazonSQS.PurgeQueue",
	} {
		for _, body := range []string{
			"", "x", "{", "[]", "null", `"a"`, "{}", `{"TableName":1}`, `{"TableName":"abc","Item":{"id":{"N":"x"}}}`,
			`{"TableName":"abc","Item":{"id":{"S":"new"}}`, `{"TableName":"abc","Item":{"id":{"S":"new"}}} {}`,
			`{"TableName":"abc","Item":{"id":{"S":"new","N":"1"}}}`, `{"QueueUrl":"` + queueURL + `","MessageBody":"a"`,
			`{"QueueUrl":{}}`, "{\"QueueUrl\":\"\xff\"}", strings.Repeat(`{"a":`, 200),
		} {
			resp, err := client.Do(request(target, "http://levee/", body))
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode < 400 || resp.StatusCode >= 500 {
				text, _ := io.ReadAll(resp.Body)
				t.Errorf("%s %s: %d %s", target, body, resp.StatusCode, text)
			}
		}
	}
	if after := state(t, srv); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
}

// setUp makes a table with a stream and an item, and a queue with a message.
func setUp(t testing.TB, srv *server.Server) {
	t.Helper()
	do(t, srv, "DynamoDB_20120810.CreateTable", `{"TableName":"abc","BillingMode":"PAY_PER_REQUEST",
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
	do(t, srv, "DynamoDB_20120810.PutItem", `{"TableName":"abc","Item":{"id":{"S":"a"},"n":{"N":"1"}}}`)
	do(t, srv, "AmazonSQS.CreateQueue", `{"QueueName":"q"}`)
	do(t, srv, "AmazonSQS.SendMessage", `{"QueueUrl":"`+queueURL+`","MessageBody":"hello"}`)
}

// state is what there is, as text.
func state(t testing.TB, srv *server.Server) string {
	t.Helper()
	return strings.Join([]string{
		do(t, srv, "DynamoDB_20120810.ListTables", `{}`),
		do(t, srv, "DynamoDB_20120810.Scan", `{"TableName":"abc"}`),
		do(t, srv, "AmazonSQS.ListQueues", `{}`),
		do(t, srv, "AmazonSQS.GetQueueAttributes", `{"QueueUrl":"`+queueURL+`","AttributeNames":["ApproximateNumberOfMessages"]}`),
	}, "\n")
}

// Clients of every transport at once, and a Close in the middle of them: no
// answer is a failure of the server other than that it closes.
func TestCloseUnderLoad(t *testing.T) {
	var log logBuffer
	srv, err := server.Open(server.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	setUp(t, srv)
	addr := listen(t, srv)
	var clients sync.WaitGroup
	var started sync.WaitGroup
	for i := range 8 {
		started.Add(1)
		clients.Go(func() { load(t, srv, "http://"+addr, i, started.Done) })
	}
	started.Wait()
	closeNow(t, srv)
	clients.Wait()
	if text := log.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("logged: %s", text)
	}
}

// load sends requests until the server closes. It calls warm after the first few.
func load(t *testing.T, srv *server.Server, url string, i int, warm func()) {
	type doer interface {
		Do(*http.Request) (*http.Response, error)
	}
	var client doer = wire.Client{Endpoint: srv.Endpoint()}
	if i%2 == 0 {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client = &http.Client{Transport: transport}
	}
	requests := [][2]string{
		{"DynamoDB_20120810.UpdateItem", `{"TableName":"abc","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :o","ExpressionAttributeValues":{":o":{"N":"1"}}}`},
		{"DynamoDB_20120810.GetItem", `{"TableName":"abc","Key":{"id":{"S":"a"}},"ConsistentRead":true}`},
		{"AmazonSQS.SendMessage", `{"QueueUrl":"` + queueURL + `","MessageBody":"x"}`},
		{"AmazonSQS.ReceiveMessage", `{"QueueUrl":"` + queueURL + `","WaitTimeSeconds":20}`},
	}
	for n := 0; ; n++ {
		if n == 12 {
			warm()
		}
		r := requests[n%len(requests)]
		resp, err := client.Do(request(r[0], url, r[1]))
		if err != nil {
			if n < 12 {
				t.Errorf("request %d: %v", n, err)
				warm()
			}
			return // the listener is closed
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			return
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s, %v", r[0], resp.StatusCode, text, err)
			return
		}
	}
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestClosed(t *testing.T) {
	srv := open(t, quiet())
	addr := listen(t, srv)
	closeNow(t, srv)
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("a closed server listens")
	}
	if _, err := srv.Listen("127.0.0.1:0"); err == nil {
		t.Error("a closed server begins to listen")
	}
	resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(request("DynamoDB_20120810.ListTables", "http://levee/", "{}"))
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a request after Close: %v, %v", resp, err)
	}
}

// The data outlives the server.
func TestReopen(t *testing.T) {
	cfg := quiet()
	cfg.Dir = t.TempDir()
	srv := open(t, cfg)
	setUp(t, srv)
	if _, err := server.Open(cfg); err == nil {
		t.Error("two servers have one directory")
	}
	want := state(t, srv)
	closeNow(t, srv)
	if got := state(t, open(t, cfg)); got != want {
		t.Errorf("before: %s\nafter: %s", want, got)
	}
}

func TestOpenFails(t *testing.T) {
	cfg := quiet()
	cfg.Dir = fmt.Sprintf("%s/\x00", t.TempDir())
	if srv, err := server.Open(cfg); err == nil {
		closeNow(t, srv)
		t.Error("a directory that cannot be is opened")
	}
}
