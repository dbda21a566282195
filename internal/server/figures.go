package server

import (
	"strings"

	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/metrics"
	"github.com/levee-io/levee/internal/sqs"
)

// The namespaces of CloudWatch, and the units of figures.
const (
	tableMetrics = "AWS/DynamoDB"
	queueMetrics = "AWS/SQS"

	inCount   = "Count"
	inBytes   = "Bytes"
	inSeconds = "Seconds"

	inMilliseconds = "Milliseconds"
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
	return append(list, s.destinationFigures()...)
}

// delegated is the dimension of what the service does on behalf of a table's owner,
// for which it publishes no values.
var delegated = metrics.Dimension{Name: "DelegatedOperation", Value: "ChangeDataCaptureForKinesisDataStreams"}

// destinationFigures are those of changes on their way to Kinesis.
func (s *Server) destinationFigures() (list []metrics.Figure) {
	for _, f := range s.tables.DestinationFigures() {
		of := []metrics.Dimension{{Name: "TableName", Value: f.Table}, delegated}
		list = append(list, metrics.Figure{
			Owner: f.Namespace, Unit: inMilliseconds, Value: float64(f.Oldest.Milliseconds()), Count: 1,
			Metric: metrics.Metric{Namespace: tableMetrics, Name: "AgeOfOldestUnreplicatedRecord", Dimensions: of},
		}, metrics.Figure{
			Owner: f.Namespace, Unit: inCount, Counter: true, Value: float64(f.Refused), Count: float64(f.Refused),
			Metric: metrics.Metric{Namespace: tableMetrics, Name: "FailedToReplicateRecordCount", Dimensions: of},
		})
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
		q := queueFigureList{m: &m, dimensions: []metrics.Dimension{{Name: "QueueName", Value: m.Queue}}}
		q.addCounts()
		if m.Loaded {
			q.addStates()
		}
		list = append(list, q.list...)
	}
	return list
}

// queueFigureList are those of one queue.
type queueFigureList struct {
	m          *sqs.Metrics
	dimensions []metrics.Dimension
	list       []metrics.Figure
}

func (q *queueFigureList) add(name, unit string, counter bool, value, count float64) {
	q.list = append(q.list, metrics.Figure{
		Owner: q.m.Namespace, Unit: unit, Counter: counter, Value: value, Count: count,
		Metric: metrics.Metric{Namespace: queueMetrics, Name: name, Dimensions: q.dimensions},
	})
}

func (q *queueFigureList) counted(name string, n uint64) {
	q.add(name, inCount, true, float64(n), float64(n))
}

func (q *queueFigureList) state(name string, n int) { q.add(name, inCount, false, float64(n), 1) }

func (q *queueFigureList) age(name string, seconds int64) {
	q.add(name, inSeconds, false, float64(seconds), 1)
}

func (q *queueFigureList) fifo() bool { return strings.HasSuffix(q.m.Queue, ".fifo") }

// addCounts adds what grows.
func (q *queueFigureList) addCounts() {
	m := q.m
	q.counted("NumberOfMessagesSent", m.NumberOfMessagesSent)
	q.counted("NumberOfMessagesReceived", m.NumberOfMessagesReceived)
	q.counted("NumberOfMessagesDeleted", m.NumberOfMessagesDeleted)
	q.counted("NumberOfEmptyReceives", m.NumberOfEmptyReceives)
	if q.fifo() {
		q.counted("NumberOfDeduplicatedSentMessages", m.NumberOfDeduplicatedSentMessages)
	}
	q.add("SentMessageSize", inBytes, true, float64(m.SentMessageSize), float64(m.NumberOfMessagesSent))
}

// addStates adds what is known of a queue that was used.
func (q *queueFigureList) addStates() {
	m := q.m
	q.state("ApproximateNumberOfMessagesVisible", m.ApproximateNumberOfMessagesVisible)
	q.state("ApproximateNumberOfMessagesNotVisible", m.ApproximateNumberOfMessagesNotVisible)
	q.state("ApproximateNumberOfMessagesDelayed", m.ApproximateNumberOfMessagesDelayed)
	q.age("ApproximateAgeOfOldestMessage", m.ApproximateAgeOfOldestMessage)
	if q.fifo() {
		q.state("ApproximateNumberOfGroupsWithInflightMessages", m.ApproximateNumberOfGroupsWithInflightMessages)
		return
	}
	q.state("ApproximateNumberOfNoisyGroups", m.ApproximateNumberOfNoisyGroups)
	q.state("ApproximateNumberOfMessagesVisibleInQuietGroups", m.ApproximateNumberOfMessagesVisibleInQuietGroups)
	q.state("ApproximateNumberOfMessagesNotVisibleInQuietGroups", m.ApproximateNumberOfMessagesNotVisibleInQuietGroups)
	q.state("ApproximateNumberOfMessagesDelayedInQuietGroups", m.ApproximateNumberOfMessagesDelayedInQuietGroups)
	q.age("ApproximateAgeOfOldestMessageInQuietGroups", m.ApproximateAgeOfOldestMessageInQuietGroups)
}
