package capacity

import (
	"math"
	"time"
)

// QueueAction is a kind of calls that a FIFO queue counts apart.
type QueueAction uint8

// The actions. A batch counts as its action; changing a visibility has no limit of
// its own that is published, and is counted like a deletion.
const (
	Send QueueAction = iota
	Receive
	Delete
	ChangeVisibility

	queueActions
)

// QueueConfig is how a queue is set up.
type QueueConfig struct {
	FIFO bool
	// HighThroughput says that the limits are those of partitions:
	// FifoThroughputLimit is perMessageGroupId.
	HighThroughput bool
}

// Queue is the limits of a queue.
type Queue struct {
	params Params
	config QueueConfig
	whole  [queueActions]bucket
	// Of high throughput: groups are hashed to partitions of equal size, whose number
	// doubles while one refuses.
	parts  []queuePartition
	minute int64 // when the running one ends
	short  bool  // a partition has refused in it

	inFlight  int
	throttled uint64
}

type queuePartition struct{ calls [queueActions]bucket }

// NewQueue returns a new queue.
func NewQueue(p Params, cfg QueueConfig, now time.Time) *Queue {
	q := &Queue{params: p, minute: math.MaxInt64}
	q.Set(now, cfg)
	return q
}

// Set changes the configuration; what is in flight stays.
func (q *Queue) Set(now time.Time, cfg QueueConfig) {
	at := now.UnixNano()
	q.config, q.parts = cfg, nil
	for a := range q.whole {
		q.whole[a] = unlimited()
		if cfg.FIFO && !cfg.HighThroughput {
			q.whole[a] = newBucket(q.params.FIFORate, q.params.Window, q.params.Window, at)
		}
	}
	if cfg.FIFO && cfg.HighThroughput {
		q.divide(max(1, q.params.FIFOPartitions), at)
		q.minute = at - at%int64(time.Minute) + int64(time.Minute)
	}
}

// divide makes the partitions n.
func (q *Queue) divide(n int, now int64) {
	parts := make([]queuePartition, n)
	for i := range parts {
		for a := range parts[i].calls {
			parts[i].calls[a] = newBucket(q.params.FIFORate, q.params.Window, q.params.Window, now)
		}
	}
	q.parts = parts
	for a := range q.whole {
		q.whole[a] = newBucket(q.params.FIFORate*float64(n), q.params.Window, q.params.Window, now)
	}
}

// Call decides about one call of an action. Groups are the hashes of the message
// groups that it is about, of which every partition concerned has to have room; a
// call about none has that of all partitions.
func (q *Queue) Call(now time.Time, action QueueAction, groups ...uint32) bool {
	at := now.UnixNano()
	if at >= q.minute {
		q.turn(at)
	}
	if len(q.parts) == 0 || len(groups) == 0 {
		return q.spend(&q.whole[action], at)
	}
	for i, g := range groups {
		b := &q.parts[q.partition(g)].calls[action]
		b.fill(at)
		if !b.has(1) && !q.repeats(groups[:i], g) {
			q.short = true
			q.throttled++
			return false
		}
	}
	for i, g := range groups {
		if !q.repeats(groups[:i], g) {
			q.parts[q.partition(g)].calls[action].take(1)
		}
	}
	return true
}

func (q *Queue) spend(b *bucket, now int64) bool {
	b.fill(now)
	if !b.has(1) {
		q.throttled++
		return false
	}
	b.take(1)
	return true
}

// repeats reports whether a group is of the partition of an earlier one.
func (q *Queue) repeats(earlier []uint32, group uint32) bool {
	for _, g := range earlier {
		if q.partition(g) == q.partition(group) {
			return true
		}
	}
	return false
}

// partition returns that of a group.
func (q *Queue) partition(group uint32) int {
	return int(uint64(group) * uint64(len(q.parts)) >> 32)
}

// turn ends a minute: where a partition was short in it, there are twice as many
// then, up to the ceiling.
func (q *Queue) turn(now int64) {
	if n := 2 * len(q.parts); q.short && float64(n)*q.params.FIFORate <= q.params.FIFOCeiling {
		q.divide(n, now)
	}
	q.short = false
	q.minute = now - now%int64(time.Minute) + int64(time.Minute)
}

// Partitions returns how many there are; 0 without high throughput.
func (q *Queue) Partitions() int { return len(q.parts) }

// Throttled returns how many calls were refused.
func (q *Queue) Throttled() uint64 { return q.throttled }

// Take returns how many of n messages may be received: as many as may still be in
// flight. They are until Return.
func (q *Queue) Take(n int) int {
	n = min(n, q.Room())
	q.inFlight += n
	return n
}

// Room returns how many more messages may be in flight.
func (q *Queue) Room() int { return max(0, q.params.InFlight-q.inFlight) }

// Return tells that n messages are in flight no more.
func (q *Queue) Return(n int) { q.inFlight = max(0, q.inFlight-n) }

// Reaches reports whether a receive of a FIFO queue finds a message with so many
// ahead of it: it looks only so far for groups that are free.
func (q *Queue) Reaches(ahead int) bool { return !q.config.FIFO || ahead < q.params.FIFOWindow }
