package server

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/sqs"
)

// maxSeries is of how many tables and of how many queues there are figures: the
// largest ones. A million queues are no reason for a million lines.
const maxSeries = 1000

// register puts what the server says of itself into a registry.
func (s *Server) register(r prometheus.Registerer) {
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		queueCollector{s.queues}, tableCollector{s.tables}, capacityCollector{s.tables})
	if disk, ok := s.store.(*kvpebble.Store); ok {
		r.MustRegister(storeCollector{disk}, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "levee_requests_held_total",
			Help: "Writes of a busy table or queue that waited for others of it, since more than one was in use.",
		}, func() float64 { return float64(s.gate.Held()) }))
	}
}

var queueLabels = []string{"account", "region", "queue"}

// figure is one metric of a queue or of the store.
type figure[T any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(*T) float64
}

func queueFigure(name, help string, kind prometheus.ValueType, of func(*sqs.Metrics) float64) figure[sqs.Metrics] {
	return figure[sqs.Metrics]{prometheus.NewDesc(name, help, queueLabels, nil), kind, of}
}

var (
	queueCount   = prometheus.NewDesc("levee_queues", "Queues that there are.", nil, nil)
	queueFigures = []figure[sqs.Metrics]{
		queueFigure("levee_queue_messages_sent_total", "Messages sent to a queue.", prometheus.CounterValue,
			func(m *sqs.Metrics) float64 { return float64(m.NumberOfMessagesSent) }),
		queueFigure("levee_queue_messages_received_total", "Messages handed out, each time that they were.", prometheus.CounterValue,
			func(m *sqs.Metrics) float64 { return float64(m.NumberOfMessagesReceived) }),
		queueFigure("levee_queue_messages_deleted_total", "Messages deleted by a receipt.", prometheus.CounterValue,
			func(m *sqs.Metrics) float64 { return float64(m.NumberOfMessagesDeleted) }),
		queueFigure("levee_queue_empty_receives_total", "Receives that found no message.", prometheus.CounterValue,
			func(m *sqs.Metrics) float64 { return float64(m.NumberOfEmptyReceives) }),
		queueFigure("levee_queue_sent_bytes_total", "Bytes of the messages sent.", prometheus.CounterValue,
			func(m *sqs.Metrics) float64 { return float64(m.SentMessageSize) }),
	}
	// queueStates are known of queues that were used since the start.
	queueStates = []figure[sqs.Metrics]{
		queueFigure("levee_queue_messages_visible", "Messages that wait to be received.", prometheus.GaugeValue,
			func(m *sqs.Metrics) float64 { return float64(m.ApproximateNumberOfMessagesVisible) }),
		queueFigure("levee_queue_messages_in_flight", "Messages that were received and are not deleted.", prometheus.GaugeValue,
			func(m *sqs.Metrics) float64 { return float64(m.ApproximateNumberOfMessagesNotVisible) }),
		queueFigure("levee_queue_messages_delayed", "Messages that cannot be received yet.", prometheus.GaugeValue,
			func(m *sqs.Metrics) float64 { return float64(m.ApproximateNumberOfMessagesDelayed) }),
		queueFigure("levee_queue_oldest_message_seconds", "Age of the oldest message that is not deleted.", prometheus.GaugeValue,
			func(m *sqs.Metrics) float64 { return float64(m.ApproximateAgeOfOldestMessage) }),
	}
)

// queueCollector gathers what the engine says of its queues.
type queueCollector struct{ engine *sqs.Engine }

// Describe implements prometheus.Collector.
func (queueCollector) Describe(out chan<- *prometheus.Desc) { out <- queueCount }

// Collect implements prometheus.Collector.
func (c queueCollector) Collect(out chan<- prometheus.Metric) {
	list := c.engine.Metrics()
	out <- prometheus.MustNewConstMetric(queueCount, prometheus.GaugeValue, float64(len(list)))
	for _, m := range largest(list, func(m sqs.Metrics) int64 { return int64(m.NumberOfMessagesSent + m.NumberOfMessagesReceived) }) {
		figures := queueFigures
		if m.Loaded {
			figures = slices.Concat(queueFigures, queueStates)
		}
		for _, f := range figures {
			out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.of(&m), m.Account, m.Region, m.Queue)
		}
	}
}

var (
	tableCount = prometheus.NewDesc("levee_tables", "Tables that there are.", nil, nil)
	tableItems = prometheus.NewDesc("levee_table_items", "Items of a table, or entries of an index.",
		[]string{"account", "region", "table", "index"}, nil)
	tableBytes = prometheus.NewDesc("levee_table_bytes", "Bytes of a table or an index, as the service counts them.",
		[]string{"account", "region", "table", "index"}, nil)
)

// tableCollector gathers the sizes of tables.
type tableCollector struct{ engine *dynamodb.Engine }

// Describe implements prometheus.Collector.
func (tableCollector) Describe(out chan<- *prometheus.Desc) { out <- tableCount }

// Collect implements prometheus.Collector.
func (c tableCollector) Collect(out chan<- prometheus.Metric) {
	list := c.engine.Sizes()
	tables := 0
	for _, s := range list {
		if s.Index == "" {
			tables++
		}
	}
	out <- prometheus.MustNewConstMetric(tableCount, prometheus.GaugeValue, float64(tables))
	for _, s := range largest(list, func(s dynamodb.Size) int64 { return s.Bytes }) {
		out <- prometheus.MustNewConstMetric(tableItems, prometheus.GaugeValue, float64(s.Items), s.Account, s.Region, s.Table, s.Index)
		out <- prometheus.MustNewConstMetric(tableBytes, prometheus.GaugeValue, float64(s.Bytes), s.Account, s.Region, s.Table, s.Index)
	}
}

