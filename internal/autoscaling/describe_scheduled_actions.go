package autoscaling

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// DescribeScheduledActions lists the scheduled actions of targets.
func (e *Engine) DescribeScheduledActions(_ context.Context, c *api.Caller, in *model.DescribeScheduledActionsRequest) (*model.DescribeScheduledActionsResponse, error) {
	q := query{kindAction, c.Namespace, in.ServiceNamespace.V, in.ScalableDimension, in.MaxResults, maxPage, in.NextToken}
	list, next, err := read(e, q, func(a *action) bool {
		return among(a.Name, in.ScheduledActionNames) && matches(a.Resource, in.ResourceId) && matches(a.Dimension, in.ScalableDimension)
	})
	if err != nil {
		return nil, err
	}
	out := &model.DescribeScheduledActionsResponse{ScheduledActions: make([]model.ScheduledAction, len(list)), NextToken: next}
	for i := range list {
		out.ScheduledActions[i] = list[i].describe()
	}
	return out, nil
}

func (a *action) describe() model.ScheduledAction {
	return model.ScheduledAction{
		ScheduledActionName: api.Some(a.Name), ScheduledActionARN: api.Some(a.ARN),
		ServiceNamespace: api.Some(a.Service), ResourceId: api.Some(a.Resource), ScalableDimension: api.Some(a.Dimension),
		Schedule: api.Some(a.Schedule), Timezone: unlessZero(a.Zone),
		StartTime: timeUnlessZero(a.Start), EndTime: timeUnlessZero(a.End), CreationTime: api.Some(a.Created),
		ScalableTargetAction: &model.ScalableTargetAction{MinCapacity: optional(a.Min), MaxCapacity: optional(a.Max)},
	}
}

func optional(p *int64) api.Opt[int64] {
	if p == nil {
		return api.Opt[int64]{}
	}
	return api.Some(*p)
}

func unlessZero(s string) api.Opt[string] { return api.Opt[string]{V: s, OK: s != ""} }

func timeUnlessZero(t time.Time) api.Opt[time.Time] {
	return api.Opt[time.Time]{V: t, OK: !t.IsZero()}
}
