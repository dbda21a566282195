// Package cloudwatch is the operations of CloudWatch that read metrics: ListMetrics,
// GetMetricStatistics and GetMetricData, over what a metrics.Recorder has recorded.
// Metrics are those that the engines have; none can be put. There is one file per
// operation.
package cloudwatch

import (
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/cloudwatchapi"
	"github.com/levee-io/levee/internal/metrics"
)

// Engine answers from a recorder. It is safe for concurrent use.
type Engine struct{ recorder *metrics.Recorder }

// New returns the engine of a recorder.
func New(r *metrics.Recorder) *Engine { return &Engine{r} }

// Operations returns the operation table of the service, as far as it is here.
func (e *Engine) Operations() []api.Operation {
	const t = model.Target
	return []api.Operation{
		api.Op(t, "GetMetricData", api.Control, "metrics of tables that are held to their capacity, of changes on their way to Kinesis (AgeOfOldestUnreplicatedRecord, FailedToReplicateRecordCount), and of queues; no expressions. Minutes are kept for a day, in memory; the least and the largest value of a minute are those of its parts, not of single requests. The age of a dead letter of a standard queue counts from when it was sent", e.GetMetricData),
		api.Op(t, "GetMetricStatistics", api.Control, "as GetMetricData; no percentiles", e.GetMetricStatistics),
		api.Op(t, "ListMetrics", api.Control, "whole, for these metrics", e.ListMetrics),
	}
}

// metric returns the metric that a request names.
func metric(m *model.Metric) metrics.Metric {
	out := metrics.Metric{Namespace: m.Namespace.V, Name: m.MetricName.V}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, metrics.Dimension{Name: d.Name.V, Value: d.Value.V})
	}
	return out
}

// window is a time that is divided into periods.
type window struct {
	from, to time.Time
	period   time.Duration
}

// newWindow checks the times of a request. What lies between full periods is not
// looked at, as in the service: the beginning is moved to that of its period.
func newWindow(start, end api.Opt[time.Time], period api.Opt[int64]) (w window, err error) {
	for _, m := range []struct {
		name string
		ok   bool
	}{{"StartTime", start.OK}, {"EndTime", end.OK}, {"Period", period.OK}} {
		if !m.ok {
			return w, api.Errorf(model.CodeMissingRequiredParameter, "The parameter %s is required.", m.name)
		}
	}
	switch {
	case !start.V.Before(end.V):
		return w, api.Errorf(model.CodeInvalidParameterCombination, "The parameter StartTime must be less than the parameter EndTime.")
	case period.V < 60 || period.V%60 != 0 || period.V > 86_400*365:
		return w, api.Errorf(model.CodeInvalidParameterValue, "The parameter Period must be greater than or equal to 60 and a multiple of 60.")
	}
	w.period = time.Duration(period.V) * time.Second
	w.from, w.to = start.V.Truncate(w.period), end.V
	return w, nil
}

// sums returns the points of a metric added up by period, in the order of time.
func (e *Engine) sums(c *api.Caller, m metrics.Metric, w window, unit api.Opt[string]) []metrics.Point {
	var list []metrics.Point
	for _, p := range e.recorder.Points(c.Namespace, m, w.from, w.to) {
		if unit.OK && unit.V != p.Unit {
			continue
		}
		at := p.Minute.Truncate(w.period)
		if n := len(list); n > 0 && list[n-1].Minute.Equal(at) {
			sum := &list[n-1]
			sum.Sum, sum.Count = sum.Sum+p.Sum, sum.Count+p.Count
			sum.Least, sum.Most = min(sum.Least, p.Least), max(sum.Most, p.Most)
			continue
		}
		p.Minute = at
		list = append(list, p)
	}
	return list
}

// statistics are the ones there are, in the order of the service.
var statistics = []string{model.SampleCount, model.Average, model.Sum, model.Minimum, model.Maximum}

// statistic returns one of a point.
func statistic(p *metrics.Point, name string) float64 {
	switch name {
	case model.SampleCount:
		return p.Count
	case model.Average:
		return p.Sum / p.Count
	case model.Sum:
		return p.Sum
	case model.Minimum:
		return p.Least
	}
	return p.Most
}

func checkStatistic(name, parameter string) error {
	if slices.Contains(statistics, name) {
		return nil
	}
	return api.Errorf(model.CodeInvalidParameterValue, "The value %s for parameter %s is not supported. The statistics are %s.", name, parameter, strings.Join(statistics, ", "))
}
