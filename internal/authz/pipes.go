package authz

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/pipesapi"
)

// collectPipes finds the demands of a request to EventBridge Pipes: the action of
// its name on the pipe, and to pass the role with which the pipe would act. Listing
// pipes demands no resource.
func (d *demands) collectPipes(in api.Input) {
	resource := "*"
	switch in := in.(type) {
	case *pipesapi.CreatePipeRequest:
		resource = d.pipe(in.Name)
		d.passRole(in.RoleArn)
	case *pipesapi.DescribePipeRequest:
		resource = d.pipe(in.Name)
	case *pipesapi.UpdatePipeRequest:
		resource = d.pipe(in.Name)
		d.passRole(in.RoleArn)
	case *pipesapi.DeletePipeRequest:
		resource = d.pipe(in.Name)
	case *pipesapi.StartPipeRequest:
		resource = d.pipe(in.Name)
	case *pipesapi.StopPipeRequest:
		resource = d.pipe(in.Name)
	case *pipesapi.TagResourceRequest:
		resource = in.ResourceArn.V
	case *pipesapi.UntagResourceRequest:
		resource = in.ResourceArn.V
	case *pipesapi.ListTagsForResourceRequest:
		resource = in.ResourceArn.V
	}
	d.list = append(d.list, demand{action: "pipes:" + d.operation.Name, resource: resource, ownOnly: true})
}

func (d *demands) passRole(arn api.Opt[string]) {
	d.list = append(d.list, demand{action: "iam:PassRole", resource: arn.V, ownOnly: true})
}

func (d *demands) pipe(name api.Opt[string]) string {
	return "arn:aws:pipes:" + d.caller.Region + ":" + d.caller.Account + ":pipe/" + name.V
}
