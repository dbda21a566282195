package cloudwatchlogs

import (
	"context"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

// The tokens of GetLogEvents: which way to go on, and from which event.
const (
	forward  = "f/"
	backward = "b/"
)

// GetLogEvents returns events of one stream: the last ones, the first ones with
// StartFromHead, or those before or after a token.
func (e *Engine) GetLogEvents(_ context.Context, c *api.Caller, in *model.GetLogEventsRequest) (*model.GetLogEventsResponse, error) {
	_, logs, err := e.group(c, &in.Group)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(logs, func(l Log) bool { return l.Stream == in.LogStreamName.V }) {
		return nil, errNoStream()
	}
	s := search{limit: int(in.Limit.Or(maxEvents)), last: !in.StartFromHead.V}
	s.window(in.StartTime, in.EndTime)
	if in.EndTime.OK {
		s.to-- // here the end is not in the window
	}
	s.wanted = func(stream string) bool { return stream == in.LogStreamName.V }
	here := ""
	if in.NextToken.OK {
		var back, ahead bool
		if here, ahead = strings.CutPrefix(in.NextToken.V, forward); ahead {
			s.after, s.last = here, false
		} else if here, back = strings.CutPrefix(in.NextToken.V, backward); back {
			s.before, s.last = here, true
		} else {
			return nil, invalid("The specified nextToken is invalid.")
		}
	}
	out := &model.GetLogEventsResponse{}
	out.Events, _ = s.find(logs)
	first, last := here, here // who is at an end gets the token back
	if n := len(out.Events); n > 0 {
		first, last = out.Events[0].EventID, out.Events[n-1].EventID
	}
	out.NextForwardToken, out.NextBackwardToken = forward+last, backward+first
	for i := range out.Events {
		out.Events[i].LogStreamName = ""
	}
	return out, nil
}
