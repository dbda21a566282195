package server

import (
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/metrics"
)

// The namespaces of CloudWatch, and the units of figures.
const (
	tableMetrics = "AWS/DynamoDB"
	queueMetrics = "AWS/SQS"

	inCount   = "Count"
	inBytes   = "Bytes"
	inSeconds = "Seconds"
)

// Figures returns what there is to know of tables that are held to their capacity and
// of queues, as CloudWatch names it.
func (s *Server) Figures() []metrics.Figure { return s.metrics.Figures() }

// tableFigures are those of tables and indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
func (s *Server) tableFigures() []metrics.Figure {
	var list []metrics.Figure
	for _, f := range s.tables.CapacityFigures() {
		r := resourceFigures{f: &f, dimensions: []metrics.Dimension{{Name: "TableName", Value: f.Table}}}
		if f.Index != "" {
			r.dimensions = append(r.dimensions, metrics.Dimension{Name: "GlobalSecondaryIndexName", Value: f.Index})
		}
		for class := range f.Throttled {
			r.addClass(capacity.Class(class))
		}
		list = append(list, r.list...)
	}
	return list
}

// resourceFigures are those of one table or index.
type resourceFigures struct {
	f          *dynamodb.CapacityFigures
	dimensions []metrics.Dimension
	list       []metrics.Figure
}

func (r *resourceFigures) add(name string, counter bool, value, count float64) {
	r.list = append(r.list, metrics.Figure{
		Owner: r.f.Namespace, Unit: inCount, Counter: counter, Value: value, Count: count,
		Metric: metrics.Metric{Namespace: tableMetrics, Name: name, Dimensions: r.dimensions},
	})
}

// throttleMetrics are the metrics of one reason each.
var throttleMetrics = []struct {
	limit capacity.Limit
	name  string
}{
	{capacity.ProvisionedThroughput, "ProvisionedThroughputThrottleEvents"},
	{capacity.AccountLimit, "AccountLimitThrottleEvents"},
	{capacity.KeyRange, "KeyRangeThroughputThrottleEvents"},
	{capacity.MaxOnDemand, "MaxOnDemandThroughputThrottleEvents"},
}

func (r *resourceFigures) addClass(c capacity.Class) {
	f, kind := r.f, c.String()
	r.add("Consumed"+kind+"CapacityUnits", true, f.Units[c], f.Requests[c])
	throttled := 0.0
	for _, m := range throttleMetrics {
		n := float64(f.Throttled[c][m.limit])
		r.add(kind+m.name, true, n, n)
		throttled += n
	}
	r.add(kind+"ThrottleEvents", true, throttled, throttled)
	switch {
	case !f.OnDemand:
		r.add("Provisioned"+kind+"CapacityUnits", false, f.Provisioned[c], 1)
	case f.Maximum[c] > 0:
		r.add("OnDemandMax"+kind+"RequestUnits", false, f.Maximum[c], 1)
	}
}

// queueFigures are those of queues.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func (s *Server) queueFigures() []metrics.Figure {
	var list []metrics.Figure
	for _, m := range s.queues.Metrics() {
		dimensions := []metrics.Dimension{{Name: "QueueName", Value: m.Queue}}
		add := func(name, unit string, counter bool, value, count float64) {
			list = append(list, metrics.Figure{
				Owner: m.Namespace, Unit: unit, Counter: counter, Value: value, Count: count,
				Metric: metrics.Metric{Namespace: queueMetrics, Name: name, Dimensions: dimensions},
			})
		}
		counted := func(name string, n uint64) { add(name, inCount, true, float64(n), float64(n)) }
		counted("NumberOfMessagesSent", m.NumberOfMessagesSent)
		counted("NumberOfMessagesReceived", m.NumberOfMessagesReceived)
		counted("NumberOfMessagesDeleted", m.NumberOfMessagesDeleted)
		counted("NumberOfEmptyReceives", m.NumberOfEmptyReceives)
		add("SentMessageSize", inBytes, true, float64(m.SentMessageSize), float64(m.NumberOfMessagesSent))
		if !m.Loaded {
			continue
		}
		add("ApproximateNumberOfMessagesVisible", inCount, false, float64(m.ApproximateNumberOfMessagesVisible), 1)
		add("ApproximateNumberOfMessagesNotVisible", inCount, false, float64(m.ApproximateNumberOfMessagesNotVisible), 1)
		add("ApproximateNumberOfMessagesDelayed", inCount, false, float64(m.ApproximateNumberOfMessagesDelayed), 1)
		add("ApproximateAgeOfOldestMessage", inSeconds, false, float64(m.ApproximateAgeOfOldestMessage), 1)
	}
	return list
}
