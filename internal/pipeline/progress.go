package pipeline

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/lambda"
)

// Progress is how far a mapping or a pipe is, of which the API says only LastProcessingResult.
type Progress struct {
	api.Namespace
	ID       string
	Source   string // ARN
	Function string // name; "" of a pipe
	Pipe     string // name; "" of an event source mapping
	Enabled  bool
	// Workers of a queue that there are, and those that have a batch.
	Workers, Busy int
	// Shards of a stream that are being read, by name.
	Shards []ShardProgress
	// Handled is how many events were handled since the engine was opened, Failures how
	// often a batch failed.
	Handled, Failures int64
	// Failure is the last one since the engine was opened; its zero value is none.
	Failure Failure
}

// ShardProgress is how far a shard is.
type ShardProgress struct {
	Shard    string
	Sequence string    // of the checkpoint; "" before the first
	Records  int       // that were read and come after the checkpoint
	Oldest   time.Time // when the first of them was written; zero without one
}

// Failure is why a function did not handle a batch.
type Failure struct {
	At   time.Time
	Text string // what the function returned, or why it was not invoked; its beginning
}

// maxFailure is how much of a failure is kept, in bytes.
const maxFailure = 1 << 10

// fail keeps why a batch failed: a result that says so, or the error without one.
func (m *mapping) fail(result *lambda.Result, err error) {
	text := ""
	switch {
	case err != nil:
		text = err.Error()
	case result != nil:
		text = string(result.Payload[:min(len(result.Payload), maxFailure)])
	}
	text = strings.ToValidUTF8(text[:min(len(text), maxFailure)], "")
	m.failures.Add(1)
	m.failure.Store(&Failure{At: time.Now(), Text: text})
}

// count counts the events among records that were handled: what a filter did not let
// through is none.
func (m *mapping) count(records []*record) {
	n := 0
	for _, r := range records {
		if r.data != nil {
			n++
		}
	}
	m.handled.Add(int64(n))
}

// running is what runs of a mapping, for who looks at it.
type running struct {
	mu      sync.Mutex // guards what follows; taken before crew.mu and tracker.mu
	crew    *crew      // of a queue; nil while nothing runs
	readers []*reader  // of a stream
}

func (r *running) setCrew(c *crew) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.crew = c
}

func (r *running) add(one *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers = append(r.readers, one)
}

func (r *running) remove(one *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers = slices.DeleteFunc(r.readers, func(other *reader) bool { return other == one })
}

// Progress returns how far all mappings are, by their ids.
func (e *Engine) Progress() []Progress {
	mappings := e.all()
	list := make([]Progress, len(mappings))
	for i, m := range mappings {
		list[i] = m.progress()
	}
	slices.SortFunc(list, func(a, b Progress) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (m *mapping) progress() Progress {
	s := m.settings.Load()
	p := Progress{Namespace: s.namespace(), ID: s.ID, Source: s.Source, Function: s.Function, Enabled: s.Enabled}
	p.Handled, p.Failures = m.handled.Load(), m.failures.Load()
	if s.Pipe != nil {
		p.Pipe = s.Pipe.Name
	}
	if f := m.failure.Load(); f != nil {
		p.Failure = *f
	}
	m.running.mu.Lock()
	defer m.running.mu.Unlock()
	if c := m.running.crew; c != nil {
		c.mu.Lock()
		p.Workers, p.Busy = c.workers, c.busy
		c.mu.Unlock()
	}
	for _, r := range m.running.readers {
		shard := r.tracker.progress()
		shard.Shard = r.shard
		p.Shards = append(p.Shards, shard)
	}
	slices.SortFunc(p.Shards, func(a, b ShardProgress) int { return cmp.Compare(a.Shard, b.Shard) })
	return p
}
