package lambda

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/capacity"
)

// environment is an Environment of a function as it was in one revision.
type environment struct {
	Environment
	of       *entry
	revision string
	kind     Kind
	log      *capture
	stream   string      // the name of its log stream
	idle     *time.Timer // ends it
	dir      string      // with the code, "" if there is none
	release  func()      // gives it up; nil if there is none
}

// Close ends the environment.
func (env *environment) Close() {
	env.Environment.Close()
	env.letGo()
}

// letGo gives up the directory of the code.
func (env *environment) letGo() {
	if env.release != nil {
		env.release()
	}
}

// Why an invocation is refused: values of ThrottleReason, which is not among the
// shapes since only an error has it.
const (
	reasonReserved     = "ReservedFunctionConcurrentInvocationLimitExceeded"
	reasonReservedRate = "ReservedFunctionInvocationRateLimitExceeded"
	reasonConcurrency  = "ConcurrentInvocationLimitExceeded"
	reasonRate         = "FunctionInvocationRateLimitExceeded"
)

// counts reports whether environments of a kind take a place of
// Options.Processes.
func (k Kind) counts() bool { return k == KindExec || k == KindRuntime }

// enter counts an invocation, or refuses it.
func (e *Engine) enter(at *entry) (leave func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, context.Canceled
	}
	if at.deleted {
		return nil, errNoFunction(at.name, latest)
	}
	if r := at.current.Reserved; r != nil {
		if int64(at.running) >= *r {
			return nil, errThrottled(reasonReserved)
		}
		if !e.scale(at) {
			return nil, errThrottled(reasonReservedRate)
		}
		return e.count(at, nil), nil
	}
	ns := at.name.Namespace
	if e.running[ns] >= e.opts.Concurrency-e.reserved(ns, nil) {
		return nil, errThrottled(reasonConcurrency)
	}
	if !e.scale(at) {
		return nil, errThrottled(reasonRate)
	}
	return e.count(at, &ns), nil
}

// scale reports whether the concurrency of a function has grown so far that there may
// be one more invocation, which it counts until count's function is called.
// Engine.mu is held.
// https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
func (e *Engine) scale(at *entry) bool {
	if !e.opts.Growth {
		return true
	}
	now := e.opts.Clock.Now()
	if at.ramp == nil {
		p := capacity.Defaults()
		p.Concurrency = e.opts.Concurrency // reserved or not is decided before
		at.ramp = capacity.NewFunction(p, 0, now)
	}
	return at.ramp.Begin(now)
}

// count counts an invocation until the function that it returns is called.
// Engine.mu is held.
func (e *Engine) count(at *entry, unreserved *api.Namespace) func() {
	e.work.Add(1)
	at.running++
	if unreserved != nil {
		e.running[*unreserved]++
	}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		defer e.work.Done()
		at.running--
		if at.ramp != nil {
			at.ramp.End(e.opts.Clock.Now())
		}
		if unreserved == nil {
			return
		}
		if e.running[*unreserved]--; e.running[*unreserved] == 0 {
			delete(e.running, *unreserved)
		}
	}
}

// reserved is the concurrency that functions of a namespace have reserved, except
// one. Engine.mu is held.
func (e *Engine) reserved(ns api.Namespace, except *entry) int {
	sum := 0
	for name, at := range e.functions {
		if name.Namespace == ns && at != except && at.current.Reserved != nil {
			sum += int(*at.current.Reserved)
		}
	}
	return sum
}

func errThrottled(reason string) *api.Error {
	return &api.Error{
		Code: model.CodeTooManyRequestsException, Message: "Rate Exceeded.",
		Throttling: []api.ThrottlingReason{{Reason: reason}},
	}
}

// obtain returns an environment for one invocation: an idle one, or a new one and
// how long it took to start.
func (e *Engine) obtain(at *entry, f *function) (_ *environment, cold time.Duration, err error) {
	if env := e.reuse(at, f); env != nil {
		return env, 0, nil
	}
	kind := f.kind()
	if kind.counts() {
		if err := e.makeRoom(); err != nil {
			return nil, 0, err
		}
	}
	select {
	case e.starts <- struct{}{}:
		defer func() { <-e.starts }()
	case <-e.closing.Done():
		e.vacate(kind)
		return nil, 0, context.Canceled
	}
	start := time.Now()
	env := &environment{of: at, revision: f.Revision, kind: kind, log: new(capture), stream: newStream(start)}
	if env.Environment, err = e.start(f, env); err != nil {
		env.letGo()
		e.vacate(kind)
		return env, time.Since(start), err
	}
	return env, max(time.Since(start), 1), nil
}

