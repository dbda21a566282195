package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pace"
)

// Options configures an Engine.
type Options struct {
	Queues    Queues
	Streams   Streams
	Functions Functions
	// Tables and Transactions are for pipes to queues and tables.
	Tables       Tables
	Transactions Transactions
	// Sinks are where pipes lead outside of Levee; nil means nowhere.
	Sinks Sinks
	// Growth has the workers of a standard queue grow as in the service, by 300 a
	// minute from 5, with provisioned pollers by 1,000. Without it there is one more as soon as all have something to
	// do.
	Growth bool
	// Clock says when a minute of Growth is over; the zero value is that of the
	// machine.
	Clock pace.Clock
	// Logger gets what an operator should know; nil means slog.Default.
	Logger *slog.Logger
}

// Engine is the event source mappings of one store. It is safe for concurrent use.
type Engine struct {
	store kv.Store
	opts  Options
	log   *slog.Logger

	admin sync.Mutex // see the package comment

	mu       sync.Mutex
	mappings map[string]*mapping // by id; guarded by mu

	started bool // guarded by admin
	closing context.Context
	endAll  context.CancelFunc
}

// Open returns the engine of the mappings in a store, which stays the caller's to
// close. Nothing runs before Start.
func Open(store kv.Store, opts Options) (*Engine, error) {
	e := &Engine{store: store, opts: opts, log: opts.Logger, mappings: map[string]*mapping{}}
	if e.log == nil {
		e.log = slog.Default()
	}
	e.closing, e.endAll = context.WithCancel(context.Background())
	it := store.Scan(kv.PrefixRange([]byte{space, kindMapping}))
	defer it.Close()
	for it.Next() {
		s := new(settings)
		if err := json.Unmarshal(it.Value(), s); err != nil {
			return nil, fmt.Errorf("pipeline: row %q: %w", it.Key(), err)
		}
		e.mappings[s.ID] = newMapping(s)
	}
	if err := it.Err(); err != nil {
		return nil, fmt.Errorf("pipeline: read the catalog: %w", err)
	}
	return e, nil
}

// Start begins with the mappings.
func (e *Engine) Start() {
	e.admin.Lock()
	defer e.admin.Unlock()
	e.started = true
	for _, m := range e.all() {
		e.begin(m)
	}
}

// Close ends what runs, and waits for it.
func (e *Engine) Close() error {
	e.endAll()
	e.admin.Lock()
	defer e.admin.Unlock()
	e.started = false
	for _, m := range e.all() {
		m.end()
	}
	return nil
}

func (e *Engine) all() []*mapping {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*mapping, 0, len(e.mappings))
	for _, m := range e.mappings {
		list = append(list, m)
	}
	return list
}

// begin has a mapping run, if it is enabled. Engine.admin is held.
func (e *Engine) begin(m *mapping) {
	s := m.settings.Load()
	if !e.started || !s.Enabled || e.closing.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(e.closing)
	m.stop, m.work = stop, new(sync.WaitGroup)
	src, _ := parseSource(s.Source)
	if src.isQueue() {
		c := newCrew(ctx, e, m, s, src)
		m.running.setCrew(c)
		c.begin()
		return
	}
	m.work.Go(func() { newFollower(e, m, s, src).run(ctx) })
}

// end stops what runs of a mapping, and waits for it. Engine.admin is held.
func (m *mapping) end() {
	if m.stop == nil {
		return
	}
	m.stop()
	m.work.Wait()
	m.stop = nil
	m.running.setCrew(nil)
}
