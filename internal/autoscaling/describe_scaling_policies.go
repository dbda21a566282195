package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// DescribeScalingPolicies lists the policies of targets.
func (e *Engine) DescribeScalingPolicies(_ context.Context, c *api.Caller, in *model.DescribeScalingPoliciesRequest) (*model.DescribeScalingPoliciesResponse, error) {
	q := query{kindPolicy, c.Namespace, in.ServiceNamespace.V, in.ScalableDimension, in.MaxResults, maxPolicyPage, in.NextToken}
	list, next, err := read(e, q, func(p *policy) bool {
		return among(p.Name, in.PolicyNames) && matches(p.Resource, in.ResourceId) && matches(p.Dimension, in.ScalableDimension)
	})
	if err != nil {
		return nil, err
	}
	out := &model.DescribeScalingPoliciesResponse{ScalingPolicies: make([]model.ScalingPolicy, len(list)), NextToken: next}
	for i := range list {
		out.ScalingPolicies[i] = list[i].describe(c.Namespace)
	}
	return out, nil
}

func (p *policy) describe(ns api.Namespace) model.ScalingPolicy {
	return model.ScalingPolicy{
		PolicyARN: api.Some(p.ARN), PolicyName: api.Some(p.Name), PolicyType: api.Some(model.PolicyTypeTargetTrackingScaling),
		ServiceNamespace: api.Some(p.Service), ResourceId: api.Some(p.Resource), ScalableDimension: api.Some(p.Dimension),
		TargetTrackingScalingPolicyConfiguration: p.tracking(),
		Alarms:                                   p.alarms(ns), CreationTime: api.Some(p.Created),
	}
}
