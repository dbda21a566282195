package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// DescribeScalableTargets lists registered capacities.
func (e *Engine) DescribeScalableTargets(_ context.Context, c *api.Caller, in *model.DescribeScalableTargetsRequest) (*model.DescribeScalableTargetsResponse, error) {
	q := query{kindTarget, c.Namespace, in.ServiceNamespace.V, in.ScalableDimension, in.MaxResults, maxPage, in.NextToken}
	list, next, err := read(e, q, func(t *target) bool {
		return among(t.Resource, in.ResourceIds) && matches(t.Dimension, in.ScalableDimension)
	})
	if err != nil {
		return nil, err
	}
	out := &model.DescribeScalableTargetsResponse{ScalableTargets: make([]model.ScalableTarget, len(list)), NextToken: next}
	for i := range list {
		out.ScalableTargets[i] = list[i].describe(c.Namespace)
	}
	return out, nil
}

func (t *target) describe(ns api.Namespace) model.ScalableTarget {
	at := scalable{ns: ns}
	return model.ScalableTarget{
		ServiceNamespace: api.Some(t.Service), ResourceId: api.Some(t.Resource), ScalableDimension: api.Some(t.Dimension),
		MinCapacity: api.Some(t.Min), MaxCapacity: api.Some(t.Max), RoleARN: api.Some(at.role()),
		CreationTime: api.Some(t.Created), ScalableTargetARN: api.Some(t.ARN),
		SuspendedState: &model.SuspendedState{
			DynamicScalingInSuspended:  api.Some(t.Suspended.In),
			DynamicScalingOutSuspended: api.Some(t.Suspended.Out),
			ScheduledScalingSuspended:  api.Some(t.Suspended.Schedule),
		},
	}
}
