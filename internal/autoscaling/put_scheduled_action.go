package autoscaling

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// maxActions is the number of scheduled actions that a target can have
// (Application Auto Scaling User Guide, "Quotas").
const maxActions = 200

// action is a scheduled action, as the store has it.
type action struct {
	Service   string    `json:"service"`
	Resource  string    `json:"resource"`
	Dimension string    `json:"dimension"`
	Name      string    `json:"name"`
	ARN       string    `json:"arn"`
	Schedule  string    `json:"schedule"`
	Zone      string    `json:"zone,omitempty"`
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	Min       *int64    `json:"min,omitempty"`
	Max       *int64    `json:"max,omitempty"`
	Created   time.Time `json:"created"`
}

// PutScheduledAction creates a scheduled action of a target, or changes the one
// of that name.
func (e *Engine) PutScheduledAction(_ context.Context, c *api.Caller, in *model.PutScheduledActionRequest) (*model.PutScheduledActionResponse, error) {
	if err := checkActionName(in.ScheduledActionName.V); err != nil {
		return nil, err
	}
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	if err := checkSchedule(in, time.Now()); err != nil {
		return nil, err
	}
	err = e.change(func(b kv.Batch) error {
		if err := e.requireTarget(at); err != nil {
			return err
		}
		return e.putAction(b, at, in)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutScheduledActionResponse{}, nil
}

// putAction stages the action. What a request leaves out stays, except that the
// times of a new request replace both old ones, as the service documents.
func (e *Engine) putAction(b kv.Batch, at *scalable, in *model.PutScheduledActionRequest) error {
	key := at.named(kindAction, in.ScheduledActionName.V)
	var a action
	known, err := e.load(key, &a)
	if err != nil {
		return err
	}
	if !known {
		if err := e.checkNewAction(at, in); err != nil {
			return err
		}
		name := in.ScheduledActionName.V
		a = action{
			Service: at.service, Resource: at.resource, Dimension: at.dimension, Name: name,
			ARN: at.arn("scheduledAction", "scheduledActionName", name), Created: time.Now(),
		}
	}
	a.Schedule, a.Zone = in.Schedule.Or(a.Schedule), in.Timezone.Or(a.Zone)
	a.Start, a.End = in.StartTime.V, in.EndTime.V
	if t := in.ScalableTargetAction; t != nil {
		a.Min, a.Max = pointer(t.MinCapacity), pointer(t.MaxCapacity)
	}
	return save(b, key, &a)
}

func pointer(o api.Opt[int64]) *int64 {
	if !o.OK {
		return nil
	}
	return &o.V
}

// checkNewAction checks what only an action that does not exist yet needs.
func (e *Engine) checkNewAction(at *scalable, in *model.PutScheduledActionRequest) error {
	switch {
	case !in.Schedule.OK:
		return api.Validation("Schedule must be specified")
	case in.ScalableTargetAction == nil:
		return api.Validation("ScalableTargetAction must be specified")
	}
	q := query{kind: kindAction, ns: at.ns, service: at.service, limit: maxActions + 1}
	list, _, err := scan(e, q, func(a *action) bool { return a.Resource == at.resource && a.Dimension == at.dimension })
	if err == nil && len(list) >= maxActions {
		err = api.Errorf(model.CodeLimitExceededException, "The number of scheduled actions per scalable target cannot exceed %d", maxActions)
	}
	return err
}
