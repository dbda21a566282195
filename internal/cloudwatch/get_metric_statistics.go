package cloudwatch

import (
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/cloudwatchapi"
)

// maxDatapoints is how many one answer has (API reference, GetMetricStatistics).
const maxDatapoints = 1440

// GetMetricStatistics returns the statistics of one metric by period.
func (e *Engine) GetMetricStatistics(_ context.Context, c *api.Caller, in *model.GetMetricStatisticsInput) (*model.GetMetricStatisticsOutput, error) {
	if err := checkNamed(&in.Metric); err != nil {
		return nil, err
	}
	w, err := newWindow(in.StartTime, in.EndTime, in.Period)
	if err != nil {
		return nil, err
	}
	if len(in.Statistics) == 0 {
		return nil, api.Errorf(model.CodeInvalidParameterCombination, "At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	}
	for _, name := range in.Statistics {
		if err := checkStatistic(name, "Statistics"); err != nil {
			return nil, err
		}
	}
	if n := w.to.Sub(w.from) / w.period; n > maxDatapoints {
		return nil, api.Errorf(model.CodeInvalidParameterCombination, "You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxDatapoints)
	}
	out := &model.GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []model.Datapoint{}}
	for _, p := range e.sums(c, metric(&in.Metric), w, in.Unit) {
		d := model.Datapoint{Timestamp: p.Minute, Unit: p.Unit}
		for _, s := range []struct {
			name string
			to   *api.Opt[float64]
		}{{model.SampleCount, &d.SampleCount}, {model.Average, &d.Average}, {model.Sum, &d.Sum}, {model.Minimum, &d.Minimum}, {model.Maximum, &d.Maximum}} {
			if slices.Contains(in.Statistics, s.name) {
				*s.to = api.Some(statistic(&p, s.name))
			}
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out, nil
}

func checkNamed(m *model.Metric) error {
	switch {
	case !m.Namespace.OK:
		return api.Errorf(model.CodeMissingRequiredParameter, "The parameter Namespace is required.")
	case !m.MetricName.OK:
		return api.Errorf(model.CodeMissingRequiredParameter, "The parameter MetricName is required.")
	}
	return nil
}
