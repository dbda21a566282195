package pipeline

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/pipeline/template"
)

// Sinks are the sinks that a server has.
type Sinks interface {
	// Sink returns the sink of a name, nil if there is none.
	Sink(name string) Sink
}

// Sink is where a pipe leads outside of Levee. It gets each event at least once, and
// knows it again by its id. It is safe for concurrent use.
type Sink interface {
	Limits() SinkLimits
	// Put takes events, in order. It returns nil, or an error for each event that was
	// not taken and nil for each that was. It returns soon after ctx ends.
	Put(ctx context.Context, events []*Event, ordered bool) []error
}

// SinkLimits are how much a sink takes.
type SinkLimits struct {
	Batch      int // events at once
	Concurrent int // batches at once
}

// Event is what a sink gets.
type Event struct {
	// ID is the same whenever the same event comes: that of its message or change;
	// behind an enrichment that of the first one of the batch, with a number.
	ID string
	// Data is what the pipe has made of it: JSON, or the text of a template.
	Data []byte
	// Time is when the message was sent or the change was made; zero if that is not
	// known.
	Time time.Time
	// Group is the group of the message, "" if it has none.
	Group string
	// Change is, for a change that neither an enrichment nor a template has made
	// something else of, what it says; and without the Image also with a template.
	Change *Change
}

// Change is what an event says of an item.
type Change struct {
	// Version grows from change to change of an item.
	Version uint64
	Removed bool
	Keys    attr.Map
	Image   attr.Map // nil if it was removed, or Data has it
}

func (e *Engine) sink(name string) Sink {
	if e.opts.Sinks == nil {
		return nil
	}
	return e.opts.Sinks.Sink(name)
}

// sinkReceiver is a sink as the target of a pipe.
type sinkReceiver struct {
	engine *Engine
	name   string
	pipe   string // ARN
	src    source
}

var (
	errNoSink = errors.New("the server has no sink of this name")
	errMany   = errors.New("the enrichment has made more events than the sink takes")
)

func (s *sinkReceiver) most() int {
	if sink := s.engine.sink(s.name); sink != nil {
		return sink.Limits().Concurrent
	}
	return 1
}

func (*sinkReceiver) exact() bool { return false }

func (s *sinkReceiver) receive(ctx context.Context, b *batch, inputs []*input) (*outcome, error) {
	sink := s.engine.sink(s.name)
	if sink == nil {
		return nil, errNoSink
	}
	if inputs[0].record == nil && len(inputs) > sink.Limits().Batch {
		return failure(errMany), nil
	}
	events := make([]*Event, len(inputs))
	for i, in := range inputs {
		var err error
		if events[i], err = s.event(b, i, in); err != nil {
			return failure(err), nil
		}
	}
	ordered := !s.src.isQueue() || s.src.isFIFO()
	return s.outcome(inputs, sink.Put(ctx, events, ordered), ordered), nil
}

// outcome is what became of inputs. Where they are in order, those behind one that
// failed are not done, whatever the sink says.
func (s *sinkReceiver) outcome(inputs []*input, errs []error, ordered bool) *outcome {
	out := &outcome{items: map[string]bool{}}
	for i, err := range errs {
		if err == nil && (out.why == nil || !ordered) {
			continue
		}
		if out.why == nil {
			out.why = err
			s.engine.log.Warn("sink did not take an event", "mapping", s.pipe, "sink", s.name, "err", err)
		}
		if r := inputs[i].record; r != nil {
			out.items[r.id] = true
		} else {
			out.failed = true
		}
	}
	out.failed = out.failed || len(out.items) == len(inputs)
	return out
}

// event makes the event of an input.
func (s *sinkReceiver) event(b *batch, i int, in *input) (*Event, error) {
	r := in.record
	if r == nil {
		first := b.records[0]
		return &Event{ID: first.id + "-" + strconv.Itoa(i), Data: in.text, Time: s.timeOf(first)}, nil
	}
	ev := &Event{ID: r.id, Data: in.text, Time: s.timeOf(r)}
	if s.src.isQueue() {
		ev.Group, _ = template.NewEvent(r.data, "").Text(groupPath)
		return ev, nil
	}
	c, err := readChange(r.data)
	if err != nil {
		return nil, err
	}
	ev.ID = c.id
	ev.Change = &Change{Removed: c.removed, Keys: c.keys, Version: versionOf(c.sequence)}
	if !c.removed && string(in.text) == string(r.data) {
		ev.Change.Image = c.image
	}
	return ev, nil
}

// versionOf is the sequence number of a change as a number: a 1 and 20 digits, of
// which the engine of tables makes use of less than 63 bits.
func versionOf(sequence string) uint64 {
	if len(sequence) != 21 {
		return 0
	}
	n, _ := strconv.ParseUint(sequence[1:], 10, 63)
	return n
}

var sentPath, _ = template.ParsePath("$.attributes.SentTimestamp")

// timeOf is when a message was sent, or a change was made.
func (s *sinkReceiver) timeOf(r *record) time.Time {
	if !s.src.isQueue() {
		return r.created
	}
	text, _ := template.NewEvent(r.data, "").Text(sentPath)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
