package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// Handler is a function of this process: it gets an event and returns the result,
// both JSON. ctx ends when the function's time is over.
type Handler func(ctx context.Context, event []byte) ([]byte, error)

// Handle has a Go func run as the function of a name, in every namespace. It
// replaces the one of that name before it.
func (e *Engine) Handle(name string, h Handler) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handlers[name] = h
}

// goEnvironment runs a Go func.
type goEnvironment struct {
	handler Handler
	log     io.Writer
}

func (e *Engine) startGo(s *Spec) (Environment, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.handlers[s.Target]
	if h == nil {
		return nil, Break("Runtime.InvalidEntrypoint", "no Go func is known as %q in this process", s.Target)
	}
	return &goEnvironment{handler: h, log: s.Log}, nil
}

// Invoke runs the func. One that goes on after its time is left alone: nothing
// can end it.
func (g *goEnvironment) Invoke(ctx context.Context, in *Invocation) ([]byte, error) {
	type result struct {
		payload []byte
		err     error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { done <- r }()
		defer func() {
			if cause := recover(); cause != nil {
				fmt.Fprintf(g.log, "panic: %v\n%s", cause, debug.Stack())
				r.payload, r.err = nil, Fail("Runtime.Panic", "%v", cause)
			}
		}()
		r.payload, r.err = g.handler(ctx, in.Payload)
	}()
	select {
	case r := <-done:
		return g.result(r.payload, r.err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *goEnvironment) result(payload []byte, err error) ([]byte, error) {
	var failure *Failure
	switch {
	case errors.As(err, &failure):
		return nil, failure
	case err != nil:
		fmt.Fprintln(g.log, err)
		return nil, Fail(fmt.Sprintf("%T", err), "%v", err)
	case len(payload) > MaxResult:
		return nil, TooLarge()
	}
	return payload, nil
}

// Settle implements Environment: what was written is there.
func (*goEnvironment) Settle() {}

// Close implements Environment.
func (*goEnvironment) Close() {}
