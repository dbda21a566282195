package cloudwatchlogs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

// DescribeLogStreams lists the streams of a group by name, or by their last event.
func (e *Engine) DescribeLogStreams(_ context.Context, c *api.Caller, in *model.DescribeLogStreamsRequest) (*model.DescribeLogStreamsResponse, error) {
	arn, logs, err := e.group(c, &in.Group)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy.V == model.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix.OK {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	var list []model.LogStream
	for _, s := range streamsOf(arn, logs) {
		if strings.HasPrefix(s.LogStreamName, in.LogStreamNamePrefix.V) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b model.LogStream) int {
		order := strings.Compare(a.LogStreamName, b.LogStreamName)
		if byTime {
			order = cmp.Or(cmp.Compare(a.LastEventTimestamp, b.LastEventTimestamp), order)
		}
		return order
	})
	if in.Descending.V {
		slices.Reverse(list)
	}
	out := &model.DescribeLogStreamsResponse{}
	out.LogStreams, out.NextToken = page(list, in.NextToken, in.Limit, func(s *model.LogStream) string { return s.LogStreamName })
	return out, nil
}

// streamsOf returns the streams of a group.
func streamsOf(arn string, logs []Log) []model.LogStream {
	var list []model.LogStream
	at := map[string]int{}
	for _, l := range logs {
		i, ok := at[l.Stream]
		if !ok {
			i = len(list)
			at[l.Stream] = i
			list = append(list, model.LogStream{LogStreamName: l.Stream, ARN: arn + ":log-stream:" + l.Stream, FirstEventTimestamp: l.Begin.UnixMilli()})
		}
		s := &list[i]
		s.FirstEventTimestamp = min(s.FirstEventTimestamp, l.Begin.UnixMilli())
		s.LastEventTimestamp = max(s.LastEventTimestamp, l.End.UnixMilli())
	}
	return list
}
