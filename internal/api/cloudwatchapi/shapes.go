// Package cloudwatchapi has the shapes of the few operations of CloudWatch that read
// metrics, written by hand after the service's model (version 2010-08-01).
//
// It speaks JSON and the query protocol by itself; CBOR is what package wire makes of
// the JSON.
package cloudwatchapi

import (
	"time"

	"github.com/levee-io/levee/internal/api"
)

// Target is the prefix of X-Amz-Target.
const Target = "GraniteServiceVersion20100801"

// The codes of errors.
const (
	CodeInvalidParameterValue       = "InvalidParameterValueException"
	CodeInvalidParameterCombination = "InvalidParameterCombinationException"
	CodeMissingRequiredParameter    = "MissingRequiredParameterException"
	CodeInvalidNextToken            = "InvalidNextToken"
)

// The statistics.
const (
	SampleCount = "SampleCount"
	Average     = "Average"
	Sum         = "Sum"
	Minimum     = "Minimum"
	Maximum     = "Maximum"
)

// ScanByAscending is the TimestampAscending of GetMetricData.
const ScanByAscending = "TimestampAscending"

// Dimension is the structure of that name, and DimensionFilter, whose value may be
// absent.
type Dimension struct {
	Name  api.Opt[string]
	Value api.Opt[string]
}

// Metric is the structure of that name in the model.
type Metric struct {
	Namespace  api.Opt[string]
	MetricName api.Opt[string]
	Dimensions []Dimension
}

// ListMetricsInput is the structure of that name in the model.
type ListMetricsInput struct {
	Namespace  api.Opt[string]
	MetricName api.Opt[string]
	Dimensions []Dimension
	NextToken  api.Opt[string]
}

// ListMetricsOutput is the structure of that name in the model.
type ListMetricsOutput struct {
	Metrics   []Metric
	NextToken api.Opt[string]
}

// GetMetricStatisticsInput is the structure of that name in the model.
type GetMetricStatisticsInput struct {
	Metric
	StartTime  api.Opt[time.Time]
	EndTime    api.Opt[time.Time]
	Period     api.Opt[int64]
	Statistics []string
	Unit       api.Opt[string]
}

// GetMetricStatisticsOutput is the structure of that name in the model.
type GetMetricStatisticsOutput struct {
	Label      api.Opt[string]
	Datapoints []Datapoint
}

// Datapoint is the structure of that name in the model.
type Datapoint struct {
	Timestamp   time.Time
	SampleCount api.Opt[float64]
	Average     api.Opt[float64]
	Sum         api.Opt[float64]
	Minimum     api.Opt[float64]
	Maximum     api.Opt[float64]
	Unit        string
}

// GetMetricDataInput is the structure of that name in the model.
type GetMetricDataInput struct {
	MetricDataQueries []MetricDataQuery
	StartTime         api.Opt[time.Time]
	EndTime           api.Opt[time.Time]
	NextToken         api.Opt[string]
	ScanBy            api.Opt[string]
	MaxDatapoints     api.Opt[int64]
}

// MetricDataQuery is the structure of that name in the model.
type MetricDataQuery struct {
	ID         api.Opt[string]
	MetricStat *MetricStat
	Expression api.Opt[string]
	Label      api.Opt[string]
	ReturnData api.Opt[bool]
}

// MetricStat is the structure of that name in the model.
type MetricStat struct {
	Metric Metric
	Period api.Opt[int64]
	Stat   api.Opt[string]
	Unit   api.Opt[string]
}

// GetMetricDataOutput is the structure of that name in the model.
type GetMetricDataOutput struct {
	MetricDataResults []MetricDataResult
	NextToken         api.Opt[string]
}

// MetricDataResult is the structure of that name in the model.
type MetricDataResult struct {
	ID, Label  string
	Timestamps []time.Time
	Values     []float64
	StatusCode string
}