var (
	capacityLabels   = []string{"account", "region", "table", "index", "class"}
	capacityConsumed = prometheus.NewDesc("levee_table_consumed_units_total",
		"Capacity units consumed of a table or an index that is held to its capacity, by class: read or write.", capacityLabels, nil)
	capacityProvisioned = prometheus.NewDesc("levee_table_provisioned_units",
		"Capacity units a second that are provisioned, or the configured maximum of an on-demand table or index.", capacityLabels, nil)
	capacityThrottled = prometheus.NewDesc("levee_table_throttles_total",
		"Requests that found no capacity, by what was short: a ThrottlingReason without what it is of.", append(slices.Clone(capacityLabels), "reason"), nil)
)

// capacityCollector gathers what tables that are held to their capacity consume, and
// what of it is throttled. No request makes up a label: they are names of tables and
// indexes that there are, of which those with the most traffic count, and reasons.
type capacityCollector struct{ engine *dynamodb.Engine }

// Describe implements prometheus.Collector.
func (capacityCollector) Describe(out chan<- *prometheus.Desc) { out <- capacityConsumed }

// Collect implements prometheus.Collector.
func (c capacityCollector) Collect(out chan<- prometheus.Metric) {
	most := func(f dynamodb.CapacityFigures) int64 {
		sum := 0.0
		for class := range f.Requests {
			sum += f.Requests[class]
			for _, n := range f.Throttled[class] {
				sum += float64(n)
			}
		}
		return int64(sum)
	}
	for _, f := range largest(c.engine.CapacityFigures(), most) {
		for class := range f.Units {
			collectClass(out, &f, capacity.Class(class))
		}
	}
}

func collectClass(out chan<- prometheus.Metric, f *dynamodb.CapacityFigures, c capacity.Class) {
	labels := []string{f.Account, f.Region, f.Table, f.Index, strings.ToLower(c.String())}
	out <- prometheus.MustNewConstMetric(capacityConsumed, prometheus.CounterValue, f.Units[c], labels...)
	have := f.Maximum[c]
	if !f.OnDemand {
		have = f.Provisioned[c]
	}
	if have > 0 {
		out <- prometheus.MustNewConstMetric(capacityProvisioned, prometheus.GaugeValue, have, labels...)
	}
	for _, m := range throttleMetrics {
		out <- prometheus.MustNewConstMetric(capacityThrottled, prometheus.CounterValue, float64(f.Throttled[c][m.limit]), append(labels, m.limit.String())...)
	}
}

// largest returns the first maxSeries of a list by size.
func largest[T any](list []T, size func(T) int64) []T {
	if len(list) <= maxSeries {
		return list
	}
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(size(b), size(a)) })
	return list[:maxSeries]
}

func storeFigure(name, help string, kind prometheus.ValueType, of func(*kvpebble.Stats) float64) figure[kvpebble.Stats] {
	return figure[kvpebble.Stats]{prometheus.NewDesc(name, help, nil, nil), kind, of}
}

var (
	storeSyncs   = prometheus.NewDesc("levee_store_sync_seconds", "Time that a sync of the write-ahead log takes.", nil, nil)
	storeFigures = []figure[kvpebble.Stats]{
		storeFigure("levee_store_disk_bytes", "Space that the store takes on the disk.", prometheus.GaugeValue,
			func(s *kvpebble.Stats) float64 { return float64(s.DiskBytes) }),
		storeFigure("levee_store_log_bytes", "Size of the write-ahead log.", prometheus.GaugeValue,
			func(s *kvpebble.Stats) float64 { return float64(s.LogBytes) }),
		storeFigure("levee_store_memtable_bytes", "What is written and not yet in tables of the store.", prometheus.GaugeValue,
			func(s *kvpebble.Stats) float64 { return float64(s.MemtableBytes) }),
		storeFigure("levee_store_compaction_debt_bytes", "What compactions have yet to write; writes stall if it grows on and on.", prometheus.GaugeValue,
			func(s *kvpebble.Stats) float64 { return float64(s.CompactionDebt) }),
		storeFigure("levee_store_compactions_total", "Compactions.", prometheus.CounterValue,
			func(s *kvpebble.Stats) float64 { return float64(s.Compactions) }),
		storeFigure("levee_store_flushes_total", "Flushes of memtables.", prometheus.CounterValue,
			func(s *kvpebble.Stats) float64 { return float64(s.Flushes) }),
		storeFigure("levee_store_read_amplification", "Levels that a read may have to look at.", prometheus.GaugeValue,
			func(s *kvpebble.Stats) float64 { return float64(s.ReadAmplification) }),
		storeFigure("levee_store_cache_hits_total", "Blocks found in the cache.", prometheus.CounterValue,
			func(s *kvpebble.Stats) float64 { return float64(s.CacheHits) }),
		storeFigure("levee_store_cache_misses_total", "Blocks not found in the cache.", prometheus.CounterValue,
			func(s *kvpebble.Stats) float64 { return float64(s.CacheMisses) }),
	}
)

// storeCollector gathers the figures of a store on disk.
type storeCollector struct{ store *kvpebble.Store }

// Describe implements prometheus.Collector.
func (storeCollector) Describe(out chan<- *prometheus.Desc) { out <- storeSyncs }

// Collect implements prometheus.Collector.
func (c storeCollector) Collect(out chan<- prometheus.Metric) {
	s, err := c.store.Stats()
	if err != nil {
		out <- prometheus.NewInvalidMetric(storeSyncs, err)
		return
	}
	out <- prometheus.MustNewConstHistogram(storeSyncs, s.Syncs.Count, s.Syncs.Seconds, s.Syncs.Buckets)
	for _, f := range storeFigures {
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.of(&s))
	}
}
