package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// DeleteScalingPolicy deletes a policy; its target stays.
func (e *Engine) DeleteScalingPolicy(_ context.Context, c *api.Caller, in *model.DeleteScalingPolicyRequest) (*model.DeleteScalingPolicyResponse, error) {
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	err = e.change(func(b kv.Batch) error {
		key := at.named(kindPolicy, in.PolicyName.V)
		_, ok, err := e.store.Get(key, nil)
		if err == nil && !ok {
			err = api.Errorf(model.CodeObjectNotFoundException, "No scaling policy found for %s, policy name: %s", at, in.PolicyName.V)
		}
		b.Delete(key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteScalingPolicyResponse{}, nil
}
