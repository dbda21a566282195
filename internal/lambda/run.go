package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// Result is what became of an invocation.
type Result struct {
	RequestID string
	// Payload is the function's result or, if Failed, the error that it, its
	// runtime or the engine reports.
	Payload []byte
	Failed  bool
	// Log is what the function printed, with the lines of the platform.
	Log []byte
}

// maxPayload is the largest event of a synchronous invocation.
const maxPayload = 6 << 20

// Run invokes a function synchronously. It goes on when ctx ends, as in the
// service, but not after Close. Errors are *api.Error: there is no such function,
// or it is throttled.
func (e *Engine) Run(ctx context.Context, name Name, payload []byte) (*Result, error) {
	at, f := e.lookUp(name)
	if f == nil {
		return nil, errNoFunction(name, "")
	}
	return e.run(ctx, at, f, &Invocation{RequestID: NewUUID(), ARN: name.ARN(), Payload: payload})
}

// run invokes a function, as it is now.
func (e *Engine) run(ctx context.Context, at *entry, f *function, in *Invocation) (*Result, error) {
	leave, err := e.enter(at)
	if err != nil {
		return nil, err
	}
	defer leave()
	if len(in.Payload) == 0 {
		in.Payload = []byte("{}")
	}
	for {
		result, err := e.attempt(ctx, at, f, in)
		if !errors.Is(err, ErrGone) {
			return result, err
		}
		// An idle environment had ended by itself, or the function was changed.
		if _, f = e.lookUp(at.name); f == nil {
			return nil, errNoFunction(at.name, latest)
		}
	}
}

// attempt invokes a function in one environment.
func (e *Engine) attempt(ctx context.Context, at *entry, f *function, in *Invocation) (*Result, error) {
	env, cold, err := e.obtain(at, f)
	if err != nil && env == nil {
		return nil, err
	}
	start := time.Now()
	var payload []byte
	if err == nil {
		payload, err = e.invokeIn(ctx, env, f, in)
	}
	if err != nil && errors.Is(err, ErrGone) {
		return nil, ErrGone
	}
	took := time.Since(start)
	result := &Result{RequestID: in.RequestID, Payload: payload}
	var failure *Failure
	switch {
	case errors.As(err, &failure):
		result.Payload, result.Failed = failure.Payload, true
	case err != nil && e.closing.Err() != nil:
		return nil, context.Canceled
	case err != nil:
		e.log.Error("function could not be run", "function", at.name.ARN(), "requestId", in.RequestID, "err", err)
		return nil, &api.Error{Code: model.CodeServiceException, Message: "The function could not be started.", Fault: api.Server}
	}
	result.Log = platform(env.log.take(), f, in, took, cold)
	e.remember(at, Log{RequestID: in.RequestID, Stream: env.stream, Time: start, Duration: took, Cold: cold > 0, Failed: result.Failed, Text: result.Log})
	if env.Environment != nil && (failure == nil || !failure.Broken) {
		e.giveBack(env)
	}
	return result, nil
}

// invokeIn hands an event to an environment, and ends the environment if that
// goes wrong.
func (e *Engine) invokeIn(ctx context.Context, env *environment, f *function, in *Invocation) ([]byte, error) {
	timeout := time.Duration(f.Timeout) * time.Second
	in.Deadline = time.Now().Add(timeout)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), in.Deadline)
	defer cancel()
	defer context.AfterFunc(e.closing, cancel)()
	payload, err := env.Invoke(ctx, in)
	env.Settle()
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = timedOut(in.RequestID, timeout)
	}
	var failure *Failure
	if err != nil && (!errors.As(err, &failure) || failure.Broken) {
		e.drop(env)
	}
	return payload, err
}

// remember keeps the log of an invocation.
func (e *Engine) remember(at *entry, l Log) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at.logs.add(l)
}

// Target is a function as those see it who invoke it.
type Target struct {
	ARN     string
	Timeout time.Duration
	// Most is how many invocations there may be at once.
	Most int
}

// Target returns a function, and whether there is one.
func (e *Engine) Target(name Name) (Target, bool) {
	_, f := e.lookUp(name)
	if f == nil {
		return Target{}, false
	}
	t := Target{ARN: name.ARN(), Timeout: time.Duration(f.Timeout) * time.Second, Most: e.opts.Concurrency}
	if f.kind().counts() {
		t.Most = min(t.Most, e.opts.Processes)
	}
	if r := f.Reserved; r != nil {
		t.Most = min(t.Most, int(*r))
	}
	return t, true
}
