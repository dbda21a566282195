package authz

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/autoscalingapi"
)

// collectAutoscaling finds the demand of a request to Application Auto Scaling.
// Describing demands no resource; of a target that a request names by its
// capacity the ARN is not known here, so any of the caller's is demanded.
func (d *demands) collectAutoscaling(in api.Input) {
	resource := d.scalingResource(d.caller.Region, d.operation.Name)
	switch in := in.(type) {
	case *autoscalingapi.TagResourceRequest:
		resource = in.ResourceARN.V
	case *autoscalingapi.UntagResourceRequest:
		resource = in.ResourceARN.V
	case *autoscalingapi.ListTagsForResourceRequest:
		resource = in.ResourceARN.V
	}
	d.list = append(d.list, demand{action: "application-autoscaling:" + d.operation.Name, resource: resource, ownOnly: true})
}

// scalingResource is what an action that names no ARN is about.
func (d *demands) scalingResource(region, action string) string {
	if strings.HasPrefix(action, "Describe") {
		return "*"
	}
	return "arn:aws:application-autoscaling:" + region + ":" + d.caller.Account + ":scalable-target/*"
}
