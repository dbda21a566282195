package pipeline

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// Operations returns the rows of the operation table for event source mappings and
// pipes.
func (e *Engine) Operations() []api.Operation {
	const t = model.Target
	ops := []api.Operation{
		api.Op(t, "CreateEventSourceMapping", api.Control, "queues and change streams of tables; on-failure destinations are queues; takes effect at once; without KMS keys, metrics and logging configuration", e.CreateEventSourceMapping),
		api.Op(t, "DeleteEventSourceMapping", api.Control, "whole; takes effect at once", e.DeleteEventSourceMapping),
		api.Op(t, "GetEventSourceMapping", api.Control, "whole; LastProcessingResult is forgotten at a restart", e.GetEventSourceMapping),
		api.Op(t, "ListEventSourceMappings", api.Control, "whole", e.ListEventSourceMappings),
		api.Op(t, "UpdateEventSourceMapping", api.Control, "whole, for what CreateEventSourceMapping takes", e.UpdateEventSourceMapping),
	}
	for i, op := range ops {
		ops[i] = op.At(model.Routes[op.Name])
	}
	return append(ops, e.pipeOperations()...)
}

// find returns a mapping of the caller.
func (e *Engine) find(c *api.Caller, id string) (*mapping, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m := e.mappings[id]; m != nil && m.ofFunction(c.Namespace) {
		return m, nil
	}
	return nil, api.Errorf(model.CodeResourceNotFoundException, "The resource you requested does not exist.")
}

// ofFunction reports whether it is an event source mapping of a namespace, and not
// a pipe.
func (m *mapping) ofFunction(ns api.Namespace) bool {
	s := m.settings.Load()
	return s.namespace() == ns && s.Pipe == nil
}

// apply applies a batch and waits until it is durable.
func (e *Engine) apply(b kv.Batch) error {
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// CreateEventSourceMapping creates a mapping.
func (e *Engine) CreateEventSourceMapping(ctx context.Context, c *api.Caller, in *model.CreateEventSourceMappingRequest) (*model.EventSourceMappingConfiguration, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	s, src, err := e.newSettings(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if err := e.checkDuplicate(s, src); err != nil {
		return nil, err
	}
	m, err := e.create(ctx, s, src)
	if err != nil {
		return nil, err
	}
	return m.describe(stateCreating), nil
}

// create stores a mapping and begins with it. Engine.admin is held.
func (e *Engine) create(ctx context.Context, s *settings, src source) (*mapping, error) {
	b := e.store.NewBatch()
	defer b.Discard()
	if s.Start == model.EventSourcePositionLatest {
		if err := e.stageLatest(ctx, b, s.ID, src); err != nil {
			return nil, err
		}
	}
	if err := s.save(b); err != nil {
		return nil, err
	}
	if err := e.apply(b); err != nil {
		return nil, err
	}
	m := newMapping(s)
	e.mu.Lock()
	e.mappings[s.ID] = m
	e.mu.Unlock()
	e.begin(m)
	return m, nil
}

// checkDuplicate refuses a second mapping of a source and a function.
func (e *Engine) checkDuplicate(s *settings, src source) error {
	for _, m := range e.all() {
		other := m.settings.Load()
		if other.Pipe != nil || other.Source != s.Source || other.target() != s.target() {
			continue
		}
		if src.isQueue() {
			return api.Errorf(model.CodeResourceConflictException, "An event source mapping with SQS arn (\" %s \") and function (\" %s \") "+
				"already exists. Please update or delete the existing mapping with UUID %s", s.Source, s.Function, other.ID)
		}
		return api.Errorf(model.CodeResourceConflictException, "The event source arn (\" %s \") and function (\" %s \") provided mapping "+
			"already exists. Please update or delete the existing mapping with UUID %s", s.Source, s.Function, other.ID)
	}
	return nil
}

// GetEventSourceMapping returns a mapping.
func (e *Engine) GetEventSourceMapping(_ context.Context, c *api.Caller, in *model.GetEventSourceMappingRequest) (*model.EventSourceMappingConfiguration, error) {
	m, err := e.find(c, in.UUID.V)
	if err != nil {
		return nil, err
	}
	return m.describe(m.settings.Load().state()), nil
}

// UpdateEventSourceMapping changes a mapping. What runs of it ends, and begins
// anew with what is changed.
func (e *Engine) UpdateEventSourceMapping(ctx context.Context, c *api.Caller, in *model.UpdateEventSourceMappingRequest) (*model.EventSourceMappingConfiguration, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	m, err := e.find(c, in.UUID.V)
	if err != nil {
		return nil, err
	}
	old := m.settings.Load()
	s, err := e.changedSettings(ctx, c, old, in)
	if err != nil {
		return nil, err
	}
	if err := e.replace(m, s); err != nil {
		return nil, err
	}
	return m.describe(transition(old, s)), nil
}

// replace stores what a mapping is now. What runs of it ends, and begins anew.
// Engine.admin is held.
func (e *Engine) replace(m *mapping, s *settings) error {
	b := e.store.NewBatch()
	defer b.Discard()
	if err := s.save(b); err != nil {
		return err
	}
	m.end()
	err := e.apply(b)
	if err == nil {
		m.settings.Store(s)
	}
	e.begin(m)
	return err
}

// transition is the state that a change begins with.
func transition(old, changed *settings) string {
	switch {
	case old.Enabled == changed.Enabled:
		return stateUpdating
	case changed.Enabled:
		return stateEnabling
	}
	return stateDisabling
}

// DeleteEventSourceMapping deletes a mapping and its checkpoints.
func (e *Engine) DeleteEventSourceMapping(_ context.Context, c *api.Caller, in *model.DeleteEventSourceMappingRequest) (*model.EventSourceMappingConfiguration, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	m, err := e.find(c, in.UUID.V)
	if err != nil {
		return nil, err
	}
	if err := e.remove(m); err != nil {
		return nil, err
	}
	return m.describe(stateDeleting), nil
}

// remove ends what runs of a mapping, and deletes it and its checkpoints.
// Engine.admin is held.
func (e *Engine) remove(m *mapping) error {
	s := m.settings.Load()
	m.end()
	b := e.store.NewBatch()
	defer b.Discard()
	b.Delete(mappingKey(s.namespace(), s.ID))
	rows := checkpointRange(s.ID)
	b.DeleteRange(rows.Start, rows.End)
	if err := e.apply(b); err != nil {
		e.begin(m)
		return err
	}
	e.mu.Lock()
	delete(e.mappings, s.ID)
	e.mu.Unlock()
	return nil
}

// now is the time as the store keeps it: to the millisecond, as it is answered.
func now() time.Time { return time.Now().Truncate(time.Millisecond) }
