package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/lambda"
)

// CreatePipe creates a pipe.
func (e *Engine) CreatePipe(ctx context.Context, c *api.Caller, in *model.CreatePipeRequest) (*model.CreatePipeResponse, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	if _, err := e.findPipe(c, in.Name.V); err == nil {
		return nil, api.Errorf(model.CodeConflictException, "Pipe %s already exists.", in.Name.V)
	}
	if len(e.pipes(c.Namespace)) >= maxPipes {
		return nil, api.Errorf(model.CodeServiceQuotaExceededException, "The account has %d pipes, which is the most that it can have.", maxPipes)
	}
	s, src, err := e.newPipe(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if _, err := e.create(ctx, s, src); err != nil {
		return nil, err
	}
	out := &model.CreatePipeResponse{
		Arn: api.Some(s.arn()), Name: in.Name, DesiredState: api.Some(s.desired()), CurrentState: api.Some(model.PipeStateCreating),
	}
	out.CreationTime, out.LastModifiedTime = s.moments()
	return out, nil
}

// newPipe checks a request and returns the pipe that it asks for.
func (e *Engine) newPipe(ctx context.Context, c *api.Caller, in *model.CreatePipeRequest) (*settings, source, error) {
	src, ok := parseSource(in.Source.V)
	if !ok || src.ns != c.Namespace {
		return nil, src, errPipe("Source %s is not a queue or a change stream of this account and region.", in.Source.V)
	}
	at := now()
	s := &settings{
		ID: lambda.NewUUID(), Account: c.Account, Region: c.Region, Source: src.arn, Modified: at,
		Enabled: in.DesiredState.Or(model.RequestedPipeStateRunning) == model.RequestedPipeStateRunning,
		Pipe:    &pipe{Name: in.Name.V, Created: at, Target: in.Target.V, Tags: map[string]string{}},
	}
	s.unsetSource(src)
	for _, tag := range in.Tags {
		s.Pipe.Tags[tag.Key] = tag.Value
	}
	o := pipeOptions{
		description: in.Description, role: in.RoleArn, target: in.Target, enrichment: in.Enrichment,
		enriching: in.EnrichmentParameters, parameters: in.TargetParameters,
	}
	if p := in.SourceParameters; p != nil {
		o.filters, o.queue = p.FilterCriteria, p.SqsQueueParameters
		o.stream = p.DynamoDBStreamParameters
	}
	if !src.isQueue() {
		if o.stream == nil {
			return nil, src, errPipe("SourceParameters.DynamoDBStreamParameters is required for a change stream.")
		}
		s.Start = o.stream.StartingPosition.V
	}
	return s, src, e.settlePipe(ctx, c, s, src, &o)
}
