package capacity

import (
	"testing"
	"time"
)

// calls makes calls at a rate for a time and returns how many a second went through.
func calls(q *Queue, from time.Time, action QueueAction, rate int, lasts time.Duration, groups func(i int) []uint32) float64 {
	ok, n := 0, int(lasts.Seconds())*rate
	for i := range n {
		if q.Call(from.Add(time.Duration(i)*time.Second/time.Duration(rate)), action, groups(i)...) {
			ok++
		}
	}
	return float64(ok) / lasts.Seconds()
}

func one(i int) []uint32  { return []uint32{7} }
func many(i int) []uint32 { return []uint32{uint32(i) * 2654435761} }

// SG, "Amazon SQS message quotas".
func TestFIFORates(t *testing.T) {
	for _, c := range []struct {
		name        string
		config      QueueConfig
		groups      func(int) []uint32
		first, late float64 // calls a second in the first minute, and after ten
	}{
		{"standard", QueueConfig{}, many, 2000, 2000},
		{"FIFO", QueueConfig{FIFO: true}, many, 305, 300},
		{"high throughput, one group", QueueConfig{FIFO: true, HighThroughput: true}, one, 305, 300},
		{"high throughput, many groups", QueueConfig{FIFO: true, HighThroughput: true}, many, 305, 2000},
	} {
		q := NewQueue(Defaults(), c.config, epoch)
		if got := calls(q, epoch, Send, 2000, time.Minute, c.groups); got > c.first+5 || got < c.first-10 {
			t.Errorf("%s: %v calls a second at first, want %v", c.name, got, c.first)
		}
		for m := 1; m < 10; m++ {
			calls(q, epoch.Add(time.Duration(m)*time.Minute), Send, 2000, time.Minute, c.groups)
		}
		if got := calls(q, epoch.Add(10*time.Minute), Send, 2000, time.Minute, c.groups); got > c.late+10 || got < c.late-10 {
			t.Errorf("%s: %v calls a second in the end, want %v", c.name, got, c.late)
		}
	}
}

// Each action has its own limit.
func TestFIFOActionsAreApart(t *testing.T) {
	q := NewQueue(Defaults(), QueueConfig{FIFO: true}, epoch)
	for i := range 300 {
		if !q.Call(epoch, Send, 1) || !q.Call(epoch, Receive) || !q.Call(epoch, Delete, 1) {
			t.Fatalf("call %d refused", i)
		}
	}
	if q.Call(epoch, Send, 1) || q.Call(epoch, Receive) {
		t.Error("call 301 of a second admitted")
	}
	if q.Throttled() != 2 {
		t.Errorf("%d throttled, want 2", q.Throttled())
	}
}

// A batch with groups of several partitions needs room in all, and takes from all or
// none.
func TestBatchOfSeveralPartitions(t *testing.T) {
	p := Defaults()
	p.FIFOPartitions = 2
	q := NewQueue(p, QueueConfig{FIFO: true, HighThroughput: true}, epoch)
	const low, high = 1, 1 << 31
	for range 300 {
		q.Call(epoch, Send, low)
	}
	if q.Call(epoch, Send, high, low) {
		t.Error("a batch was admitted without room in one of its partitions")
	}
	for i := range 300 {
		if !q.Call(epoch, Send, high, high+1) {
			t.Fatalf("call %d of the other partition refused", i)
		}
	}
}

func TestInFlight(t *testing.T) {
	q := NewQueue(Defaults(), QueueConfig{FIFO: true}, epoch)
	if n := q.Take(119_995); n != 119_995 {
		t.Fatalf("%d taken", n)
	}
	if n := q.Take(10); n != 5 {
		t.Errorf("%d of 10 taken with room for 5", n)
	}
	q.Return(3)
	if n := q.Room(); n != 3 {
		t.Errorf("room for %d, want 3", n)
	}
	if !q.Reaches(119_999) || q.Reaches(120_000) {
		t.Error("a FIFO queue looks at its first 120,000 messages")
	}
	if standard := NewQueue(Defaults(), QueueConfig{}, epoch); !standard.Reaches(1_000_000) {
		t.Error("a standard queue has no window")
	}
}

// LG, "Scaling behavior for SQS event source mappings".
func TestPollers(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  MappingConfig
		after   time.Duration
		backlog bool
		groups  int
		want    int
	}{
		{"at first", MappingConfig{}, 0, true, 0, 5},
		{"a minute", MappingConfig{}, time.Minute, true, 0, 305},
		{"long", MappingConfig{}, time.Hour, true, 0, 1250},
		{"idle", MappingConfig{}, time.Hour, false, 0, 5},
		{"maximum concurrency", MappingConfig{Maximum: 50}, time.Hour, true, 0, 50},
		{"FIFO", MappingConfig{FIFO: true}, 0, true, 30, 30},
		{"FIFO with a maximum", MappingConfig{FIFO: true, Maximum: 20}, time.Hour, true, 30, 20},
		{"provisioned", MappingConfig{Provisioned: true, Least: 2, Most: 2000}, time.Minute, true, 0, 1002},
	} {
		l := NewPollers(Defaults(), c.config, epoch)
		if got := l.Limit(epoch.Add(c.after), c.backlog, c.groups); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := ShardBatches(4, 25); got != 40 {
		t.Errorf("%d batches of four shards, want ten of each at most", got)
	}
}

// LG, "Lambda scaling behavior": 1,000 more executions every 10 seconds.
func TestFunctionConcurrency(t *testing.T) {
	p := Defaults()
	p.Concurrency = 5000
	f := NewFunction(p, 0, epoch)
	start := func(at time.Duration) int {
		for f.Begin(epoch.Add(at)) {
		}
		return f.Running()
	}
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{0, 1000}, {5 * time.Second, 1500}, {10 * time.Second, 2000}, {20 * time.Second, 3000}, {2 * time.Minute, 4000}, {4 * time.Minute, 5000}, {time.Hour, 5000}} {
		if got := start(c.at); got != c.want {
			t.Errorf("%d executions after %v, want %d", got, c.at, c.want)
		}
	}
	f.End(epoch.Add(time.Hour))
	if f.Running() != 4999 {
		t.Errorf("%d run after one has ended", f.Running())
	}
	if reserved := NewFunction(p, 3, epoch); reserved.Limit() != 3 {
		t.Errorf("limit %d, want what is reserved", reserved.Limit())
	}
}
