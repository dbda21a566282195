package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// DeregisterScalableTarget removes a target with its policies and its scheduled
// actions.
func (e *Engine) DeregisterScalableTarget(_ context.Context, c *api.Caller, in *model.DeregisterScalableTargetRequest) (*model.DeregisterScalableTargetResponse, error) {
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	err = e.change(func(b kv.Batch) error { return e.deregister(b, at) })
	if err != nil {
		return nil, err
	}
	return &model.DeregisterScalableTargetResponse{}, nil
}

func (e *Engine) deregister(b kv.Batch, at *scalable) error {
	var t target
	ok, err := e.load(at.key(kindTarget), &t)
	if err != nil {
		return err
	}
	if !ok {
		return errNoTarget(at)
	}
	for _, kind := range [3]byte{kindTarget, kindPolicy, kindAction} {
		rows := at.key(kind)
		b.DeleteRange(rows, kv.PrefixEnd(rows))
	}
	return nil
}
