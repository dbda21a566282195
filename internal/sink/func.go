package sink

import (
	"context"
	"fmt"

	"github.com/levee-io/levee/internal/pipeline"
)

// Func is a sink that is a Go func of the process: it returns nil, or an error for
// each event of a batch that it did not take and nil for each that it did.
type Func func(ctx context.Context, events []*pipeline.Event, ordered bool) []error

const (
	funcBatch      = 100
	funcConcurrent = 10
)

// resolve implements Declaration.
func (Func) resolve(Env) error { return nil }

// open implements Declaration.
func (f Func) open() (closing, error) { return f, nil }

// Limits implements pipeline.Sink.
func (Func) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: funcBatch, Concurrent: funcConcurrent}
}

// Put implements pipeline.Sink. A panic is an error of all events.
func (f Func) Put(ctx context.Context, events []*pipeline.Event, ordered bool) (errs []error) {
	defer func() {
		if p := recover(); p != nil {
			errs = all(make([]error, len(events)), fmt.Errorf("the func panicked: %v", p))
		}
	}()
	errs = f(ctx, events, ordered)
	if errs != nil && len(errs) != len(events) {
		return all(make([]error, len(events)), fmt.Errorf("the func has returned %d errors for %d events", len(errs), len(events)))
	}
	return errs
}

// Close implements closing.
func (Func) Close() error { return nil }
