package logsapi

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// read takes a member that names the group.
func (s *Group) read(d *jsontok.Decoder, key string) bool {
	switch key {
	case "logGroupName":
		s.LogGroupName = api.ReadString(d)
	case "logGroupIdentifier":
		s.LogGroupIdentifier = api.ReadString(d)
	default:
		return false
	}
	return true
}

func (s *Group) validate(v *api.Violations, at *api.Path) {
	v.Length(s.LogGroupName, 1, 512, at.Member("logGroupName"))
	v.Length(s.LogGroupIdentifier, 1, 2048, at.Member("logGroupIdentifier"))
}

// ReadJSON implements api.Input.
func (s *DescribeLogGroupsRequest) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "DescribeLogGroupsRequest", func(key string) bool {
		switch key {
		case "logGroupNamePrefix":
			s.LogGroupNamePrefix = api.ReadString(d)
		case "logGroupNamePattern":
			s.LogGroupNamePattern = api.ReadString(d)
		case "nextToken":
			s.NextToken = api.ReadString(d)
		case "limit":
			s.Limit = api.ReadInt(d)
		default:
			return false
		}
		return true
	})
}

// The bounds of limits and times.
var (
	zero, one, maxDescribed, maxEvents = int64(0), int64(1), int64(50), int64(10_000)
)

// Validate implements api.Input.
func (s *DescribeLogGroupsRequest) Validate(v *api.Violations) {
	at := new(api.Path)
	v.Length(s.LogGroupNamePrefix, 1, 512, at.Member("logGroupNamePrefix"))
	v.Length(s.LogGroupNamePattern, 0, 512, at.Member("logGroupNamePattern"))
	v.Length(s.NextToken, 1, 4096, at.Member("nextToken"))
	v.Range(s.Limit, &one, &maxDescribed, at.Member("limit"))
}

// ReadJSON implements api.Input.
func (s *DescribeLogStreamsRequest) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "DescribeLogStreamsRequest", func(key string) bool {
		switch key {
		case "logStreamNamePrefix":
			s.LogStreamNamePrefix = api.ReadString(d)
		case "orderBy":
			s.OrderBy = api.ReadString(d)
		case "descending":
			s.Descending = api.ReadBool(d)
		case "nextToken":
			s.NextToken = api.ReadString(d)
		case "limit":
			s.Limit = api.ReadInt(d)
		default:
			return s.Group.read(d, key)
		}
		return true
	})
}

// Validate implements api.Input.
func (s *DescribeLogStreamsRequest) Validate(v *api.Violations) {
	at := new(api.Path)
	s.validate(v, at)
	v.Length(s.LogStreamNamePrefix, 1, 512, at.Member("logStreamNamePrefix"))
	v.Enum(s.OrderBy, []string{"LogStreamName", OrderByLastEventTime}, at.Member("orderBy"))
	v.Length(s.NextToken, 1, 4096, at.Member("nextToken"))
	v.Range(s.Limit, &one, &maxDescribed, at.Member("limit"))
}

// ReadJSON implements api.Input.
func (s *GetLogEventsRequest) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "GetLogEventsRequest", func(key string) bool {
		switch key {
		case "logStreamName":
			s.LogStreamName = api.ReadString(d)
		case "startTime":
			s.StartTime = api.ReadLong(d)
		case "endTime":
			s.EndTime = api.ReadLong(d)
		case "nextToken":
			s.NextToken = api.ReadString(d)
		case "limit":
			s.Limit = api.ReadInt(d)
		case "startFromHead":
			s.StartFromHead = api.ReadBool(d)
		default:
			return s.Group.read(d, key)
		}
		return true
	})
}

// Validate implements api.Input.
func (s *GetLogEventsRequest) Validate(v *api.Violations) {
	at := new(api.Path)
	s.validate(v, at)
	v.Required(s.LogStreamName.OK, at.Member("logStreamName"))
	v.Length(s.LogStreamName, 1, 512, at.Member("logStreamName"))
	v.Range(s.StartTime, &zero, nil, at.Member("startTime"))
	v.Range(s.EndTime, &zero, nil, at.Member("endTime"))
	v.Length(s.NextToken, 1, 4096, at.Member("nextToken"))
	v.Range(s.Limit, &one, &maxEvents, at.Member("limit"))
}

