package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// DeleteScheduledAction deletes a scheduled action; its target stays.
func (e *Engine) DeleteScheduledAction(_ context.Context, c *api.Caller, in *model.DeleteScheduledActionRequest) (*model.DeleteScheduledActionResponse, error) {
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	err = e.change(func(b kv.Batch) error {
		key := at.named(kindAction, in.ScheduledActionName.V)
		_, ok, err := e.store.Get(key, nil)
		if err == nil && !ok {
			err = api.Errorf(model.CodeObjectNotFoundException, "No scheduled action found for %s, scheduled action name: %s", at, in.ScheduledActionName.V)
		}
		b.Delete(key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteScheduledActionResponse{}, nil
}
