package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// UpdatePipe changes a pipe. What the request does not have stays, but parameters
// of a kind of source or target are replaced together.
func (e *Engine) UpdatePipe(ctx context.Context, c *api.Caller, in *model.UpdatePipeRequest) (*model.UpdatePipeResponse, error) {
	s, err := e.changePipe(c, in.Name.V, func(s *settings) error {
		src, _ := parseSource(s.Source)
		if in.DesiredState.OK {
			s.Enabled = in.DesiredState.V == model.RequestedPipeStateRunning
		}
		o := pipeOptions{
			description: in.Description, role: in.RoleArn, target: in.Target, enrichment: in.Enrichment,
			enriching: in.EnrichmentParameters, parameters: in.TargetParameters,
		}
		if p := in.SourceParameters; p != nil {
			o.filters = p.FilterCriteria
			if q := p.SqsQueueParameters; q != nil {
				o.queue = &model.PipeSourceSqsQueueParameters{BatchSize: q.BatchSize, MaximumBatchingWindowInSeconds: q.MaximumBatchingWindowInSeconds}
			}
			if d := p.DynamoDBStreamParameters; d != nil {
				o.stream = &model.PipeSourceDynamoDBStreamParameters{
					BatchSize: d.BatchSize, DeadLetterConfig: d.DeadLetterConfig, OnPartialBatchItemFailure: d.OnPartialBatchItemFailure,
					MaximumBatchingWindowInSeconds: d.MaximumBatchingWindowInSeconds, MaximumRecordAgeInSeconds: d.MaximumRecordAgeInSeconds,
					MaximumRetryAttempts: d.MaximumRetryAttempts, ParallelizationFactor: d.ParallelizationFactor,
				}
			}
		}
		return e.settlePipe(ctx, c, s, src, &o)
	})
	if err != nil {
		return nil, err
	}
	out := &model.UpdatePipeResponse{
		Arn: api.Some(s.arn()), Name: in.Name, DesiredState: api.Some(s.desired()), CurrentState: api.Some(model.PipeStateUpdating),
	}
	out.CreationTime, out.LastModifiedTime = s.moments()
	return out, nil
}
