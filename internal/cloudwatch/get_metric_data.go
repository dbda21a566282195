package cloudwatch

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/cloudwatchapi"
)

// maxQueries is how many queries one request has (API reference, GetMetricData).
const maxQueries = 500

// GetMetricData returns one statistic of each of several metrics.
func (e *Engine) GetMetricData(_ context.Context, c *api.Caller, in *model.GetMetricDataInput) (*model.GetMetricDataOutput, error) {
	if n := len(in.MetricDataQueries); n == 0 || n > maxQueries {
		return nil, api.Errorf(model.CodeInvalidParameterValue, "The collection MetricDataQueries must have a size greater than or equal to 1 and less than or equal to %d.", maxQueries)
	}
	out := &model.GetMetricDataOutput{MetricDataResults: []model.MetricDataResult{}}
	seen := map[string]bool{}
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if seen[q.ID.V] {
			return nil, api.Errorf(model.CodeInvalidParameterValue, "The values for parameter id in MetricDataQueries are not unique.")
		}
		seen[q.ID.V] = true
		r, err := e.result(c, in, q)
		if err != nil {
			return nil, err
		}
		if q.ReturnData.Or(true) {
			out.MetricDataResults = append(out.MetricDataResults, r)
		}
	}
	return out, nil
}

// result returns the answer to one query, the latest value first unless the request
// says otherwise.
func (e *Engine) result(c *api.Caller, in *model.GetMetricDataInput, q *model.MetricDataQuery) (r model.MetricDataResult, err error) {
	switch {
	case !q.ID.OK:
		return r, api.Errorf(model.CodeMissingRequiredParameter, "The parameter MetricDataQueries.member.1.Id is required.")
	case q.Expression.OK:
		return r, api.Errorf(model.CodeInvalidParameterValue, "Expressions are not supported.")
	case q.MetricStat == nil:
		return r, api.Errorf(model.CodeInvalidParameterCombination, "Either MetricStat or Expression is required for each query.")
	}
	m := q.MetricStat
	if err := checkNamed(&m.Metric); err != nil {
		return r, err
	}
	if err := checkStatistic(m.Stat.V, "Stat"); err != nil {
		return r, err
	}
	w, err := newWindow(in.StartTime, in.EndTime, m.Period)
	if err != nil {
		return r, err
	}
	r = model.MetricDataResult{ID: q.ID.V, Label: q.Label.Or(m.Metric.MetricName.V), StatusCode: "Complete", Timestamps: []time.Time{}, Values: []float64{}}
	for _, p := range e.sums(c, metric(&m.Metric), w, m.Unit) {
		r.Timestamps = append(r.Timestamps, p.Minute)
		r.Values = append(r.Values, statistic(&p, m.Stat.V))
	}
	if in.ScanBy.V != model.ScanByAscending {
		slices.Reverse(r.Timestamps)
		slices.Reverse(r.Values)
	}
	return r, nil
}
