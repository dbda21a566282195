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
	NumberOfMessagesSent             uint64
	NumberOfMessagesReceived         uint64
	NumberOfMessagesDeleted          uint64
	NumberOfEmptyReceives            uint64
	NumberOfDeduplicatedSentMessages uint64 // of a FIFO queue
	SentMessageSize                  uint64 // bytes, of all NumberOfMessagesSent
	ThrottledCalls                   uint64 // which the service has no metric of

	// Loaded says that what follows is known, as it is once the queue was used
	// since the engine was opened.
	Loaded                                bool
	ApproximateNumberOfMessagesVisible    int
	ApproximateNumberOfMessagesNotVisible int
	ApproximateNumberOfMessagesDelayed    int
	ApproximateAgeOfOldestMessage         int64 // seconds; 0 if there is no message

	// Of a FIFO queue.
	ApproximateNumberOfGroupsWithInflightMessages int

	// What the service has no metric of: message groups that have messages, and
	// receives that wait for one.
	Groups, Receivers int

	// Of a standard queue: its noisy message groups, and the messages of all others.
	ApproximateNumberOfNoisyGroups                     int
	ApproximateNumberOfMessagesVisibleInQuietGroups    int
	ApproximateNumberOfMessagesNotVisibleInQuietGroups int
	ApproximateNumberOfMessagesDelayedInQuietGroups    int
	ApproximateAgeOfOldestMessageInQuietGroups         int64 // seconds
}

// counters are what is counted of a queue, with or without its lock.
type counters struct {
	sent, received, deleted, empty, repeated, bytes atomic.Uint64
}

// Metrics returns the metrics of all queues, in no order. It reads no store, and
// takes the lock of each queue for as long as it takes to look at the messages
// that were received and not deleted, and at the message groups of a standard queue.
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
		NumberOfDeduplicatedSentMessages: n.repeated.Load(),
		ThrottledCalls:                   q.throttled(),
	}
	q.mu.Lock()
	done := false
	defer abandon(&done, q)
	if m.Loaded = q.loaded && !q.gone && !q.closed; m.Loaded {
		now := time.Now().UnixMilli()
		q.advance(now)
		m.ApproximateNumberOfMessagesVisible, m.ApproximateNumberOfMessagesDelayed = q.line.counts()
		m.ApproximateNumberOfMessagesNotVisible, m.Receivers = q.inFlight, q.waiters.Len()
		m.ApproximateAgeOfOldestMessage = max(now-q.oldest(now), 0) / 1000
		switch l := q.line.(type) {
		case *fifo:
			m.ApproximateNumberOfGroupsWithInflightMessages = l.closed
			m.Groups = len(l.groups)
		case *standard:
			m.Groups = len(l.tenants.byName)
			q.quiet(&m, l, now)
		}
	}
	done = true
	q.unlock()
	return m
}

// quiet fills in the metrics of a fair queue, given those of all its messages.
func (q *queue) quiet(m *Metrics, l *standard, now int64) {
	m.ApproximateNumberOfMessagesVisibleInQuietGroups = m.ApproximateNumberOfMessagesVisible
	m.ApproximateNumberOfMessagesNotVisibleInQuietGroups = m.ApproximateNumberOfMessagesNotVisible
	m.ApproximateNumberOfMessagesDelayedInQuietGroups = m.ApproximateNumberOfMessagesDelayed
	m.ApproximateAgeOfOldestMessageInQuietGroups = m.ApproximateAgeOfOldestMessage
	noisy := map[*tenant]bool{}
	for _, t := range l.tenants.byName {
		if t.noisy(&l.load, now) {
			noisy[t] = true
			m.ApproximateNumberOfMessagesVisibleInQuietGroups -= t.len()
			m.ApproximateNumberOfMessagesNotVisibleInQuietGroups -= t.load.inFlight
			m.ApproximateNumberOfMessagesDelayedInQuietGroups -= t.messages - t.len() - t.load.inFlight
		}
	}
	if m.ApproximateNumberOfNoisyGroups = len(noisy); len(noisy) > 0 {
		m.ApproximateAgeOfOldestMessageInQuietGroups = max(now-q.oldestQuiet(l, noisy, now), 0) / 1000
	}
}

// oldestQuiet is when the oldest message that is not of a noisy tenant was sent,
// now if there is none.
func (q *queue) oldestQuiet(l *standard, noisy map[*tenant]bool, now int64) int64 {
	oldest := now
	if l.alone.fresh.len() > 0 {
		oldest = min(oldest, l.alone.fresh.front().sent)
	}
	for _, t := range l.tenants.byName {
		if !noisy[t] && t.fresh.len() > 0 {
			oldest = min(oldest, t.fresh.front().sent)
		}
	}
	for _, e := range l.delayed.items {
		if !noisy[e.tenant] {
			oldest = min(oldest, e.sent)
		}
	}
	for _, m := range q.known {
		if !noisy[m.tenant] && !l.isStubborn(m) {
			oldest = min(oldest, m.sent)
		}
	}
	return oldest
}

// oldest is when the oldest message was sent, stubborn ones of a standard queue left
// out, and now if there is none.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func (q *queue) oldest(now int64) int64 {
	oldest := now
	if sent, ok := q.line.oldest(); ok {
		oldest = min(oldest, sent)
	}
	l, _ := q.line.(*standard)
	for _, m := range q.known {
		if l == nil || !l.isStubborn(m) {
			oldest = min(oldest, m.sent)
		}
	}
	return oldest
}
