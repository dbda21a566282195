package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/lambda"
)

func TestStableID(t *testing.T) {
	id := func(request, payload string) string {
		return stableID(&lambda.Invocation{RequestID: request, Payload: []byte(payload)})
	}
	first := id("r1", `{"Records":[{"messageId":"m1","receiptHandle":"a"},{"messageId":"m2"}]}`)
	for _, c := range []struct {
		name, payload string
		same          bool
	}{
		{"received again", `{"Records":[{"messageId":"m1","receiptHandle":"b"},{"messageId":"m2"}]}`, true},
		{"another order", `{"Records":[{"messageId":"m2"},{"messageId":"m1"}]}`, false},
		{"half of it", `{"Records":[{"messageId":"m1"}]}`, false},
		{"records of a stream", `{"Records":[{"eventID":"m1"},{"eventID":"m2"}]}`, false},
	} {
		if got := id("r2", c.payload); (got == first) != c.same || got == "r2" {
			t.Errorf("%s: got %s after %s", c.name, got, first)
		}
	}
	for _, payload := range []string{`1`, `{}`, `{"Records":[]}`, `{"Records":[{"x":1}]}`, `{"Records":7}`} {
		if got := id("r3", payload); got != "r3" {
			t.Errorf("%s: got %s, want the id of the request", payload, got)
		}
	}
}

// The signature was computed with openssl dgst -sha256 -hmac.
func TestSign(t *testing.T) {
	h := http.Header{}
	sign(h, "secret", &lambda.Invocation{RequestID: "r1", Payload: []byte(`{"a":1}`)}, time.Unix(1700000000, 0))
	for name, want := range map[string]string{
		"webhook-id":        "r1",
		"webhook-timestamp": "1700000000",
		"webhook-signature": "v1,XOeQaxprFOeB1wE+5wWVRRx8/VjabaT8EFDTgW4019w=",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestEndpointIsSigned(t *testing.T) {
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer srv.Close()
	for _, key := range []string{"", "secret"} {
		e := newEndpoint(&lambda.Spec{Target: srv.URL, Env: map[string]string{signingKey: key}, Log: io.Discard})
		if _, err := e.Invoke(t.Context(), &lambda.Invocation{RequestID: "r1", Payload: []byte(`1`)}); err != nil {
			t.Fatal(err)
		}
		if signed := got.Get("Webhook-Signature") != ""; signed != (key != "") {
			t.Errorf("key %q: signed %v", key, signed)
		}
	}
}
