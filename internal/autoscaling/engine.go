package autoscaling

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
)

// Options configures an Engine. The zero value is ready for use.
type Options struct {
	// Resources reports whether a table exists, and whether it has an index if
	// that is not empty. Without it every resource is taken to exist.
	Resources func(ns api.Namespace, table, index string) (hasTable, hasIndex bool)
	// Logger gets what an operator should know; nil discards it.
	Logger *slog.Logger
}

// Engine is the scalable targets of one store. It is safe for concurrent use.
type Engine struct {
	store kv.Store
	opts  Options
	mu    sync.Mutex // see the package comment

	params capacity.Params
	scaled map[scalable]*scaled // of Act alone
	acted  struct {
		sync.Mutex             // guards what follows; nothing else is locked under it
		list       []*activity // the oldest first
	}
}

// Open returns the engine of a store, which stays the caller's to close.
func Open(store kv.Store, opts Options) *Engine {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{store: store, opts: opts, params: capacity.Defaults(), scaled: map[scalable]*scaled{}}
}

// change runs edit under the lock with a batch and applies what it staged. If
// edit fails nothing is changed, and its error waits for what it may rest on.
func (e *Engine) change(edit func(kv.Batch) error) error {
	commit, err := e.changeLocked(edit)
	if err != nil {
		if unsettled := e.settle(); unsettled != nil {
			return unsettled
		}
		return err
	}
	return commit.Wait()
}

func (e *Engine) changeLocked(edit func(kv.Batch) error) (kv.Commit, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.store.NewBatch()
	defer b.Discard()
	if err := edit(b); err != nil {
		return nil, err
	}
	return e.store.Apply(b, kv.Sync)
}

// settle waits until everything that could be read is durable.
func (e *Engine) settle() error {
	commit, err := e.store.Apply(e.store.NewBatch(), kv.Sync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// load reads the row of a key into v and reports whether there is one.
func (e *Engine) load(key []byte, v any) (bool, error) {
	value, ok, err := e.store.Get(key, nil)
	if err != nil || !ok {
		return false, err
	}
	return true, decode(key, value, v)
}

func decode(key, value []byte, v any) error {
	if err := json.Unmarshal(value, v); err != nil {
		return fmt.Errorf("autoscaling: row %q: %w", key, err)
	}
	return nil
}

// save stages the row of a key.
func save(b kv.Batch, key []byte, v any) error {
	value, err := json.Marshal(v)
	if err == nil {
		b.Set(key, value)
	}
	return err
}
