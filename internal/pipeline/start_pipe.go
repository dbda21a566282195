package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// StartPipe has a pipe run, from where it was.
func (e *Engine) StartPipe(_ context.Context, c *api.Caller, in *model.StartPipeRequest) (*model.StartPipeResponse, error) {
	s, err := e.changePipe(c, in.Name.V, func(s *settings) error {
		s.Enabled = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &model.StartPipeResponse{
		Arn: api.Some(s.arn()), Name: in.Name, DesiredState: api.Some(s.desired()), CurrentState: api.Some(model.PipeStateStarting),
	}
	out.CreationTime, out.LastModifiedTime = s.moments()
	return out, nil
}

// StopPipe ends what runs of a pipe, which keeps its place.
func (e *Engine) StopPipe(_ context.Context, c *api.Caller, in *model.StopPipeRequest) (*model.StopPipeResponse, error) {
	s, err := e.changePipe(c, in.Name.V, func(s *settings) error {
		s.Enabled = false
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &model.StopPipeResponse{
		Arn: api.Some(s.arn()), Name: in.Name, DesiredState: api.Some(s.desired()), CurrentState: api.Some(model.PipeStateStopping),
	}
	out.CreationTime, out.LastModifiedTime = s.moments()
	return out, nil
}
