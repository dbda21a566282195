package authz

import (
	"cmp"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/logsapi"
)

// collectLogs finds the demands of a request to CloudWatch Logs: the action of its
// name on the log group, or on one of its streams.
func (d *demands) collectLogs(in api.Input) {
	resource := d.logGroup("*")
	switch in := in.(type) {
	case *logsapi.DescribeLogStreamsRequest:
		resource = d.namedGroup(&in.Group) + ":*"
	case *logsapi.FilterLogEventsRequest:
		resource = d.namedGroup(&in.Group) + ":*"
	case *logsapi.GetLogEventsRequest:
		resource = d.namedGroup(&in.Group) + ":log-stream:" + in.LogStreamName.V
	}
	d.list = append(d.list, demand{action: "logs:" + d.operation.Name, resource: resource, ownOnly: true})
}

func (d *demands) logGroup(name string) string {
	return "arn:aws:logs:" + d.caller.Region + ":" + d.caller.Account + ":log-group:" + name
}

// namedGroup returns the ARN of a group given by name or ARN.
func (d *demands) namedGroup(g *logsapi.Group) string {
	name := cmp.Or(g.LogGroupName.V, g.LogGroupIdentifier.V)
	if strings.HasPrefix(name, "arn:") {
		return strings.TrimSuffix(name, ":*")
	}
	return d.logGroup(name)
}
