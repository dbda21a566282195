package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPages sees that both transports serve the console, and the services beside it.
func TestPages(t *testing.T) {
	srv, err := Open(Config{Console: &ConsoleConfig{}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	standard := httptest.NewServer(srv.Endpoint())
	defer standard.Close()
	for _, base := range []string{"http://" + addr.String(), standard.URL} {
		for path, want := range map[string]string{"/_levee": "<h1>Overview</h1>", "/_levee/?q=x": `value="x"`, "/": "healthy"} {
			resp, err := http.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
				t.Errorf("GET %s: %d %v\n%s", path, resp.StatusCode, err, body)
			}
			isPage := path != "/"
			if got := resp.Header.Get("Content-Security-Policy") != ""; got != isPage {
				t.Errorf("GET %s: policy %v", path, got)
			}
			if got := resp.Header.Get("X-Amzn-Requestid") == ""; got != isPage {
				t.Errorf("GET %s: no request id %v", path, got)
			}
		}
	}
}

func TestNoConsole(t *testing.T) {
	srv, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	w := httptest.NewRecorder()
	srv.Endpoint().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_levee/", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
	if _, err := Open(Config{Keys: Keys{}, Console: &ConsoleConfig{}}); err == nil {
		t.Error("a console without a password beside keys")
	}
}
