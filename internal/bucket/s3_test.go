package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

type (
	ctx = context.Context
	seq = iter.Seq2[string, error]
)

// fakeS3 is as much of the service as the client needs, with pages of two keys.
type fakeS3 struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string]string // guarded by mu
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	sum := sha256.Sum256(body)
	if auth := r.Header.Get("Authorization"); !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=key/") || !strings.Contains(auth, "/eu-west-1/s3/aws4_request") ||
		r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		f.t.Errorf("%s %s: not signed: %v", r.Method, r.URL, r.Header)
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	object, found := f.objects[key]
	switch {
	case bucket == "locked":
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
	case bucket != "exports":
		http.Error(w, "<Error><Code>NoSuchBucket</Code></Error>", http.StatusNotFound)
	case r.Method == http.MethodPut:
		f.objects[key] = string(body)
	case key == "":
		f.list(w, r)
	case found:
		io.WriteString(w, object)
	default:
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
	}
}

func (f *fakeS3) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var keys []string
	for key := range f.objects {
		if strings.HasPrefix(key, q.Get("prefix")) && key > q.Get("continuation-token") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var page listing
	for _, key := range keys[:min(2, len(keys))] {
		page.Contents = append(page.Contents, struct{ Key string }{key})
		page.NextContinuationToken = key
	}
	page.IsTruncated = len(keys) > 2
	xml.NewEncoder(w).EncodeElement(page, xml.StartElement{Name: xml.Name{Local: "ListBucketResult"}})
}

func newS3(t *testing.T) *S3 {
	srv := httptest.NewServer(&fakeS3{t: t, objects: map[string]string{}})
	t.Cleanup(srv.Close)
	var keys aws.CredentialsProvider = credentials.NewStaticCredentialsProvider("key", "secret", "")
	s, err := NewS3(srv.URL+"/", "eu-west-1", keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestS3(t *testing.T) {
	s := newS3(t)
	checkStore(t, s)
	if err := s.Put(t.Context(), "locked", "x", nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("put into locked: %v", err)
	}
	if _, err := NewS3("localhost:9000", "", nil); err == nil {
		t.Error("an endpoint without scheme")
	}
}
