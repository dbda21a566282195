package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pace"
)

// Options configures an Engine. The zero value runs Go funcs and nothing else.
type Options struct {
	// Runner starts the environments of functions that are not Go funcs. nil
	// refuses such functions.
	Runner Runner
	// Concurrency is how many invocations an account has at once in a region; 0
	// means DefaultConcurrency.
	Concurrency int
	// Processes is how many environments of a Runner there are at once, idle ones
	// among them; 0 means four to a CPU, and eight at least.
	Processes int
	// Handlers are Go funcs, as if each were given to Engine.Handle.
	Handlers map[string]Handler
	// Growth has the concurrency of each function grow as in the service, by 1,000
	// every ten seconds. Without it a function may have at once what its account has.
	Growth bool
	// Clock says how many seconds of Growth have passed; the zero value is that of the
	// machine.
	Clock pace.Clock
	// Scratch is where the code of functions is unpacked, in a directory of its own
	// that Close removes; "" is the system's place for temporary files.
	Scratch string
	// Logger gets what an operator should know; nil means slog.Default.
	Logger *slog.Logger
}

// DefaultConcurrency is that of an account in the service.
const DefaultConcurrency = 1000

func defaultProcesses() int { return max(8, 4*runtime.NumCPU()) }

const (
	// minUnreserved is what reserved concurrency must leave.
	minUnreserved = 100
	// idleLife is how long an environment is kept without an invocation. The
	// service does not say; it is some minutes there.
	idleLife = 5 * time.Minute
	// initTimeout is how long an environment may take to start, beyond the timeout of
	// its function: in the service, one that takes longer than 10 seconds starts again
	// in the time of the invocation.
	initTimeout = 10 * time.Second
)

// Engine is the functions of one store. It is safe for concurrent use.
type Engine struct {
	store kv.Store
	opts  Options
	log   *slog.Logger

	admin sync.Mutex // see the package comment

	mu        sync.Mutex // guards what follows
	functions map[Name]*entry
	handlers  map[string]Handler
	running   map[api.Namespace]int // invocations of functions without reservation
	processes int
	waiting   waiting // asynchronous invocations that are not done
	closed    bool

	dirs codeDirs

	// starts has a place for each environment that starts at a time: as many as there
	// are CPUs, as more would only keep each other from being ready.
	starts chan struct{}

	work    sync.WaitGroup // what Close waits for
	closing context.Context
	endAll  context.CancelFunc
}

// Name is the name of a function and where it is.
type Name struct {
	api.Namespace
	Function string
}

// ARN returns the name in full, without a qualifier.
func (n Name) ARN() string {
	return "arn:aws:lambda:" + n.Region + ":" + n.Account + ":function:" + n.Function
}

// entry is a function and what runs of it. The fields are guarded by Engine.mu.
type entry struct {
	name    Name
	current *function // immutable
	running int
	ramp    *capacity.Function // with Options.Growth, once it was invoked
	idle    []*environment     // the last used is the last
	logs    logs
	deleted bool
}

// Open returns the engine of the functions in a store, which stays the caller's
// to close, after the engine.
func Open(store kv.Store, opts Options) (*Engine, error) {
	e := &Engine{
		store: store, opts: opts, log: opts.Logger,
		functions: map[Name]*entry{}, handlers: maps.Clone(opts.Handlers), running: map[api.Namespace]int{},
		starts: make(chan struct{}, runtime.NumCPU()), dirs: codeDirs{parent: opts.Scratch},
	}
	if e.handlers == nil {
		e.handlers = map[string]Handler{}
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if e.opts.Concurrency == 0 {
		e.opts.Concurrency = DefaultConcurrency
	}
	if e.opts.Processes == 0 {
		e.opts.Processes = defaultProcesses()
	}
	e.closing, e.endAll = context.WithCancel(context.Background())
	if err := e.readCatalog(); err != nil {
		return nil, fmt.Errorf("lambda: read the catalog: %w", err)
	}
	return e, nil
}

// Resume goes on with the asynchronous invocations that were not done when the
// engine was closed. Synchronous ones need no such call.
func (e *Engine) Resume() error {
	if err := e.resumeEvents(); err != nil {
		return fmt.Errorf("lambda: read the events: %w", err)
	}
	return nil
}

func (e *Engine) readCatalog() error {
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindFunction}))
	defer it.Close()
	for it.Next() {
		f := new(function)
		if err := json.Unmarshal(it.Value(), f); err != nil {
			return fmt.Errorf("row %q: %w", it.Key(), err)
		}
		e.functions[f.name()] = &entry{name: f.name(), current: f}
	}
	return it.Err()
}

// Close refuses further invocations, ends those that run, and the environments.
func (e *Engine) Close() error {
	e.endAll()
	e.mu.Lock()
	e.closed = true
	var idle []*environment
	for _, f := range e.functions {
		idle = append(idle, e.takeIdle(f)...)
	}
	e.mu.Unlock()
	endAll(idle)
	e.work.Wait()
	return e.dirs.close()
}
