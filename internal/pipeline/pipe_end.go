package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/template"
)

const (
	// maxFilled is how much the inputs of a batch are together, in bytes: a template can
	// make much of little.
	maxFilled = 64 << 20
	// maxEnriched is how many events an enrichment can make of a batch.
	maxEnriched = 10_000
)

// encodedMember is the member of a message's record that may be JSON itself.
const encodedMember = "body"

// input is an event on its way to the target of a pipe.
type input struct {
	record *record // nil behind an enrichment
	event  *template.Event
	text   []byte // what the target gets
}

// receiver is the target of a pipe.
type receiver interface {
	most() int
	exact() bool
	// receive takes the inputs that came of a batch.
	receive(ctx context.Context, b *batch, inputs []*input) (*outcome, error)
}

// pipeEnd is the end of a pipe: enrichment, template, target.
type pipeEnd struct {
	receiver
	engine    *Engine
	s         *settings
	vars      template.Vars
	encoded   string
	enriching *template.Template // nil: what the enrichment gets is the record
	template  *template.Template // nil: what the target gets is the event
}

// newPipeEnd returns the end of a pipe, whose settings were checked when they were
// stored.
func newPipeEnd(e *Engine, s *settings) *pipeEnd {
	p := s.Pipe
	src, _ := parseSource(s.Source)
	end := &pipeEnd{engine: e, s: s, vars: template.Vars{
		PipeARN: s.arn(), PipeName: p.Name, SourceARN: s.Source, EnrichmentARN: p.Enrichment, TargetARN: p.Target,
	}}
	if src.isQueue() {
		end.encoded = encodedMember
	}
	if p.Template != "" {
		end.template, _ = template.Parse(p.Template)
	}
	if p.Enriching != "" {
		end.enriching, _ = template.Parse(p.Enriching)
	}
	to, _ := parseTarget(s.namespace(), p.Target)
	end.receiver = e.receiverOf(s, src, to)
	return end
}

func (e *Engine) receiverOf(s *settings, src source, to target) receiver {
	switch to.service {
	case serviceSQS:
		return newExactReceiver(e, s, src, newQueueTarget(s.Pipe, to))
	case serviceDynamoDB:
		return newExactReceiver(e, s, src, newTableTarget(e, s.Pipe, to))
	}
	if to.service == serviceLevee {
		return &sinkReceiver{engine: e, name: to.name, pipe: s.arn(), src: src}
	}
	return &functionReceiver{engine: e, name: to.function(), later: s.Pipe.Invocation == invokeLater}
}

func (p *pipeEnd) most() int {
	n := p.receiver.most()
	if p.s.Pipe.Enrichment != "" {
		to, _ := parseTarget(p.s.namespace(), p.s.Pipe.Enrichment)
		n = min(n, p.engine.mostOf(to.function()))
	}
	return n
}

func (p *pipeEnd) take(ctx context.Context, b *batch) (*outcome, error) {
	inputs := make([]*input, len(b.records))
	for i, r := range b.records {
		inputs[i] = &input{record: r, event: template.NewEvent(r.data, p.encoded)}
	}
	if p.s.Pipe.Enrichment != "" {
		var out *outcome
		var err error
		if inputs, out, err = p.enrich(ctx, inputs); out != nil || err != nil {
			return out, err
		}
	}
	if err := p.fill(p.template, inputs); err != nil {
		return p.fail(err), nil
	}
	return p.receive(ctx, b, inputs)
}

// fill sets the texts of inputs.
func (p *pipeEnd) fill(t *template.Template, inputs []*input) (err error) {
	vars := p.vars
	vars.Ingested = time.Now()
	size := 0
	for _, in := range inputs {
		if t == nil {
			in.text = in.event.JSON()
		} else if in.text, err = t.Fill(in.event, &vars); err != nil {
			return err
		}
		if size += len(in.text); size > maxFilled {
			return template.ErrTooLarge
		}
	}
	return nil
}

