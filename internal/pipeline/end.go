package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// end is where a mapping leads: what becomes of a batch.
type end interface {
	// most is how many batches it takes at once.
	most() int
	// exact reports whether it takes a batch in one transaction with its removal
	// from the source.
	exact() bool
	// take hands over a batch, in order. An error says that nothing was tried, which
	// is no attempt: the function is throttled, or gone.
	take(ctx context.Context, b *batch) (*outcome, error)
}

// batch is what is handed over at once: at most BatchSize records, of at most
// maxPayload bytes or one.
type batch struct {
	records []*record
	// stage adds to a transaction how far a shard has been handled with the records
	// up to one; nil for a queue, whose messages are deleted.
	stage func(to kv.Batch, last *record) error
}

// outcome is what became of a batch.
type outcome struct {
	// failed says that all of it failed, items which records did, by their ids.
	failed bool
	items  map[string]bool
	// removed says that what did not fail is no longer in the source.
	removed bool
	// why says what failed, if something did that is not in the result.
	why error
	// result is that of the function, nil without one.
	result *lambda.Result
}

// failure is the outcome of a batch of which nothing could be done.
func failure(why error) *outcome { return &outcome{failed: true, why: why} }

// endOf returns where a mapping leads.
func (e *Engine) endOf(s *settings) end {
	if s.Pipe != nil {
		return newPipeEnd(e, s)
	}
	return &functionEnd{engine: e, s: s}
}

// functionEnd is the end of an event source mapping: a function, which is invoked
// with the event of a batch.
type functionEnd struct {
	engine *Engine
	s      *settings
}

func (f *functionEnd) most() int { return f.engine.mostOf(f.s.target()) }

func (*functionEnd) exact() bool { return false }

// mostOf is how many invocations of a function there may be at once.
func (e *Engine) mostOf(name lambda.Name) int {
	if t, ok := e.opts.Functions.Target(name); ok {
		return min(t.Most, maxWorkers)
	}
	return maxWorkers
}

func (f *functionEnd) take(ctx context.Context, b *batch) (*outcome, error) {
	result, err := f.engine.opts.Functions.Run(ctx, f.s.target(), event.Join(data(b.records)))
	if err != nil {
		return nil, err
	}
	return answered(result, f.s.Report), nil
}

// answered is the outcome of an invocation, whose result may name what failed.
func answered(result *lambda.Result, report bool) *outcome {
	out := &outcome{result: result, failed: result.Failed}
	if report && !out.failed {
		out.items, out.failed = failedItems(result.Payload)
	}
	return out
}

func data(records []*record) [][]byte {
	list := make([][]byte, len(records))
	for i, r := range records {
		list[i] = r.data
	}
	return list
}
