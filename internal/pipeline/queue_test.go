package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

var errPoison = errors.New("poison")

func inBubble(t *testing.T, test func(t *testing.T, h *house)) {
	synctest.Test(t, func(t *testing.T) { test(t, newHouse(t)) })
}

func TestQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var got list
		var largest atomic.Int64
		h.handle("f", func(e *incoming) any {
			largest.Store(max(largest.Load(), int64(len(e.Records))))
			for _, r := range e.Records {
				got.add(r.Body)
			}
			return "null"
		})
		for i := range 100 {
			h.send(url, strconv.Itoa(i), "")
		}
		h.mapping(ofQueue("f", arn))
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(got.all()); n != 100 || h.count(url) != 0 || largest.Load() != 10 {
			t.Errorf("%d messages, largest batch %d, %d left", n, largest.Load(), h.count(url))
		}
		h.restart()
		h.send(url, "after", "")
		synctest.Wait()
		if n := len(got.all()); n != 101 {
			t.Errorf("%d messages after a restart", n)
		}
	})
}

// A function that fails gets its messages again after the visibility timeout; those
// that it reports alone come alone.
func TestQueuePartialFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var got list
		h.handle("f", func(e *incoming) any {
			var failed []string
			for _, r := range e.Records {
				got.add(r.Body + r.Attributes["ApproximateReceiveCount"])
				if r.Body == "b" && r.Attributes["ApproximateReceiveCount"] == "1" {
					failed = append(failed, r.MessageID)
				}
			}
			return failures(failed...)
		})
		for _, body := range []string{"a", "b", "c"} {
			h.send(url, body, "")
		}
		in := ofQueue("f", arn)
		in.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
		h.mapping(in)
		time.Sleep(29 * time.Second)
		if n := h.count(url); n != 1 {
			t.Errorf("%d left after the first batch", n)
		}
		time.Sleep(2 * time.Second)
		all := got.all()
		slices.Sort(all)
		if want := []string{"a1", "b1", "b2", "c1"}; !slices.Equal(all, want) || h.count(url) != 0 {
			t.Errorf("got %v, %d left", all, h.count(url))
		}
	})
}

// Responses that cannot be read, or that name nothing, fail the whole batch.
func TestQueueBadResponses(t *testing.T) {
	for response, left := range map[string]int{
		``: 0, `null`: 0, `{}`: 0, `{"batchItemFailures":null}`: 0, `{"batchItemFailures":[]}`: 0,
		`{`: 1, `[1]`: 1, `{"batchItemFailures":[{"itemIdentifier":""}]}`: 1, `{"batchItemFailures":[{"itemIdentifier":null}]}`: 1,
		`{"batchItemFailures":[{"other":"x"}]}`: 1, `{"batchItemFailures":[{"itemIdentifier":"unknown"}]}`: 1,
	} {
		inBubble(t, func(t *testing.T, h *house) {
			url, arn := h.queue("q")
			h.handle("f", func(*incoming) any { return response })
			in := ofQueue("f", arn)
			in.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
			h.mapping(in)
			h.send(url, "a", "")
			time.Sleep(5 * time.Second)
			if n := h.count(url); n != left {
				t.Errorf("%s: %d left, want %d", response, n, left)
			}
		})
	}
}

// Groups are handled in order and at the same time; a group with a poison message
// waits for it to become a dead letter, and the others go on.
func TestFIFO(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		dead, deadARN := h.queue("dead.fifo", "FifoQueue", "true")
		url, arn := h.queue("q.fifo", "FifoQueue", "true", "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, deadARN))
		var got list
		var now, most atomic.Int64
		h.handle("f", func(e *incoming) any {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(100 * time.Millisecond)
			for _, r := range e.Records {
				if r.Body == "poison" {
					return errPoison
				}
			}
			for _, r := range e.Records {
				got.add(r.Attributes["MessageGroupId"] + r.Body)
			}
			return "null"
		})
		in := ofQueue("f", arn)
		in.BatchSize = api.Some(int64(1))
		h.mapping(in)
		h.send(url, "poison", "bad")
		for i := range 5 {
			for _, group := range []string{"a", "b", "c", "bad"} {
				h.send(url, strconv.Itoa(i), group)
			}
		}
		time.Sleep(20 * time.Second)
		if all := strings.Join(got.all(), " "); strings.Contains(all, "bad") || len(got.all()) != 15 {
			t.Errorf("while the poison is there: %s", all)
		}
		time.Sleep(5 * time.Minute)
		checkOrder(t, got.all(), 20)
		if h.count(url) != 0 || h.count(dead) != 1 || most.Load() < 3 || most.Load() > 4 {
			t.Errorf("%d left, %d dead, %d at once", h.count(url), h.count(dead), most.Load())
		}
	})
}

