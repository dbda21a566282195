package sink

import (
	"net/http"

	"github.com/levee-io/levee/internal/pipeline"
)

// NewHTTPOver returns an HTTP endpoint that is reached by a round tripper.
func NewHTTPOver(rt http.RoundTripper) pipeline.Sink {
	return &httpSink{url: "http://endpoint", header: http.Header{}, concurrent: 1, client: &client{http: &http.Client{Transport: rt}, timeout: defaultTimeout}}
}
