package cloudwatchlogs

import (
	"context"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

// FilterLogEvents returns events of a group in the order of time.
func (e *Engine) FilterLogEvents(_ context.Context, c *api.Caller, in *model.FilterLogEventsRequest) (*model.FilterLogEventsResponse, error) {
	_, logs, err := e.group(c, &in.Group)
	if err != nil {
		return nil, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix.OK {
		return nil, invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	}
	for _, name := range in.LogStreamNames {
		if !slices.ContainsFunc(logs, func(l Log) bool { return l.Stream == name }) {
			return nil, errNoStream()
		}
	}
	s := search{after: in.NextToken.V, limit: int(in.Limit.Or(maxEvents))}
	s.window(in.StartTime, in.EndTime)
	s.wanted = func(stream string) bool {
		return strings.HasPrefix(stream, in.LogStreamNamePrefix.V) && (in.LogStreamNames == nil || slices.Contains(in.LogStreamNames, stream))
	}
	if s.pattern, err = parsePattern(in.FilterPattern.V); err != nil {
		return nil, err
	}
	out := &model.FilterLogEventsResponse{}
	var more bool
	if out.Events, more = s.find(logs); more {
		out.NextToken = api.Some(out.Events[len(out.Events)-1].EventID)
	}
	return out, nil
}