// checkOrder checks that a list has so many items, of which those of a group, all
// but the last digit, are in order.
func checkOrder(t *testing.T, items []string, want int) {
	t.Helper()
	last := map[string]string{}
	for _, s := range items {
		group := s[:len(s)-1]
		if last[group] >= s {
			t.Errorf("%s after %s", s, last[group])
		}
		last[group] = s
	}
	if len(items) != want {
		t.Errorf("%d items, want %d: %v", len(items), want, items)
	}
}

// A batching window makes one batch of what trickles in.
func TestQueueWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var sizes list
		h.handle("f", func(e *incoming) any { sizes.add(strconv.Itoa(len(e.Records))); return "null" })
		in := ofQueue("f", arn)
		in.BatchSize, in.MaximumBatchingWindowInSeconds = api.Some(int64(100)), api.Some(int64(5))
		in.ScalingConfig = &lambdaapi.ScalingConfig{MaximumConcurrency: api.Some(int64(2))}
		h.mapping(in)
		time.Sleep(time.Second)
		for i := range 20 {
			h.send(url, strconv.Itoa(i), "")
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		sum := 0
		for _, s := range sizes.all() {
			n, _ := strconv.Atoi(s)
			sum += n
		}
		if sum != 20 || len(sizes.all()) > 2 {
			t.Errorf("batches of %v", sizes.all())
		}
	})
}

func TestQueueFilter(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var got list
		h.handle("f", func(e *incoming) any {
			for _, r := range e.Records {
				got.add(r.Body)
			}
			return "null"
		})
		in := ofQueue("f", arn)
		in.FilterCriteria = &lambdaapi.FilterCriteria{Filters: []lambdaapi.Filter{
			{Pattern: api.Some(`{"body":{"n":[{"numeric":[">",5]}]}}`)}, {Pattern: api.Some(`{"body":[{"prefix":"keep"}]}`)},
		}}
		h.mapping(in)
		for _, body := range []string{`{"n":6}`, `{"n":5}`, `keep this`, `not this`, `{"n":`} {
			h.send(url, body, "")
		}
		time.Sleep(time.Second)
		all := got.all()
		slices.Sort(all)
		if want := []string{"keep this", `{"n":6}`}; !slices.Equal(all, want) || h.count(url) != 0 {
			t.Errorf("got %q, %d left", all, h.count(url))
		}
	})
}

// A queue of which nothing passes the filters keeps its workers while it has messages.
func TestQueueFilterKeepsWorkers(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		for range 200 {
			h.send(url, "no", "")
		}
		h.handle("f", func(*incoming) any { t.Error("the function is invoked"); return "null" })
		in := ofQueue("f", arn)
		in.FilterCriteria = &lambdaapi.FilterCriteria{Filters: []lambdaapi.Filter{{Pattern: api.Some(`{"body":["yes"]}`)}}}
		h.mapping(in)
		time.Sleep(time.Second)
		if n := h.pipes.Progress()[0].Workers; n != 5 || h.count(url) != 0 {
			t.Errorf("%d workers, %d messages left", n, h.count(url))
		}
		time.Sleep(time.Minute)
		if n := h.pipes.Progress()[0].Workers; n != 2 {
			t.Errorf("%d workers have nothing to do", n)
		}
	})
}

