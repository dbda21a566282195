package server

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/wire"
)

// queuesOf is a client of the queues of a server.
func queuesOf(s *Server) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("111122223333", "x", ""),
		BaseEndpoint: aws.String("http://levee.test"), HTTPClient: wire.Client{Endpoint: s.Endpoint()},
	})
}

func sendOne(t *testing.T, s *Server, name, body string) {
	t.Helper()
	client := queuesOf(s)
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}

func openDisk(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestAdmin(t *testing.T) {
	s := openDisk(t, filepath.Join(t.TempDir(), "data"))
	sendOne(t, s, "orders", "one")
	h := s.Admin(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	status, text := get(t, h, "/metrics")
	if status != 200 {
		t.Fatalf("status %d: %s", status, text)
	}
	for _, want := range []string{
		`levee_queues 1`, `levee_tables 0`, `levee_queue_messages_visible{account="111122223333",queue="orders",region="eu-west-1"} 1`,
		`levee_queue_messages_sent_total{account="111122223333",queue="orders",region="eu-west-1"} 1`,
		"levee_store_disk_bytes ", "levee_store_sync_seconds_count ", "go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the metrics", want)
		}
	}
	if status, text := get(t, h, "/healthz"); status != 200 || text != `{"status":"ok"}`+"\n" {
		t.Errorf("health: %d %s", status, text)
	}
}

// A backup holds what was acknowledged, and restoring it gives a server with that.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	s := openDisk(t, filepath.Join(dir, "data"))
	sendOne(t, s, "orders", "before")
	_, archive := get(t, s.Admin(prometheus.NewRegistry(), slog.New(slog.DiscardHandler)), "/backup")
	sendOne(t, s, "orders", "after")

	copied := filepath.Join(dir, "copy")
	if err := Restore(strings.NewReader(archive), copied); err != nil {
		t.Fatal(err)
	}
	client := queuesOf(openDisk(t, copied))
	q, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != "before" {
		t.Errorf("received %v, %v", got, err)
	}

	if err := Restore(strings.NewReader(archive), copied); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over what is there: %v", err)
	}
	for name, text := range map[string]string{"nothing": "", "half": archive[:len(archive)/2], "noise": strings.Repeat("x", 2048)} {
		made := filepath.Join(dir, name)
		if err := Restore(strings.NewReader(text), made); err == nil {
			t.Errorf("%s was restored", name)
		}
		if left, _ := filepath.Glob(made); len(left) != 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
}

func TestBackupOfMemory(t *testing.T) {
	s := openDisk(t, "")
	if err := s.Backup(io.Discard); !errors.Is(err, kv.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if status, text := get(t, s.Admin(prometheus.NewRegistry(), slog.New(slog.DiscardHandler)), "/backup"); status != http.StatusNotImplemented || !strings.Contains(text, "memory") {
		t.Errorf("%d %s", status, text)
	}
}

// An archive cannot write outside its directory.
func TestRestoreOfHostileArchive(t *testing.T) {
	var b bytes.Buffer
	writeHostile(t, &b)
	dir := t.TempDir()
	if err := Restore(&b, filepath.Join(dir, "data")); !errors.Is(err, errNoBackup) {
		t.Errorf("%v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 0 {
		t.Errorf("it made %v", found)
	}
}

func writeHostile(t *testing.T, w io.Writer) {
	t.Helper()
	out := tar.NewWriter(w)
	if err := out.WriteHeader(&tar.Header{Name: "../outside", Size: 1, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
