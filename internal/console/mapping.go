package console

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// Mapping is how far an event source mapping or a pipe is.
type Mapping struct {
	api.Namespace
	ID       string
	Source   string // ARN
	Function string // name; "" of a pipe
	Pipe     string // name; "" of an event source mapping
	Enabled  bool
	// Workers of a queue that there are, and those that have a batch.
	Workers, Busy int
	Shards        []Shard // of a stream, that are being read
	// Handled is how many events were handled since the server was started, Failures how
	// often a batch failed.
	Handled, Failures int64
	// Failed is when a batch failed last, zero if none did, and Failure why.
	Failed  time.Time
	Failure string
}

// Shard is how far a shard of a stream is.
type Shard struct {
	Name     string
	Sequence string    // up to which all is handled
	Records  int       // that were read and come after it
	Oldest   time.Time // when the first of them was written; zero without one
}

// mappingRow is a mapping as pages show it.
type mappingRow struct {
	Mapping
	From    string // name of the queue or table
	FromURL string
	Waiting int   // messages, or records that were read
	Lag     int64 // age in seconds of the oldest message or record that is not handled
}

// mappingList is a list of mappings that is asked for again and again.
type mappingList struct {
	Mappings     []mappingRow
	MoreMappings int
	Source       string // where it is asked for
	ShowsSpaces  bool
}

// Link returns the page of a mapping.
func (m Mapping) Link() string { return base(m.Namespace) + "mappings/" + m.ID }

// FunctionLink returns the page of its function.
func (m Mapping) FunctionLink() string {
	return base(m.Namespace) + "functions/" + url.PathEscape(m.Function)
}

// OfQueue reports whether its source is a queue.
func (m Mapping) OfQueue() bool { return strings.HasPrefix(m.Source, "arn:aws:sqs:") }

// Age is how old the oldest record is that is not handled, in seconds.
func (s Shard) Age() int64 {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, int64(time.Since(s.Oldest).Seconds()))
}

// mappings gathers mappings with what waits for them.
func (v *visit) mappings(wanted func(*Mapping) bool) (l mappingList) {
	l.Source = Path + "mappings"
	if v.ns != (api.Namespace{}) {
		l.Source = v.to("mappings")
	}
	all := slices.DeleteFunc(v.c.opts.Mappings(), func(m Mapping) bool { return !wanted(&m) })
	slices.SortFunc(all, func(a, b Mapping) int {
		return cmp.Or(byName(a.Namespace, b.Namespace, a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	all, l.MoreMappings = firstRows(all)
	if len(all) == 0 {
		return l
	}
	queues := map[resource]Queue{}
	for _, q := range v.c.opts.Queues() {
		queues[resource{kindQueue, q.Namespace, q.Name}] = q
	}
	for _, m := range all {
		l.Mappings = append(l.Mappings, newMappingRow(m, queues))
	}
	return l
}

func newMappingRow(m Mapping, queues map[resource]Queue) mappingRow {
	row := mappingRow{Mapping: m}
	named, ok := api.ParseARN(m.Source)
	if !ok {
		return row
	}
	ns := named.Namespace
	if m.OfQueue() {
		q := queues[resource{kindQueue, ns, named.Resource}]
		row.From, row.FromURL, row.Waiting, row.Lag = named.Resource, base(ns)+"queues/"+url.PathEscape(named.Resource), q.Visible+q.InFlight, q.Oldest
		return row
	}
	table := strings.Split(named.Resource, "/") // table/name/stream/label
	if len(table) > 1 {
		row.From, row.FromURL = table[1], base(ns)+"tables/"+url.PathEscape(table[1])+"/stream"
	}
	for _, s := range m.Shards {
		row.Waiting += s.Records
		row.Lag = max(row.Lag, s.Age())
	}
	return row
}

// showMappings shows only the list, for a page that asks again and again: of all
// namespaces or of one, and of a function if the form names one.
func (v *visit) showMappings() error {
	function := v.r.Form.Get("function")
	l := v.mappings(func(m *Mapping) bool {
		return (v.ns == (api.Namespace{}) || m.Namespace == v.ns) && (function == "" || m.Function == function)
	})
	l.ShowsSpaces = v.ns == (api.Namespace{})
	return v.render("functions", "mappingrows", l)
}

// mappingData is the page of one mapping.
type mappingData struct {
	*lambdaapi.EventSourceMappingConfiguration
	mappingRow
	Path    string
	Filters []string
}

// mapping describes the mapping of the visit's path.
func (v *visit) mapping() (*mappingData, error) {
	id := v.r.PathValue("mapping")
	v.subject = id
	out, err := call[*lambdaapi.EventSourceMappingConfiguration](v, lambdaapi.Target, "GetEventSourceMapping", &lambdaapi.GetEventSourceMappingRequest{UUID: api.Some(id)})
	if err != nil {
		return nil, err
	}
	d := &mappingData{EventSourceMappingConfiguration: out, Path: v.to("mappings", id)}
	if l := v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns && m.ID == id }); len(l.Mappings) > 0 {
		d.mappingRow = l.Mappings[0]
		v.subject = d.From + " → " + d.Mapping.Function
	}
	if out.FilterCriteria != nil {
		for _, f := range out.FilterCriteria.Filters {
			d.Filters = append(d.Filters, f.Pattern.V)
		}
	}
	return d, nil
}

func (v *visit) showMapping() error {
	d, err := v.mapping()
	if err != nil {
		return err
	}
	return v.show("function_mapping", "mapping.title", d)
}

// showMappingProgress shows only how far it is.
func (v *visit) showMappingProgress() error {
	d, err := v.mapping()
	if err != nil {
		return err
	}
	return v.render("function_mapping", "progress", d)
}

// changeMapping enables, disables or deletes a mapping, or sets how large its
// batches are.
func (v *visit) changeMapping() error {
	d, err := v.mapping()
	if err != nil {
		return err
	}
	update := &lambdaapi.UpdateEventSourceMappingRequest{UUID: d.UUID}
	switch v.r.PathValue("change") {
	case "enable":
		update.Enabled = api.Some(true)
	case "disable":
		update.Enabled = api.Some(false)
	case "batch":
		update.BatchSize, err = wholeNumber(v.r.PostForm, "batch")
	case "delete":
		return v.deleteMapping(d)
	default:
		return refusal{status: 404, key: "error.form"}
	}
	if err == nil {
		err = run(v, lambdaapi.Target, "UpdateEventSourceMapping", update)
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("function_mapping", "mapping.title", d)
	}
	return v.done(d.Path, "mapping.changed")
}

// deleteMapping deletes a mapping if the name of its function was typed.
func (v *visit) deleteMapping(d *mappingData) error {
	if !v.isNamed(d.Function) {
		return v.show("function_mapping", "mapping.title", d)
	}
	if err := run(v, lambdaapi.Target, "DeleteEventSourceMapping", &lambdaapi.DeleteEventSourceMappingRequest{UUID: d.UUID}); err != nil {
		return err
	}
	return v.done(v.to("functions", ""), "mapping.deleted")
}
