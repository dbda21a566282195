package console

import (
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/pipesapi"
)

// Sink is a declared place outside of the server that pipes may lead to.
type Sink struct {
	Name, Kind string
	To         string // without secrets
}

// sinkPrefix begins the ARN of a sink.
const sinkPrefix = "arn:aws:levee:::sink/"

// pipeRow is a pipe in the list.
type pipeRow struct {
	mappingRow
	State string // as the API says it, "" if it was made since
	To    place
}

// place is a resource at one end of a pipe.
type place struct {
	Kind string // queue, table, function, sink or "" for anything else
	Name string
	URL  string // of its page, "" if it has none
}

// pipeList is the page of pipes and sinks.
type pipeList struct {
	Pipes []pipeRow
	More  int
	Sinks []Sink
	Rows  string // path of the list alone
}

// pipeData is the page of a pipe.
type pipeData struct {
	*pipesapi.DescribePipeResponse
	mappingRow
	Path, Confirm string
	To, Through   place // the target and the enrichment
	Filters       []string
	Template      string // of what the target gets
	Enriching     string // of what the enrichment gets
	DeadLetters   place
}

// placeOf reads an ARN.
func placeOf(arn string) place {
	if name, ok := strings.CutPrefix(arn, sinkPrefix); ok {
		return place{Kind: "sink", Name: name}
	}
	named, ok := api.ParseARN(arn)
	if !ok {
		return place{Name: arn}
	}
	at := base(named.Namespace)
	switch name := named.Resource; named.Service {
	case "sqs":
		return place{"queue", name, at + "queues/" + url.PathEscape(name)}
	case "lambda":
		name = strings.TrimPrefix(name, "function:")
		return place{"function", name, at + "functions/" + url.PathEscape(name)}
	case "dynamodb":
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "table/"), "/")
		return place{"table", name, at + "tables/" + url.PathEscape(name)}
	}
	return place{Name: arn}
}

// PipeLink returns the page of its pipe.
func (m Mapping) PipeLink() string { return base(m.Namespace) + "pipes/" + url.PathEscape(m.Pipe) }

// listPipes lists the pipes of a namespace, and the sinks of the server.
func (v *visit) listPipes() error {
	d, err := v.pipes()
	if err != nil {
		return err
	}
	return v.show("pipes", "nav.pipes", d)
}

// showPipeRows shows only the pipes, for a page that asks again and again.
func (v *visit) showPipeRows() error {
	d, err := v.pipes()
	if err != nil {
		return err
	}
	return v.render("pipes", "piperows", d)
}

func (v *visit) pipes() (*pipeList, error) {
	d := &pipeList{Sinks: v.c.opts.Sinks(), Rows: v.to("pipe-rows")}
	described := map[string]*pipesapi.Pipe{}
	for next := (api.Opt[string]{}); ; {
		out, err := call[*pipesapi.ListPipesResponse](v, pipesapi.Target, "ListPipes", &pipesapi.ListPipesRequest{NextToken: next})
		if err != nil {
			return nil, err
		}
		for i := range out.Pipes {
			described[out.Pipes[i].Name.V] = &out.Pipes[i]
		}
		if next = out.NextToken; !next.OK {
			break
		}
	}
	l := v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns && m.Pipe != "" })
	d.More = l.MoreMappings
	for _, m := range l.Mappings {
		row := pipeRow{mappingRow: m}
		if p := described[m.Pipe]; p != nil {
			row.State, row.To = p.CurrentState.V, placeOf(p.Target.V)
		}
		d.Pipes = append(d.Pipes, row)
	}
	return d, nil
}

// pipe describes the pipe of the visit's path.
func (v *visit) pipe() (*pipeData, error) {
	name := v.r.PathValue("pipe")
	v.subject = name
	out, err := call[*pipesapi.DescribePipeResponse](v, pipesapi.Target, "DescribePipe", &pipesapi.DescribePipeRequest{Name: api.Some(name)})
	if err != nil {
		return nil, err
	}
	d := &pipeData{
		DescribePipeResponse: out, Path: v.to("pipes", name), Confirm: v.r.PostForm.Get("confirm"),
		To: placeOf(out.Target.V), Through: placeOf(out.Enrichment.V),
	}
	if l := v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns && m.Pipe == name }); len(l.Mappings) > 0 {
		d.mappingRow = l.Mappings[0]
	}
	if p := out.SourceParameters; p != nil {
		if p.FilterCriteria != nil {
			for _, f := range p.FilterCriteria.Filters {
				d.Filters = append(d.Filters, f.Pattern.V)
			}
		}
		if s := p.DynamoDBStreamParameters; s != nil && s.DeadLetterConfig != nil {
			d.DeadLetters = placeOf(s.DeadLetterConfig.Arn.V)
		}
	}
	if out.TargetParameters != nil {
		d.Template = out.TargetParameters.InputTemplate.V
	}
	if out.EnrichmentParameters != nil {
		d.Enriching = out.EnrichmentParameters.InputTemplate.V
	}
	return d, nil
}

func (v *visit) showPipe() error {
	d, err := v.pipe()
	if err != nil {
		return err
	}
	return v.show("pipe", "pipe.title", d)
}

// showPipeProgress shows only how far it is.
func (v *visit) showPipeProgress() error {
	d, err := v.pipe()
	if err != nil {
		return err
	}
	return v.render("pipe", "pipeprogress", d)
}

// changePipe starts, stops or deletes a pipe.
func (v *visit) changePipe() error {
	d, err := v.pipe()
	if err != nil {
		return err
	}
	name := d.DescribePipeResponse.Name
	switch v.r.PathValue("change") {
	case "start":
		err = run(v, pipesapi.Target, "StartPipe", &pipesapi.StartPipeRequest{Name: name})
	case "stop":
		err = run(v, pipesapi.Target, "StopPipe", &pipesapi.StopPipeRequest{Name: name})
	case "delete":
		if !v.isNamed(name.V) {
			return v.show("pipe", "pipe.title", d)
		}
		if err := run(v, pipesapi.Target, "DeletePipe", &pipesapi.DeletePipeRequest{Name: name}); err != nil {
			return err
		}
		return v.done(v.to("pipes", ""), "pipe.deleted")
	default:
		return refusal{status: 404, key: "error.form"}
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("pipe", "pipe.title", d)
	}
	return v.done(d.Path, "pipe.changed")
}
