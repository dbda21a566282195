package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// DeletePipe deletes a pipe and its checkpoints.
func (e *Engine) DeletePipe(_ context.Context, c *api.Caller, in *model.DeletePipeRequest) (*model.DeletePipeResponse, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	m, err := e.findPipe(c, in.Name.V)
	if err != nil {
		return nil, err
	}
	if err := e.remove(m); err != nil {
		return nil, err
	}
	s := m.settings.Load()
	out := &model.DeletePipeResponse{
		Arn: api.Some(s.arn()), Name: in.Name, DesiredState: api.Some(model.RequestedPipeStateDescribeResponseDeleted), CurrentState: api.Some(model.PipeStateDeleting),
	}
	out.CreationTime, out.LastModifiedTime = s.moments()
	return out, nil
}
