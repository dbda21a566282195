package wire_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/levee-io/levee/internal/wire"
)

func TestPages(t *testing.T) {
	e := wire.New(wire.Options{
		Operations: newFake().operations(), Logger: slog.New(slog.DiscardHandler),
		Pages: func(_ context.Context, req *wire.Request, resp *wire.Response) {
			if req.Path == "/_levee/panic" {
				panic("a secret of the page")
			}
			resp.Status = http.StatusTeapot
			resp.Body = append(resp.Body, req.Path...)
		},
	})
	ask := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code, w.Body.String()
	}
	for path, want := range map[string]int{
		"/_levee": 418, "/_levee/": 418, "/_levee/a/b": 418, "/_levee/panic": 500, "/_leveex": 404, "/": 200, "/healthz": 200,
	} {
		status, body := ask(http.MethodGet, path)
		if status != want || want == 418 && body != path || want == 500 && body != "" {
			t.Errorf("GET %s: %d %q", path, status, body)
		}
	}
	if status, _ := ask(http.MethodPost, "/_levee/x"); status != 418 {
		t.Errorf("POST: %d", status)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(http.MethodGet, "/_levee/"); status != 503 {
		t.Errorf("closed: %d", status)
	}
}
