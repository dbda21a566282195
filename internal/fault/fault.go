// Package fault makes requests fail on purpose, so that a program can be tested
// for what it does then.
//
//	var faults fault.Injector
//	operations = faults.Wrap(operations)
//	...
//	stop := faults.Add(fault.Fault{Operation: "PutItem", Code: "ThrottlingException", Times: 2})
//
// It stands between the wire and the engines, before a guard if there is one, and
// so has the requests that are well formed. The engines know nothing of it. While
// there is no fault, a request pays one load.
package fault

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// Fault says which requests fail, and how.
type Fault struct {
	// Operation is the name of the operation; empty means all.
	Operation string
	// Resource is the name of a table or queue that the request must concern;
	// empty means any.
	Resource string
	// Skip is how many such requests pass before the first one fails.
	Skip int
	// Times is how many fail; 0 means all from then on.
	Times int
	// Code is that of the error. Without a code and a Delay, it is an internal
	// error of the server.
	Code string
	// Message is the text of the error; empty means the usual one of the service.
	Message string
	// Done carries the request out before it fails: only the answer is lost.
	Done bool
	// Delay is how long the request takes longer. With a delay and no code it
	// does not fail.
	Delay time.Duration
}

// Injector holds the faults that are to happen. Its zero value has none. It is
// safe for concurrent use.
type Injector struct {
	count  atomic.Int64 // of faults
	mu     sync.Mutex
	faults []*active // in the order in which they were added; guarded by mu
}

type active struct {
	Fault
	met, failed int // guarded by Injector.mu
}

// Add makes requests fail until stop is called, which returns how many have. Of
// several faults that a request meets, the one added first counts.
func (i *Injector) Add(f Fault) (stop func() (failed int)) {
	a := &active{Fault: f}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = append(i.faults, a)
	i.count.Add(1)
	return func() int { return i.remove(a) }
}

func (i *Injector) remove(a *active) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	if at := slices.Index(i.faults, a); at >= 0 {
		i.faults = slices.Delete(i.faults, at, at+1)
		i.count.Add(-1)
	}
	return a.failed
}

// Wrap returns the operation table with the faults before each handler.
func (i *Injector) Wrap(table []api.Operation) []api.Operation {
	return api.Wrap(table, func(op *api.Operation, handle api.Handler) api.Handler {
		return func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
			if i.count.Load() > 0 {
				if f := i.meet(op.Name, in); f != nil {
					return f.run(ctx, c, in, handle)
				}
			}
			return handle(ctx, c, in)
		}
	})
}

// meet returns the fault that a request meets, nil if it is to pass.
func (i *Injector) meet(operation string, in api.Input) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, a := range i.faults {
		if a.Operation != "" && a.Operation != operation || a.Resource != "" && !concerns(in, a.Resource) {
			continue
		}
		if a.met++; a.met <= a.Skip || a.Times > 0 && a.failed >= a.Times {
			continue
		}
		a.failed++
		return &a.Fault
	}
	return nil
}

// run has a request meet the fault. A request whose client goes away during the
// delay is not carried out.
func (f *Fault) run(ctx context.Context, c *api.Caller, in api.Input, handle func(context.Context, *api.Caller, api.Input) (api.Output, error)) (api.Output, error) {
	if err := sleep(ctx, f.Delay); err != nil {
		return nil, err
	}
	if f.Code == "" && f.Delay > 0 {
		return handle(ctx, c, in)
	}
	if f.Done {
		if _, err := handle(ctx, c, in); err != nil {
			return nil, err
		}
	}
	return nil, f.error(in)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