// reuse returns an idle environment, or nil.
func (e *Engine) reuse(at *entry, f *function) *environment {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(at.idle) > 0 {
		env := at.idle[len(at.idle)-1]
		at.idle = at.idle[:len(at.idle)-1]
		env.idle.Stop()
		if env.revision == f.Revision {
			return env
		}
		e.retire(env)
	}
	return nil
}

// makeRoom takes a place of Options.Processes. An idle environment gives up its
// own if there is no other.
func (e *Engine) makeRoom() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.processes >= e.opts.Processes {
		idle := e.anyIdle()
		if idle == nil {
			return errThrottled(reasonConcurrency)
		}
		e.retire(idle)
	}
	e.processes++
	return nil
}

// anyIdle takes an idle environment that counts from its function, nil if there is
// none. Engine.mu is held.
func (e *Engine) anyIdle() *environment {
	for _, at := range e.functions {
		for i, env := range at.idle {
			if env.kind.counts() {
				at.idle = slices.Delete(at.idle, i, i+1)
				env.idle.Stop()
				return env
			}
		}
	}
	return nil
}

// retire ends an environment in the background. Its place is free at once.
// Engine.mu is held.
func (e *Engine) retire(env *environment) {
	if env.kind.counts() {
		e.processes--
	}
	e.work.Go(env.Close)
}

// vacate gives up a place.
func (e *Engine) vacate(k Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if k.counts() {
		e.processes--
	}
}

// giveBack keeps an environment for the next invocation, unless it is of no more
// use.
func (e *Engine) giveBack(env *environment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := env.of
	if e.closed || at.deleted || at.current.Revision != env.revision {
		e.retire(env)
		return
	}
	at.idle = append(at.idle, env)
	env.idle = time.AfterFunc(idleLife, func() { e.expire(env) })
}

// expire ends an environment that was idle for long.
func (e *Engine) expire(env *environment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(env.of.idle, env); i >= 0 && !e.closed {
		env.of.idle = slices.Delete(env.of.idle, i, i+1)
		e.retire(env)
	}
}

// drop ends an environment that went wrong.
func (e *Engine) drop(env *environment) {
	env.Close()
	e.vacate(env.kind)
}

// takeIdle takes all idle environments from a function. Engine.mu is held.
func (e *Engine) takeIdle(at *entry) []*environment {
	idle := at.idle
	at.idle = nil
	for _, env := range idle {
		env.idle.Stop()
		if env.kind.counts() {
			e.processes--
		}
	}
	return idle
}

func endAll(list []*environment) {
	for _, env := range list {
		env.Close()
	}
}

// start starts what is in an environment of a function.
func (e *Engine) start(f *function, in *environment) (Environment, error) {
	s := &Spec{
		Name: f.name(), Kind: f.kind(), Runtime: f.Runtime, Handler: f.Handler,
		Env: f.Environment, Memory: f.Memory, Timeout: time.Duration(f.Timeout) * time.Second, Log: in.log, LogStream: in.stream, Dir: f.WorkingDir,
	}
	switch s.Kind {
	case KindGo:
		s.Target = f.target()
		return e.startGo(s)
	case KindHTTP:
		s.Target = f.Image
	case KindExec, KindRuntime:
		s.Command = f.command()
	}
	if e.opts.Runner == nil {
		return nil, Break("Runtime.NotAllowed", "functions are not run on this server, except for Go funcs")
	}
	if f.Code != "" {
		if err := e.holdCode(f, in); err != nil {
			return nil, err
		}
		s.Dir = in.dir
	}
	most := initTimeout + s.Timeout
	ctx, cancel := context.WithTimeout(e.closing, most)
	defer cancel()
	env, err := e.opts.Runner.Start(ctx, s)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, Break("Sandbox.Timedout", "Error: the function did not start within %.2f seconds", most.Seconds())
	}
	return env, err
}

// holdCode has the code of a function unpacked for an environment.
func (e *Engine) holdCode(f *function, env *environment) (err error) {
	env.dir, err = e.dirs.hold(f.Code, func() ([]byte, error) { return e.readCode(f) })
	if err != nil {
		return err
	}
	at, code := env.of, f.Code
	env.release = func() {
		err := e.dirs.release(code, func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return !at.deleted && at.current.Code == code
		})
		if err != nil {
			e.log.Warn("code of a function is left on the disk", "function", at.name.ARN(), "err", err)
		}
	}
	return nil
}

// abandonCode removes the unpacked code of a function as it was, unless it runs.
func (e *Engine) abandonCode(f *function) {
	if err := e.dirs.abandon(f.Code); err != nil {
		e.log.Warn("code of a function is left on the disk", "function", f.name().ARN(), "err", err)
	}
}

// command is what is started for an image; nil for a package.
func (f *function) command() []string {
	if f.Image == "" {
		return nil
	}
	entry := f.EntryPoint
	if len(entry) == 0 {
		entry = []string{f.target()}
	}
	return slices.Concat(entry, f.Command)
}
