package cloudwatchapi

import (
	"time"

	"github.com/levee-io/levee/internal/api"
)

func readDimensionForms(f api.Form) []Dimension {
	return api.FormList(f, "Dimensions.member", func(f api.Form) Dimension {
		return Dimension{Name: f.At("Name").String(), Value: f.At("Value").String()}
	})
}

func (s *Metric) readQuery(f api.Form) {
	s.Namespace, s.MetricName = f.At("Namespace").String(), f.At("MetricName").String()
	s.Dimensions = readDimensionForms(f)
}

// ReadQuery implements api.QueryInput.
func (s *ListMetricsInput) ReadQuery(f api.Form) {
	s.Namespace, s.MetricName = f.At("Namespace").String(), f.At("MetricName").String()
	s.Dimensions, s.NextToken = readDimensionForms(f), f.At("NextToken").String()
}

// ReadQuery implements api.QueryInput.
func (s *GetMetricStatisticsInput) ReadQuery(f api.Form) {
	s.Metric.readQuery(f)
	s.StartTime, s.EndTime = f.At("StartTime").Time(), f.At("EndTime").Time()
	s.Period, s.Unit = f.At("Period").Int(), f.At("Unit").String()
	s.Statistics = api.FormList(f, "Statistics.member", func(f api.Form) string { return f.String().V })
}

// ReadQuery implements api.QueryInput.
func (s *GetMetricDataInput) ReadQuery(f api.Form) {
	s.StartTime, s.EndTime = f.At("StartTime").Time(), f.At("EndTime").Time()
	s.NextToken, s.ScanBy, s.MaxDatapoints = f.At("NextToken").String(), f.At("ScanBy").String(), f.At("MaxDatapoints").Int()
	s.MetricDataQueries = api.FormList(f, "MetricDataQueries.member", func(f api.Form) MetricDataQuery {
		q := MetricDataQuery{ID: f.At("Id").String(), Expression: f.At("Expression").String(), Label: f.At("Label").String(), ReturnData: f.At("ReturnData").Bool()}
		if m := f.At("MetricStat"); m.At("Stat").String().OK {
			q.MetricStat = &MetricStat{Period: m.At("Period").Int(), Stat: m.At("Stat").String(), Unit: m.At("Unit").String()}
			q.MetricStat.Metric.readQuery(m.At("Metric"))
		}
		return q
	})
}

// list appends a list as the query protocol has it: an element for each member.
func list[T any](b []byte, name string, members []T, one func([]byte, T) []byte) []byte {
	b = append(b, "<"+name+">"...)
	for _, m := range members {
		b = append(one(append(b, "<member>"...), m), "</member>"...)
	}
	return append(b, "</"+name+">"...)
}

func xmlOpt(b []byte, name string, v api.Opt[string]) []byte {
	if !v.OK {
		return b
	}
	return api.AppendXMLString(b, name, v.V)
}

const xmlTime = "2006-01-02T15:04:05Z"

// AppendXML implements api.QueryOutput.
func (s *ListMetricsOutput) AppendXML(b []byte) []byte {
	b = list(b, "Metrics", s.Metrics, func(b []byte, m Metric) []byte {
		b = xmlOpt(xmlOpt(b, "Namespace", m.Namespace), "MetricName", m.MetricName)
		return list(b, "Dimensions", m.Dimensions, func(b []byte, d Dimension) []byte {
			return xmlOpt(xmlOpt(b, "Name", d.Name), "Value", d.Value)
		})
	})
	return xmlOpt(b, "NextToken", s.NextToken)
}

// AppendXML implements api.QueryOutput.
func (s *GetMetricStatisticsOutput) AppendXML(b []byte) []byte {
	b = list(b, "Datapoints", s.Datapoints, func(b []byte, p Datapoint) []byte {
		b = api.AppendXMLString(b, "Timestamp", p.Timestamp.UTC().Format(xmlTime))
		for _, v := range p.values() {
			if v.value.OK {
				b = api.AppendXMLString(b, v.name, number(v.value.V))
			}
		}
		return api.AppendXMLString(b, "Unit", p.Unit)
	})
	return xmlOpt(b, "Label", s.Label)
}

func number(v float64) string { return string(api.AppendFloat(nil, v)) }

// AppendXML implements api.QueryOutput.
func (s *GetMetricDataOutput) AppendXML(b []byte) []byte {
	b = list(b, "MetricDataResults", s.MetricDataResults, func(b []byte, r MetricDataResult) []byte {
		b = api.AppendXMLString(api.AppendXMLString(b, "Id", r.ID), "Label", r.Label)
		b = list(b, "Timestamps", r.Timestamps, func(b []byte, t time.Time) []byte {
			return api.AppendXMLText(b, t.UTC().Format(xmlTime))
		})
		b = list(b, "Values", r.Values, func(b []byte, v float64) []byte { return api.AppendXMLText(b, number(v)) })
		return api.AppendXMLString(b, "StatusCode", r.StatusCode)
	})
	return xmlOpt(b, "NextToken", s.NextToken)
}
