// Package logsapi has the shapes of the few operations of CloudWatch Logs that read
// what functions printed, written by hand after the service's API reference (version
// 2014-03-28). Times are milliseconds since 1970.
package logsapi

import "github.com/levee-io/levee/internal/api"

// Target is the prefix of X-Amz-Target.
const Target = "Logs_20140328"

// The codes of errors.
const (
	CodeInvalidParameter = "InvalidParameterException"
	CodeResourceNotFound = "ResourceNotFoundException"
)

// OrderByLastEventTime is a value of OrderBy.
const OrderByLastEventTime = "LastEventTime"

// Group is how requests name a log group: by one of the two.
type Group struct {
	LogGroupName       api.Opt[string]
	LogGroupIdentifier api.Opt[string] // the name or an ARN
}

// DescribeLogGroupsRequest is the request of DescribeLogGroups.
type DescribeLogGroupsRequest struct {
	LogGroupNamePrefix  api.Opt[string]
	LogGroupNamePattern api.Opt[string]
	NextToken           api.Opt[string]
	Limit               api.Opt[int64]
}

// DescribeLogGroupsResponse is the answer of DescribeLogGroups.
type DescribeLogGroupsResponse struct {
	LogGroups []LogGroup
	NextToken api.Opt[string]
}

// LogGroup is the structure of that name.
type LogGroup struct {
	LogGroupName, ARN         string // the ARN without :*
	CreationTime, StoredBytes int64
}

// DescribeLogStreamsRequest is the request of DescribeLogStreams.
type DescribeLogStreamsRequest struct {
	Group
	LogStreamNamePrefix api.Opt[string]
	OrderBy             api.Opt[string]
	Descending          api.Opt[bool]
	NextToken           api.Opt[string]
	Limit               api.Opt[int64]
}

// DescribeLogStreamsResponse is the answer of DescribeLogStreams.
type DescribeLogStreamsResponse struct {
	LogStreams []LogStream
	NextToken  api.Opt[string]
}

// LogStream is the structure of that name.
type LogStream struct {
	LogStreamName, ARN                      string
	FirstEventTimestamp, LastEventTimestamp int64
}

// GetLogEventsRequest is the request of GetLogEvents.
type GetLogEventsRequest struct {
	Group
	LogStreamName      api.Opt[string]
	StartTime, EndTime api.Opt[int64]
	NextToken          api.Opt[string]
	Limit              api.Opt[int64]
	StartFromHead      api.Opt[bool]
}

// GetLogEventsResponse is the answer of GetLogEvents.
type GetLogEventsResponse struct {
	Events                              []LogEvent
	NextForwardToken, NextBackwardToken string
}

// FilterLogEventsRequest is the request of FilterLogEvents.
type FilterLogEventsRequest struct {
	Group
	LogStreamNames      []string
	LogStreamNamePrefix api.Opt[string]
	StartTime, EndTime  api.Opt[int64]
	FilterPattern       api.Opt[string]
	NextToken           api.Opt[string]
	Limit               api.Opt[int64]
}

// FilterLogEventsResponse is the answer of FilterLogEvents.
type FilterLogEventsResponse struct {
	Events    []LogEvent
	NextToken api.Opt[string]
}

// LogEvent is OutputLogEvent, and FilteredLogEvent if it names its stream.
type LogEvent struct {
	LogStreamName, EventID string
	Timestamp              int64
	Message                string
}
