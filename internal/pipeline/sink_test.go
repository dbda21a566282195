package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/pipeline"
)

// fakeSink is a sink that refuses what the test says, and the only one there is.
type fakeSink struct {
	mu     sync.Mutex
	got    []*pipeline.Event
	sizes  []int
	refuse func(e *pipeline.Event) bool
}

func (s *fakeSink) Sink(name string) pipeline.Sink {
	if name == "fake" {
		return s
	}
	return nil
}

func (*fakeSink) Limits() pipeline.SinkLimits { return pipeline.SinkLimits{Batch: 20, Concurrent: 2} }

func (s *fakeSink) Put(_ context.Context, events []*pipeline.Event, _ bool) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes = append(s.sizes, len(events))
	errs := make([]error, len(events))
	for i, e := range events {
		if s.refuse != nil && s.refuse(e) {
			errs[i] = errPoison
		} else {
			s.got = append(s.got, e)
		}
	}
	return errs
}

// texts returns what the sink has got.
func (s *fakeSink) texts() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.got {
		list = append(list, string(e.Data))
	}
	return list
}

const toFake = "arn:aws:levee:::sink/fake"

// A sink gets each change with an id, a version and the image, in order; behind a
// change that it refuses nothing is taken as done.
func TestSinkOfStream(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		sink := new(fakeSink)
		h.sinks = sink
		h.restart()
		stream := h.table("tab")
		refusals := 2
		sink.refuse = func(e *pipeline.Event) bool {
			if string(e.Data) == "a5" && refusals > 0 {
				refusals--
				return true
			}
			return false
		}
		for i := range 30 {
			h.put("tab", "a", i)
		}
		h.drop("tab", "a")
		h.pipe("p", stream, toFake, `,"SourceParameters":{"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON","BatchSize":10}},
			"TargetParameters":{"InputTemplate":"<$.dynamodb.Keys.id.S><$.dynamodb.NewImage.n.N>"}`)
		time.Sleep(time.Minute)
		first := map[string]*pipeline.Event{}
		var order []string
		var version uint64
		for _, e := range sink.got {
			if before := first[e.ID]; before != nil {
				if string(before.Data) != string(e.Data) || before.Change.Version != e.Change.Version {
					t.Errorf("%s comes as %s and as %s", e.ID, before.Data, e.Data)
				}
				continue
			}
			first[e.ID] = e
			order = append(order, string(e.Data))
			if string(e.Data) == "a5" {
				continue // it is late, as it was refused before
			}
			if e.Change.Version <= version || e.Change.Removed != (string(e.Data) == "a") || e.Time.IsZero() || e.Change.Image != nil {
				t.Errorf("%s: version %d after %d, %+v", e.Data, e.Change.Version, version, e)
			}
			version = e.Change.Version
		}
		if len(order) != 31 || refusals != 0 || slices.Max(sink.sizes) > 10 {
			t.Errorf("got %v, batches of %v", order, sink.sizes)
		}
	})
}

// Of messages only those that the sink refuses come again, in the end to the
// dead-letter queue.
func TestSinkOfQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		sink := &fakeSink{refuse: func(e *pipeline.Event) bool { return strings.Contains(string(e.Data), "poison") }}
		h.sinks = sink
		h.restart()
		dead, deadARN := h.queue("dead")
		from, arn := h.queue("from", "VisibilityTimeout", "10", "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"2"}`, deadARN))
		h.pipe("p", arn, toFake, `,"TargetParameters":{"InputTemplate":"<$.body>"}`)
		for i := range 5 {
			h.send(from, fmt.Sprint(i), "")
		}
		h.send(from, "poison", "")
		time.Sleep(2 * time.Minute)
		got := sink.texts()
		slices.Sort(got)
		if !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) || h.count(from) != 0 || h.receive(dead) != "poison" {
			t.Errorf("got %v, %d left", got, h.count(from))
		}
	})
}

// A pipe to a sink that is declared no more keeps what it has, and says why.
func TestSinkThatIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		sink := new(fakeSink)
		h.sinks = sink
		h.restart()
		from, arn := h.queue("from", "VisibilityTimeout", "1")
		h.pipe("p", arn, toFake, "")
		_, err := h.ask("CreatePipe", "q", fmt.Sprintf(`{"Source":%q,"Target":"arn:aws:levee:::sink/other",%s}`, arn, role))
		if code(err) != "ValidationException" {
			t.Errorf("a pipe to no sink: %v", err)
		}
		_, err = h.ask("CreatePipe", "q", fmt.Sprintf(`{"Source":%q,"Target":%q,"SourceParameters":{"SqsQueueParameters":{"BatchSize":21,"MaximumBatchingWindowInSeconds":1}},%s}`, arn, toFake, role))
		if code(err) != "ValidationException" {
			t.Errorf("a batch that is too large: %v", err)
		}
		h.sinks = nil
		h.restart()
		h.send(from, "m", "")
		time.Sleep(5 * time.Second)
		if p := h.pipes.Progress()[0]; p.Pipe != "p" || !strings.Contains(p.Failure.Text, "no sink") || h.count(from) != 1 {
			t.Errorf("%+v, %d left", p, h.count(from))
		}
		h.sinks = sink
		h.restart()
		time.Sleep(time.Minute)
		if got := sink.texts(); len(got) != 1 || h.count(from) != 0 {
			t.Errorf("got %v, %d left", got, h.count(from))
		}
	})
}

// Events of an enrichment have ids that stay.
func TestSinkBehindEnrichment(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		refuse := true
		sink := &fakeSink{refuse: func(e *pipeline.Event) bool { return refuse && string(e.Data) == "2" }}
		h.sinks = sink
		h.restart()
		h.handleRaw("f", func([]byte) (any, error) { return []int{1, 2, 3}, nil })
		from, arn := h.queue("from", "VisibilityTimeout", "1")
		h.pipe("p", arn, toFake, `,"Enrichment":"arn:aws:lambda:us-east-1:111122223333:function:f"`)
		h.send(from, "m", "")
		time.Sleep(2 * time.Second)
		refuse = false
		time.Sleep(time.Minute)
		ids := map[string]string{}
		for _, e := range sink.got {
			if before, ok := ids[string(e.Data)]; ok && before != e.ID {
				t.Errorf("%s is %s and %s", e.Data, before, e.ID)
			}
			ids[string(e.Data)] = e.ID
		}
		if len(ids) != 3 || ids["1"] == ids["2"] || h.count(from) != 0 {
			t.Errorf("got %v, %d left", ids, h.count(from))
		}
	})
}

// Events of messages have their groups.
func TestSinkOfFIFO(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		sink := new(fakeSink)
		h.sinks = sink
		h.restart()
		from, arn := h.queue("from.fifo", "FifoQueue", "true")
		h.pipe("p", arn, toFake, `,"TargetParameters":{"InputTemplate":"<$.body>"}`)
		for i := range 6 {
			h.send(from, fmt.Sprint(string("ab"[i%2]), i), string("ab"[i%2]))
		}
		time.Sleep(time.Minute)
		for _, e := range sink.got {
			if e.Group != string(e.Data[:1]) {
				t.Errorf("%s is in group %q", e.Data, e.Group)
			}
		}
		if len(sink.got) != 6 || h.count(from) != 0 {
			t.Errorf("got %v, %d left", sink.texts(), h.count(from))
		}
	})
}
