package autoscaling

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// Operations returns the operation table of the service, sorted by name.
// Operations that the engine does not have stand in it without a handler.
func (e *Engine) Operations() []api.Operation {
	const t = model.Target
	ops := []api.Operation{
		api.Op(t, "RegisterScalableTarget", api.Control, "tables and global secondary indexes", e.RegisterScalableTarget),
		api.Op(t, "DeregisterScalableTarget", api.Control, "whole; policies and scheduled actions go with the target", e.DeregisterScalableTarget),
		api.Op(t, "DescribeScalableTargets", api.Control, "whole, for tables and their indexes", e.DescribeScalableTargets),
		api.Op(t, "PutScalingPolicy", api.Control, "target tracking only, as for tables in the service; alarms have names and do not exist. A policy acts on what is held to its capacity (levee serve --capacity, or the tag levee:capacity)", e.PutScalingPolicy),
		api.Op(t, "DescribeScalingPolicies", api.Control, "whole, for tables and their indexes", e.DescribeScalingPolicies),
		api.Op(t, "DeleteScalingPolicy", api.Control, "whole", e.DeleteScalingPolicy),
		api.Op(t, "PutScheduledAction", api.Control, "acts on what is held to its capacity (levee serve --capacity, or the tag levee:capacity)", e.PutScheduledAction),
		api.Op(t, "DescribeScheduledActions", api.Control, "whole, for tables and their indexes", e.DescribeScheduledActions),
		api.Op(t, "DeleteScheduledAction", api.Control, "whole", e.DeleteScheduledAction),
		api.Op(t, "DescribeScalingActivities", api.Control, "those since the server was started", e.DescribeScalingActivities),
		api.Op(t, "TagResource", api.Control, "whole", e.TagResource),
		api.Op(t, "UntagResource", api.Control, "whole", e.UntagResource),
		api.Op(t, "ListTagsForResource", api.Control, "whole", e.ListTagsForResource),
	}
	for _, name := range model.OperationNames {
		if !slices.ContainsFunc(ops, func(op api.Operation) bool { return op.Name == name }) {
			ops = append(ops, api.Operation{Target: t, Name: name, Doc: "not implemented yet"})
		}
	}
	slices.SortFunc(ops, func(a, b api.Operation) int { return strings.Compare(a.Name, b.Name) })
	return ops
}
