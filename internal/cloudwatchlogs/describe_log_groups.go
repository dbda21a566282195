package cloudwatchlogs

import (
	"context"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

// DescribeLogGroups lists the groups of functions that were invoked, by name.
func (e *Engine) DescribeLogGroups(_ context.Context, c *api.Caller, in *model.DescribeLogGroupsRequest) (*model.DescribeLogGroupsResponse, error) {
	if in.LogGroupNamePrefix.OK && in.LogGroupNamePattern.OK {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	var list []model.LogGroup
	for _, function := range e.source.Functions(c.Namespace) {
		name := groupPrefix + function
		if strings.HasPrefix(name, in.LogGroupNamePrefix.V) && strings.Contains(name, in.LogGroupNamePattern.V) {
			list = append(list, model.LogGroup{LogGroupName: name, ARN: arnOf(c.Namespace, name)})
		}
	}
	slices.SortFunc(list, func(a, b model.LogGroup) int { return strings.Compare(a.LogGroupName, b.LogGroupName) })
	out := &model.DescribeLogGroupsResponse{}
	list, out.NextToken = page(list, in.NextToken, in.Limit, func(g *model.LogGroup) string { return g.LogGroupName })
	for i := range list {
		g := &list[i]
		for j, l := range e.source.Logs(c.Namespace, strings.TrimPrefix(g.LogGroupName, groupPrefix)) {
			if at := l.Begin.UnixMilli(); j == 0 || at < g.CreationTime {
				g.CreationTime = at
			}
			g.StoredBytes += int64(len(l.Text))
		}
	}
	out.LogGroups = list
	return out, nil
}
