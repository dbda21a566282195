package sqs

import (
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// Metrics are the figures of one queue that CloudWatch has of it, by the same
// names.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
type Metrics struct {
	api.Namespace
	Queue string

	// These grow from the moment when the engine was opened.
	NumberOfMessagesSent     uint64
	NumberOfMessagesReceived uint64
	NumberOfMessagesDeleted  uint64
	NumberOfEmptyReceives    uint64
	SentMessageSize          uint64 // bytes, of all NumberOfMessagesSent

	// Loaded says that what follows is known, as it is once the queue was used
	// since the engine was opened.
	Loaded                                bool
	ApproximateNumberOfMessagesVisible    int
	ApproximateNumberOfMessagesNotVisible int
	ApproximateNumberOfMessagesDelayed    int
	ApproximateAgeOfOldestMessage         int64 // seconds; 0 if there is no message
}

// counters are what is counted of a queue, with or without its lock.
type counters struct {
	sent, received, deleted, empty, bytes atomic.Uint64
}

// Metrics returns the metrics of all queues, in no order. It reads no store, and
// takes the lock of each queue for as long as it takes to look at the messages
// that were received and not deleted.
func (e *Engine) Metrics() []Metrics {
	e.catalog.RLock()
	var queues []*queue
	for _, names := range e.catalog.spaces {
		for _, q := range names {
			queues = append(queues, q)
		}
	}
	e.catalog.RUnlock()
	list := make([]Metrics, len(queues))
	for i, q := range queues {
		list[i] = q.metrics()
	}
	return list
}

func (q *queue) metrics() Metrics {
	n := &q.counters
	m := Metrics{
		Namespace: q.arn.Namespace, Queue: q.arn.name,
		NumberOfMessagesSent: n.sent.Load(), NumberOfMessagesReceived: n.received.Load(),
		NumberOfMessagesDeleted: n.deleted.Load(), NumberOfEmptyReceives: n.empty.Load(), SentMessageSize: n.bytes.Load(),
	}
	q.mu.Lock()
	done := false
	defer abandon(&done, q)
	if m.Loaded = q.loaded && !q.gone && !q.closed; m.Loaded {
		now := time.Now().UnixMilli()
		q.advance(now)
		m.ApproximateNumberOfMessagesVisible, m.ApproximateNumberOfMessagesDelayed = q.line.counts()
		m.ApproximateNumberOfMessagesNotVisible = q.inFlight
		m.ApproximateAgeOfOldestMessage = max(now-q.oldest(now), 0) / 1000
	}
	done = true
	q.unlock()
	return m
}

// oldest is when the oldest message was sent, now if there is none.
func (q *queue) oldest(now int64) int64 {
	oldest := now
	if sent, ok := q.line.oldest(); ok {
		oldest = min(oldest, sent)
	}
	for _, m := range q.known {
		oldest = min(oldest, m.sent)
	}
	return oldest
}
