package sink_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/levee-io/levee/internal/sink"
)

func openDataStreams(t *testing.T, url string) *sink.DataStreams {
	t.Helper()
	d, err := sink.OpenDataStreams(url, credentials.NewStaticCredentialsProvider("k", "secret", ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A stream is asked for by its name, in its region, and is taken when it is there and
// ready.
func TestCheckDataStream(t *testing.T) {
	creating := 1
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, body string) {
		var in struct{ StreamName string }
		if err := json.Unmarshal([]byte(body), &in); err != nil || r.Header.Get("X-Amz-Target") != "Kinesis_20131202.DescribeStreamSummary" ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/kinesis/aws4_request") || r.URL.Path != "/eu-west-1" {
			t.Errorf("%s %s", r.URL, body)
		}
		status := "ACTIVE"
		switch in.StreamName {
		case "missing":
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"com.amazonaws.kinesis.v20131202#ResourceNotFoundException"}`)
			return
		case "denied":
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException","message":"no"}`)
			return
		case "new":
			if creating--; creating >= 0 {
				status = "CREATING"
			}
		case "old":
			status = "DELETING"
		}
		fmt.Fprintf(w, `{"StreamDescriptionSummary":{"StreamStatus":%q}}`, status)
	})
	d := openDataStreams(t, f.URL+"/{region}")
	for name, want := range map[string]string{
		"there": "", "new": "", "missing": "the Kinesis data stream missing does not exist", "denied": `status 400: {"__type":"AccessDeniedException","message":"no"}`,
		"old": "the Kinesis data stream old is DELETING",
	} {
		text := ""
		if err := d.Check(t.Context(), "eu-west-1", name); err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s: %q, want %q", name, text, want)
		}
	}
	if creating >= 0 {
		t.Error("nobody waited for the stream that was being created")
	}
}

func TestOpenDataStreams(t *testing.T) {
	keys := credentials.NewStaticCredentialsProvider("k", "secret", "")
	for _, c := range []struct {
		url  string
		keys aws.CredentialsProvider
	}{{"ftp://host", keys}, {"", nil}} {
		if _, err := sink.OpenDataStreams(c.url, c.keys); err == nil {
			t.Errorf("%q is opened", c.url)
		}
	}
}

// Records of a key come in order though the stream refuses some of them, and one
// request has none twice.
func TestPutRecordsInOrder(t *testing.T) {
	s := new(dataStream)
	f := newFake(t, s.answer)
	turn := 0
	s.trouble = func(string) string {
		if turn++; turn%3 == 1 {
			return "ProvisionedThroughputExceededException"
		}
		return ""
	}
	var keys []string
	var data [][]byte
	for i := range 6 {
		keys, data = append(keys, string('a'+rune(i%2))), append(data, []byte{'0' + byte(i)})
	}
	if errs := openDataStreams(t, f.URL).Put(t.Context(), "eu-west-1", "orders", keys, data); errs != nil {
		t.Fatal(errs)
	}
	slices.SortStableFunc(s.taken, func(a, b string) int { return strings.Compare(a[:1], b[:1]) })
	if got := strings.Join(s.taken, " "); got != "a=0 a=2 a=4 b=1 b=3 b=5" {
		t.Error(got)
	}
	s.trouble = nil
	s.status = func() (int, string) { return http.StatusBadRequest, "ResourceNotFoundException" }
	if errs := openDataStreams(t, f.URL).Put(t.Context(), "eu-west-1", "orders", keys, data); errs[0] == nil || errs[5] == nil {
		t.Error(errs)
	}
}

// Where Kinesis is, is for the operator to know; who describes a table learns only that
// it is not there.
func TestUnreachableDataStreams(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // before it looks again
	defer cancel()
	err := openDataStreams(t, "http://127.0.0.1:1").Check(ctx, "eu-west-1", "s")
	if err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("it says %v", err)
	}
	if why := errors.Unwrap(err); why == nil || !strings.Contains(why.Error(), "127.0.0.1") {
		t.Errorf("the operator learns %v", why)
	}
}