// ReadJSON implements api.Input.
func (s *FilterLogEventsRequest) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "FilterLogEventsRequest", func(key string) bool {
		switch key {
		case "logStreamNames":
			s.LogStreamNames = api.ReadList(d, func(d *jsontok.Decoder) string { return api.ReadString(d).V })
		case "logStreamNamePrefix":
			s.LogStreamNamePrefix = api.ReadString(d)
		case "startTime":
			s.StartTime = api.ReadLong(d)
		case "endTime":
			s.EndTime = api.ReadLong(d)
		case "filterPattern":
			s.FilterPattern = api.ReadString(d)
		case "nextToken":
			s.NextToken = api.ReadString(d)
		case "limit":
			s.Limit = api.ReadInt(d)
		default:
			return s.Group.read(d, key)
		}
		return true
	})
}

// Validate implements api.Input.
func (s *FilterLogEventsRequest) Validate(v *api.Violations) {
	at := new(api.Path)
	s.validate(v, at)
	if s.LogStreamNames != nil {
		v.Count(len(s.LogStreamNames), 1, 100, s.LogStreamNames, at.Member("logStreamNames"))
	}
	v.Length(s.LogStreamNamePrefix, 1, 512, at.Member("logStreamNamePrefix"))
	v.Range(s.StartTime, &zero, nil, at.Member("startTime"))
	v.Range(s.EndTime, &zero, nil, at.Member("endTime"))
	v.Length(s.FilterPattern, 0, 1024, at.Member("filterPattern"))
	v.Length(s.NextToken, 1, 4096, at.Member("nextToken"))
	v.Range(s.Limit, &one, &maxEvents, at.Member("limit"))
}

// AppendJSON implements api.Output.
func (s *DescribeLogGroupsResponse) AppendJSON(b []byte) []byte {
	b = api.AppendList(append(b, `{"logGroups":`...), s.LogGroups, func(b []byte, g LogGroup) []byte {
		b = jsontok.AppendString(append(b, `{"logGroupName":`...), g.LogGroupName)
		b = api.AppendInt(append(b, `,"creationTime":`...), g.CreationTime)
		b = api.AppendInt(append(b, `,"metricFilterCount":0,"storedBytes":`...), g.StoredBytes)
		b = jsontok.AppendString(append(b, `,"arn":`...), g.ARN+":*")
		b = jsontok.AppendString(append(b, `,"logGroupArn":`...), g.ARN)
		return append(b, `,"logGroupClass":"STANDARD"}`...)
	})
	return appendToken(b, s.NextToken)
}

// AppendJSON implements api.Output.
func (s *DescribeLogStreamsResponse) AppendJSON(b []byte) []byte {
	b = api.AppendList(append(b, `{"logStreams":`...), s.LogStreams, func(b []byte, l LogStream) []byte {
		b = jsontok.AppendString(append(b, `{"logStreamName":`...), l.LogStreamName)
		b = api.AppendInt(append(b, `,"creationTime":`...), l.FirstEventTimestamp)
		b = api.AppendInt(append(b, `,"firstEventTimestamp":`...), l.FirstEventTimestamp)
		b = api.AppendInt(append(b, `,"lastEventTimestamp":`...), l.LastEventTimestamp)
		b = api.AppendInt(append(b, `,"lastIngestionTime":`...), l.LastEventTimestamp)
		b = jsontok.AppendString(append(b, `,"arn":`...), l.ARN)
		return append(b, `,"storedBytes":0}`...)
	})
	return appendToken(b, s.NextToken)
}

// AppendJSON implements api.Output.
func (s *GetLogEventsResponse) AppendJSON(b []byte) []byte {
	b = api.AppendList(append(b, `{"events":`...), s.Events, appendEvent)
	b = jsontok.AppendString(append(b, `,"nextForwardToken":`...), s.NextForwardToken)
	b = jsontok.AppendString(append(b, `,"nextBackwardToken":`...), s.NextBackwardToken)
	return append(b, '}')
}

// AppendJSON implements api.Output.
func (s *FilterLogEventsResponse) AppendJSON(b []byte) []byte {
	b = api.AppendList(append(b, `{"searchedLogStreams":[],"events":`...), s.Events, appendEvent)
	return appendToken(b, s.NextToken)
}

func appendEvent(b []byte, e LogEvent) []byte {
	b = api.AppendInt(append(b, `{"timestamp":`...), e.Timestamp)
	b = api.AppendInt(append(b, `,"ingestionTime":`...), e.Timestamp)
	b = jsontok.AppendString(append(b, `,"message":`...), e.Message)
	if e.LogStreamName != "" {
		b = jsontok.AppendString(append(b, `,"logStreamName":`...), e.LogStreamName)
		b = jsontok.AppendString(append(b, `,"eventId":`...), e.EventID)
	}
	return append(b, '}')
}

func appendToken(b []byte, token api.Opt[string]) []byte {
	if token.OK {
		b = jsontok.AppendString(append(b, `,"nextToken":`...), token.V)
	}
	return append(b, '}')
}
