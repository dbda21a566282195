package cloudwatch

import (
	"context"
	"slices"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/cloudwatchapi"
	"github.com/levee-io/levee/internal/metrics"
)

// maxMetrics is how many metrics one answer has (API reference, ListMetrics).
const maxMetrics = 500

// ListMetrics lists the metrics that have points.
func (e *Engine) ListMetrics(_ context.Context, c *api.Caller, in *model.ListMetricsInput) (*model.ListMetricsOutput, error) {
	skip := 0
	if in.NextToken.OK {
		var err error
		if skip, err = strconv.Atoi(in.NextToken.V); err != nil || skip < 0 {
			return nil, api.Errorf(model.CodeInvalidNextToken, "The next token is invalid.")
		}
	}
	out := &model.ListMetricsOutput{Metrics: []model.Metric{}}
	for _, m := range e.recorder.Metrics(c.Namespace) {
		switch {
		case !listed(&m, in):
		case skip > 0:
			skip--
		case len(out.Metrics) == maxMetrics:
			before, _ := strconv.Atoi(in.NextToken.V)
			out.NextToken = api.Some(strconv.Itoa(before + maxMetrics))
			return out, nil
		default:
			out.Metrics = append(out.Metrics, described(&m))
		}
	}
	return out, nil
}

// listed reports whether a metric is one of those that a request wants.
func listed(m *metrics.Metric, in *model.ListMetricsInput) bool {
	if in.Namespace.OK && in.Namespace.V != m.Namespace || in.MetricName.OK && in.MetricName.V != m.Name {
		return false
	}
	for _, want := range in.Dimensions {
		if !slices.ContainsFunc(m.Dimensions, func(d metrics.Dimension) bool {
			return d.Name == want.Name.V && (!want.Value.OK || d.Value == want.Value.V)
		}) {
			return false
		}
	}
	return true
}

func described(m *metrics.Metric) model.Metric {
	out := model.Metric{Namespace: api.Some(m.Namespace), MetricName: api.Some(m.Name)}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, model.Dimension{Name: api.Some(d.Name), Value: api.Some(d.Value)})
	}
	return out
}