func TestQueueConcurrency(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var now, most atomic.Int64
		h.handle("f", func(*incoming) any {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return "null"
		})
		for i := range 200 {
			h.send(url, strconv.Itoa(i), "")
		}
		in := ofQueue("f", arn)
		in.BatchSize, in.ScalingConfig = api.Some(int64(1)), &lambdaapi.ScalingConfig{MaximumConcurrency: api.Some(int64(7))}
		m := h.mapping(in)
		time.Sleep(time.Minute)
		if most.Load() != 7 || h.count(url) != 0 {
			t.Errorf("%d at once, %d left", most.Load(), h.count(url))
		}
		// Without the limit there are as many as there are messages to handle.
		_, err := h.pipes.UpdateEventSourceMapping(t.Context(), caller, &lambdaapi.UpdateEventSourceMappingRequest{UUID: m.UUID, ScalingConfig: &lambdaapi.ScalingConfig{}})
		h.must(err)
		for i := range 50 {
			h.send(url, strconv.Itoa(i), "")
		}
		time.Sleep(3 * time.Second)
		if most.Load() < 40 || h.count(url) != 0 {
			t.Errorf("%d at once, %d left", most.Load(), h.count(url))
		}
	})
}

// The workers of a standard queue grow as in the service: five at first, 300 more each
// minute, also while all wait for their function. Those of a FIFO queue are as many at
// once as there are groups.
func TestQueueGrowth(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		h.growth = true
		h.restart()
		var now, ofGroups atomic.Int64
		block := make(chan struct{})
		waiting := func(n *atomic.Int64) func(*incoming) any {
			return func(*incoming) any {
				n.Add(1)
				<-block
				return "null"
			}
		}
		h.handle("f", waiting(&now))
		h.handle("g", waiting(&ofGroups))
		for _, name := range []string{"f", "g"} {
			_, err := h.funcs.UpdateFunctionConfiguration(t.Context(), caller, &lambdaapi.UpdateFunctionConfigurationRequest{FunctionName: api.Some(name), Timeout: api.Some(int64(300))})
			h.must(err)
		}
		url, arn := h.queue("q", "VisibilityTimeout", "600")
		fifo, fifoARN := h.queue("q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "VisibilityTimeout", "600")
		for i := range 400 {
			h.send(url, strconv.Itoa(i), "")
		}
		for i := range 40 {
			h.send(fifo, strconv.Itoa(i), strconv.Itoa(i))
		}
		in := ofQueue("f", arn)
		in.BatchSize = api.Some(int64(1))
		h.mapping(in)
		in = ofQueue("g", fifoARN)
		in.BatchSize = api.Some(int64(1))
		h.mapping(in)
		began := time.Now()
		for _, c := range []struct {
			after time.Duration
			want  int64
		}{{100 * time.Millisecond, 5}, {10 * time.Second, 55}, {60 * time.Second, 305}} {
			time.Sleep(time.Until(began.Add(c.after)))
			synctest.Wait()
			if got := now.Load(); got < c.want-2 || got > c.want+1 {
				t.Errorf("%d at once after %s, want %d", got, c.after, c.want)
			}
		}
		if got := ofGroups.Load(); got != 40 {
			t.Errorf("%d groups at once, want all 40", got)
		}
		close(block)
	})
}

// A function that hangs is given up at its timeout, and its messages come again;
// what else is in the queue is handled meanwhile.
func TestQueueHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var got list
		h.handle("f", func(*incoming) any { return "null" })
		h.funcs.Handle("f", func(ctx context.Context, event []byte) ([]byte, error) {
			if strings.Contains(string(event), `"body":"hang"`) && strings.Contains(string(event), `"ApproximateReceiveCount":"1"`) {
				<-ctx.Done()
			}
			got.add("x")
			return nil, ctx.Err()
		})
		in := ofQueue("f", arn)
		in.BatchSize = api.Some(int64(1))
		h.mapping(in)
		h.send(url, "hang", "")
		for i := range 10 {
			h.send(url, strconv.Itoa(i), "")
		}
		time.Sleep(time.Second)
		if n := h.count(url); n != 1 {
			t.Errorf("%d left while one hangs", n)
		}
		time.Sleep(time.Minute)
		if n := h.count(url); n != 0 {
			t.Errorf("%d left", n)
		}
	})
}
