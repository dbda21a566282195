package cloudwatchapi

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

func (s *Dimension) readJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "Dimension", func(key string) bool {
		switch key {
		case "Name":
			s.Name = api.ReadString(d)
		case "Value":
			s.Value = api.ReadString(d)
		default:
			return false
		}
		return true
	})
}

func readDimensions(d *jsontok.Decoder) []Dimension {
	return api.ReadList(d, func(d *jsontok.Decoder) (x Dimension) { x.readJSON(d); return x })
}

// read takes a member that is one of the metric.
func (s *Metric) read(d *jsontok.Decoder, key string) bool {
	switch key {
	case "Namespace":
		s.Namespace = api.ReadString(d)
	case "MetricName":
		s.MetricName = api.ReadString(d)
	case "Dimensions":
		s.Dimensions = readDimensions(d)
	default:
		return false
	}
	return true
}

// ReadJSON implements api.Input.
func (s *ListMetricsInput) ReadJSON(d *jsontok.Decoder) {
	var m Metric
	api.ReadMembers(d, "ListMetricsInput", func(key string) bool {
		if key == "NextToken" {
			s.NextToken = api.ReadString(d)
			return true
		}
		return m.read(d, key)
	})
	s.Namespace, s.MetricName, s.Dimensions = m.Namespace, m.MetricName, m.Dimensions
}

// ReadJSON implements api.Input.
func (s *GetMetricStatisticsInput) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "GetMetricStatisticsInput", func(key string) bool {
		switch key {
		case "StartTime":
			s.StartTime = api.ReadTime(d)
		case "EndTime":
			s.EndTime = api.ReadTime(d)
		case "Period":
			s.Period = api.ReadInt(d)
		case "Statistics":
			s.Statistics = api.ReadList(d, func(d *jsontok.Decoder) string { return api.ReadString(d).V })
		case "Unit":
			s.Unit = api.ReadString(d)
		default:
			return s.Metric.read(d, key)
		}
		return true
	})
}

// ReadJSON implements api.Input.
func (s *GetMetricDataInput) ReadJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "GetMetricDataInput", func(key string) bool {
		switch key {
		case "StartTime":
			s.StartTime = api.ReadTime(d)
		case "EndTime":
			s.EndTime = api.ReadTime(d)
		case "NextToken":
			s.NextToken = api.ReadString(d)
		case "ScanBy":
			s.ScanBy = api.ReadString(d)
		case "MaxDatapoints":
			s.MaxDatapoints = api.ReadInt(d)
		case "MetricDataQueries":
			s.MetricDataQueries = api.ReadList(d, func(d *jsontok.Decoder) (q MetricDataQuery) { q.readJSON(d); return q })
		default:
			return false
		}
		return true
	})
}

func (s *MetricDataQuery) readJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "MetricDataQuery", func(key string) bool {
		switch key {
		case "Id":
			s.ID = api.ReadString(d)
		case "Expression":
			s.Expression = api.ReadString(d)
		case "Label":
			s.Label = api.ReadString(d)
		case "ReturnData":
			s.ReturnData = api.ReadBool(d)
		case "MetricStat":
			s.MetricStat = new(MetricStat)
			s.MetricStat.readJSON(d)
		default:
			return false
		}
		return true
	})
}

func (s *MetricStat) readJSON(d *jsontok.Decoder) {
	api.ReadMembers(d, "MetricStat", func(key string) bool {
		switch key {
		case "Metric":
			api.ReadMembers(d, "Metric", func(key string) bool { return s.Metric.read(d, key) })
		case "Period":
			s.Period = api.ReadInt(d)
		case "Stat":
			s.Stat = api.ReadString(d)
		case "Unit":
			s.Unit = api.ReadString(d)
		default:
			return false
		}
		return true
	})
}

func appendText(b []byte, name, v string) []byte {
	return jsontok.AppendString(api.AppendName(b, `"`+name+`":`), v)
}

func appendOpt(b []byte, name string, v api.Opt[string]) []byte {
	if !v.OK {
		return b
	}
	return appendText(b, name, v.V)
}

func appendNumber(b []byte, name string, v api.Opt[float64]) []byte {
	if !v.OK {
		return b
	}
	return api.AppendFloat(api.AppendName(b, `"`+name+`":`), v.V)
}

func (s Dimension) appendJSON(b []byte) []byte {
	return append(appendOpt(appendOpt(append(b, '{'), "Name", s.Name), "Value", s.Value), '}')
}

func (s Metric) appendJSON(b []byte) []byte {
	b = appendOpt(append(b, '{'), "Namespace", s.Namespace)
	b = appendOpt(b, "MetricName", s.MetricName)
	b = api.AppendList(api.AppendName(b, `"Dimensions":`), s.Dimensions, func(b []byte, d Dimension) []byte { return d.appendJSON(b) })
	return append(b, '}')
}

// AppendJSON implements api.Output.
func (s *ListMetricsOutput) AppendJSON(b []byte) []byte {
	b = api.AppendName(append(b, '{'), `"Metrics":`)
	b = api.AppendList(b, s.Metrics, func(b []byte, m Metric) []byte { return m.appendJSON(b) })
	return append(appendOpt(b, "NextToken", s.NextToken), '}')
}

// AppendJSON implements api.Output.
func (s *GetMetricStatisticsOutput) AppendJSON(b []byte) []byte {
	b = appendOpt(append(b, '{'), "Label", s.Label)
	b = api.AppendList(api.AppendName(b, `"Datapoints":`), s.Datapoints, func(b []byte, p Datapoint) []byte { return p.appendJSON(b) })
	return append(b, '}')
}

func (s Datapoint) appendJSON(b []byte) []byte {
	b = api.AppendTime(api.AppendName(append(b, '{'), `"Timestamp":`), s.Timestamp)
	for _, v := range s.values() {
		b = appendNumber(b, v.name, v.value)
	}
	return append(appendText(b, "Unit", s.Unit), '}')
}

// statistic is one of a datapoint.
type statistic struct {
	name  string
	value api.Opt[float64]
}

func (s *Datapoint) values() [5]statistic {
	return [5]statistic{{SampleCount, s.SampleCount}, {Average, s.Average}, {Sum, s.Sum}, {Minimum, s.Minimum}, {Maximum, s.Maximum}}
}

// AppendJSON implements api.Output.
func (s *GetMetricDataOutput) AppendJSON(b []byte) []byte {
	b = api.AppendName(append(b, '{'), `"MetricDataResults":`)
	b = api.AppendList(b, s.MetricDataResults, func(b []byte, r MetricDataResult) []byte { return r.appendJSON(b) })
	b = append(b, `,"Messages":[]`...)
	return append(appendOpt(b, "NextToken", s.NextToken), '}')
}

func (s MetricDataResult) appendJSON(b []byte) []byte {
	b = appendText(appendText(append(b, '{'), "Id", s.ID), "Label", s.Label)
	b = api.AppendList(append(b, `,"Timestamps":`...), s.Timestamps, func(b []byte, t time.Time) []byte { return api.AppendTime(b, t) })
	b = api.AppendList(append(b, `,"Values":`...), s.Values, api.AppendFloat)
	return append(appendText(b, "StatusCode", s.StatusCode), '}')
}

// Validate implements api.Input: the operation itself checks what there is to check.
func (s *ListMetricsInput) Validate(*api.Violations) {}

// Validate implements api.Input, as above.
func (s *GetMetricStatisticsInput) Validate(*api.Violations) {}

// Validate implements api.Input, as above.
func (s *GetMetricDataInput) Validate(*api.Violations) {}
