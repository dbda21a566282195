package cli

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// post sends a request to a server.
func post(t *testing.T, url, target, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/x/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", target, resp.Status)
	}
}

// check runs levee check.
func check(t *testing.T, want int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e output
	if status := run(t.Context(), append([]string{"check"}, args...), streams{&o, &e}); status != want {
		t.Errorf("status %d, want %d\nout: %s\nerr: %s", status, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

func TestCheck(t *testing.T) {
	dir, saved := t.TempDir(), filepath.Join(t.TempDir(), "saved")
	startServe(t, "--data", dir).end(t) // the first log of a store does not say how far it was synced
	s := startServe(t, "--data", dir)
	post(t, s.url, "DynamoDB_20120810.CreateTable", `{"TableName":"Some","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}`)
	post(t, s.url, "DynamoDB_20120810.PutItem", `{"TableName":"Some","Item":{"k":{"S":"a"}}}`)
	post(t, s.url, "AmazonSQS.CreateQueue", `{"QueueName":"some"}`)
	post(t, s.url, "AmazonSQS.SendMessage", `{"QueueUrl":"http://localhost/111122223333/some","MessageBody":"hello"}`)
	// Damage near the end of a log is taken for the end that a crash tore.
	for range 3 {
		post(t, s.url, "AmazonSQS.SendMessage", `{"QueueUrl":"http://localhost/111122223333/some","MessageBody":"`+strings.Repeat("x", 30_000)+`"}`)
	}
	if _, err := check(t, 1, "--data", dir); !strings.Contains(err, "another process uses") {
		t.Errorf("while a server runs: %s", err)
	}
	s.end(t)
	out, err := check(t, 0, "--data", dir)
	if want := "1 tables: 1 items, 0 index entries, 0 stream records\n1 queues: 4 messages, 0 deduplication ids\n"; out != "" || err != want {
		t.Errorf("out: %s\nerr: %s\nwant: %s", out, err, want)
	}
	damageLog(t, dir)
	if _, err := check(t, 1, "--data", dir); !strings.Contains(err, "damaged") || !strings.Contains(err, "levee check --salvage") {
		t.Errorf("a damaged directory: %s", err)
	}
	var log output
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // it is to end by itself
	defer cancel()
	if status := run(ctx, []string{"serve", "--data", dir, "--addr", "127.0.0.1:0"}, streams{&log, &log}); status != 1 || !strings.Contains(log.String(), ".log") || !strings.Contains(log.String(), "levee check --salvage") {
		t.Errorf("serve of a damaged directory: %d %s", status, log.String())
	}
	if _, err := check(t, 0, "--data", dir, "--salvage", saved); !strings.Contains(err, "1 items and 0 messages") {
		t.Errorf("salvage: %s", err)
	}
	items, readErr := os.ReadFile(filepath.Join(saved, "dynamodb/111122223333/eu-west-1/Some.ndjson"))
	if readErr != nil || string(items) != `{"Item":{"k":{"S":"a"}}}`+"\n" {
		t.Errorf("saved %s, %v", items, readErr)
	}
	if _, err := check(t, 1, "--data", dir, "--salvage", saved); !strings.Contains(err, "exists") {
		t.Errorf("salvage to the same directory: %s", err)
	}
	if _, err := check(t, 1, "--data", t.TempDir()); !strings.Contains(err, "holds no Levee store") {
		t.Errorf("an empty directory: %s", err)
	}
}

// damageLog changes the log of a directory where it tells of the queue, which is
// before its message.
func damageLog(t *testing.T, dir string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	content, err := os.ReadFile(logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte(`"name":"some"`))
	content[at]++
	if err := os.WriteFile(logs[len(logs)-1], content, 0o600); err != nil {
		t.Fatal(err)
	}
}
