package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// maxPipes is how many pipes an account has in a region: the quota.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const maxPipes = 1000

// pipeOperations returns the rows of the operation table for pipes, sorted by name.
func (e *Engine) pipeOperations() []api.Operation {
	const t = model.Target
	ops := []api.Operation{
		api.Op(t, "CreatePipe", api.Control, "from queues and change streams, of the caller's account and region, to queues, functions and, which is Levee's own, to tables and declared sinks; exactly once to queues and tables; see [pipelines.md](pipelines.md). Takes effect at once; the role is kept, and with `--auth` must be one that the caller may pass; it asks for nothing itself; without log configuration and KMS keys", e.CreatePipe),
		api.Op(t, "DeletePipe", api.Control, "whole; takes effect at once", e.DeletePipe),
		api.Op(t, "DescribePipe", api.Control, "whole, for what CreatePipe takes", e.DescribePipe),
		api.Op(t, "ListPipes", api.Control, "whole", e.ListPipes),
		api.Op(t, "ListTagsForResource", api.Control, "whole", e.ListTagsForResource),
		api.Op(t, "StartPipe", api.Control, "whole; takes effect at once; starting a pipe that runs is no error", e.StartPipe),
		api.Op(t, "StopPipe", api.Control, "whole; takes effect at once; stopping one that does not run is no error", e.StopPipe),
		api.Op(t, "TagResource", api.Control, "whole", e.TagResource),
		api.Op(t, "UntagResource", api.Control, "whole", e.UntagResource),
		api.Op(t, "UpdatePipe", api.Control, "whole, for what CreatePipe takes", e.UpdatePipe),
	}
	for i, op := range ops {
		ops[i] = op.At(model.Routes[op.Name])
	}
	return ops
}

func errPipe(format string, args ...any) *api.Error {
	return api.Errorf(model.CodeValidationException, format, args...)
}

// pipes returns the pipes of a namespace, by name.
func (e *Engine) pipes(ns api.Namespace) []*mapping {
	list := slices.DeleteFunc(e.all(), func(m *mapping) bool {
		s := m.settings.Load()
		return s.Pipe == nil || s.namespace() != ns
	})
	slices.SortFunc(list, func(a, b *mapping) int {
		if a.settings.Load().Pipe.Name < b.settings.Load().Pipe.Name {
			return -1
		}
		return 1
	})
	return list
}

// findPipe returns a pipe of the caller.
func (e *Engine) findPipe(c *api.Caller, name string) (*mapping, error) {
	for _, m := range e.pipes(c.Namespace) {
		if m.settings.Load().Pipe.Name == name {
			return m, nil
		}
	}
	return nil, api.Errorf(model.CodeNotFoundException, "Pipe %s does not exist.", name)
}

// changePipe replaces the settings of a pipe by what edit makes of a copy.
func (e *Engine) changePipe(c *api.Caller, name string, edit func(*settings) error) (*settings, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	m, err := e.findPipe(c, name)
	if err != nil {
		return nil, err
	}
	s, p := *m.settings.Load(), *m.settings.Load().Pipe
	s.Pipe, p.Tags, s.Modified = &p, maps.Clone(p.Tags), now()
	if err := edit(&s); err != nil {
		return nil, err
	}
	return &s, e.replace(m, &s)
}

// moments are when a pipe was created and changed.
func (s *settings) moments() (created, changed api.Opt[time.Time]) {
	return api.Some(s.Pipe.Created), api.Some(s.Modified)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
