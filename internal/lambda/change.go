package lambda

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// publish stages a function, applies the batch and makes the function the current
// one. Engine.admin is held.
func (e *Engine) publish(b kv.Batch, f *function) error {
	defer b.Discard()
	if err := f.save(b); err != nil {
		return err
	}
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	e.mu.Lock()
	at := e.functions[f.name()]
	if at == nil {
		at = &entry{name: f.name()}
		e.functions[f.name()] = at
	}
	before := at.current
	at.current = f
	for _, env := range at.idle {
		env.idle.Stop()
		e.retire(env)
	}
	at.idle = nil
	e.mu.Unlock()
	if before != nil && before.Code != "" && before.Code != f.Code {
		e.abandonCode(before)
	}
	return commit.Wait()
}

// change replaces a function by what edit makes of a copy. A revision that is
// given must be the present one.
func (e *Engine) change(c *api.Caller, name string, revision api.Opt[string], edit func(kv.Batch, *function) error) (*function, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	_, f, err := e.find(c, name, api.Opt[string]{})
	if err != nil {
		return nil, err
	}
	if revision.OK && revision.V != f.Revision {
		return nil, api.Errorf(model.CodePreconditionFailedException,
			"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	}
	changed := *f
	b := e.store.NewBatch()
	if err := edit(b, &changed); err != nil {
		b.Discard()
		return nil, err
	}
	changed.implied = false
	changed.Revision, changed.Modified = NewUUID(), time.Now()
	return &changed, e.publish(b, &changed)
}
