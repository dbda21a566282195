package sink

import (
	"net/http"

	"github.com/levee-io/levee/internal/pipeline"
)

// Busy has a sink of Parquet files make as many as it may, until the func it returns is
// called.
func Busy(s pipeline.Sink) (end func()) {
	ended := make(chan struct{})
	for range maxConversions {
		s.(*fileSink).tables.begin(func() error { <-ended; return nil })
	}
	return func() { close(ended) }
}

// NewHTTPOver returns an HTTP endpoint that is reached by a round tripper.
func NewHTTPOver(rt http.RoundTripper) pipeline.Sink {
	return &httpSink{url: "http://endpoint", header: http.Header{}, concurrent: 1, client: &client{http: &http.Client{Transport: rt}, timeout: defaultTimeout}}
}