// fail is the outcome of a batch with which something is wrong.
func (p *pipeEnd) fail(err error) *outcome {
	p.engine.log.Warn("batch of a pipe failed", "mapping", p.s.arn(), "err", err)
	return failure(err)
}

// enrich has the function of the enrichment make other events of a batch. An
// outcome says that there is nothing more to do.
func (p *pipeEnd) enrich(ctx context.Context, inputs []*input) ([]*input, *outcome, error) {
	if err := p.fill(p.enriching, inputs); err != nil {
		return nil, p.fail(err), nil
	}
	payload := list(inputs)
	if len(payload) > maxPayload {
		return nil, p.fail(template.ErrTooLarge), nil
	}
	to, _ := parseTarget(p.s.namespace(), p.s.Pipe.Enrichment)
	result, err := p.engine.opts.Functions.Run(ctx, to.function(), payload)
	switch {
	case err != nil:
		return nil, nil, err
	case result.Failed:
		return nil, &outcome{failed: true, result: result}, nil
	}
	events, ok := enriched(result.Payload)
	switch {
	case !ok:
		return nil, &outcome{failed: true, result: result}, nil
	case len(events) == 0:
		return nil, &outcome{result: result}, nil
	case len(events) > maxEnriched:
		return nil, p.fail(errEnriched), nil
	}
	made := make([]*input, len(events))
	for i, text := range events {
		made[i] = &input{event: template.NewEvent(text, "")}
	}
	return made, nil, nil
}

var errEnriched = errors.New("the enrichment has made more events than a pipe takes")

// enriched returns the events in the answer of an enrichment: none if it is empty,
// those of a list, or the answer itself.
func enriched(payload []byte) (events []json.RawMessage, ok bool) {
	text := bytes.TrimSpace(payload)
	switch string(text) {
	case "", "null", `""`, "{}", "[]":
		return nil, true
	}
	if text[0] == '[' {
		err := json.Unmarshal(text, &events)
		return events, err == nil
	}
	return []json.RawMessage{text}, json.Valid(text)
}

// list returns the JSON list of texts, those that are not JSON as strings.
func list(inputs []*input) []byte {
	b := []byte{'['}
	for i, in := range inputs {
		if i > 0 {
			b = append(b, ',')
		}
		if json.Valid(in.text) {
			b = append(b, in.text...)
		} else {
			b = jsontok.AppendString(b, string(in.text))
		}
	}
	return append(b, ']')
}

// functionReceiver is a function as the target of a pipe: it gets the list of
// inputs.
type functionReceiver struct {
	engine *Engine
	name   lambda.Name
	later  bool // nobody waits for it
}

const invokeLater = "FIRE_AND_FORGET"

func (f *functionReceiver) most() int { return f.engine.mostOf(f.name) }

func (*functionReceiver) exact() bool { return false }

func (f *functionReceiver) receive(ctx context.Context, _ *batch, inputs []*input) (*outcome, error) {
	payload := list(inputs)
	if len(payload) > maxPayload {
		return failure(template.ErrTooLarge), nil
	}
	if f.later {
		return &outcome{}, f.engine.opts.Functions.RunLater(f.name, payload)
	}
	result, err := f.engine.opts.Functions.Run(ctx, f.name, payload)
	if err != nil {
		return nil, err
	}
	out := answered(result, true)
	if len(out.items) > 0 && inputs[0].record == nil {
		out.failed = true // which record an enriched event is of is not known
	}
	return out, nil
}

// param is a parameter that is text, or a path to it in the event.
type param struct {
	text string
	path *template.Path
}

func parseParam(text string) (p param, err error) {
	if !strings.HasPrefix(text, "$") {
		return param{text: text}, nil
	}
	p.path, err = template.ParsePath(text)
	return p, err
}

// of returns the value for an event, "" if it has none.
func (p param) of(e *template.Event) string {
	if p.path == nil {
		return p.text
	}
	text, _ := e.Text(p.path)
	return text
}
