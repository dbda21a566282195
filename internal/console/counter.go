package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/attr"
)

// shownGroups is how many groups of each counter the page of a table shows.
const shownGroups = 10

// countersData is the page of a table's counters.
type countersData struct {
	*described
	Counters []counterRow
	Form     url.Values // of a new one
}

// counterRow is a counter with what it counts.
type counterRow struct {
	leveeapi.CounterDescription
	Link        string // of its table
	Columns     []string
	Groups      [][]string // values by column, of the first groups
	More        bool       // there are others
	Counted, Of int64      // items, while it is built; 0 if that is not known
}

// Building reports whether it does not count all items yet.
func (c counterRow) Building() bool { return c.CounterStatus == leveeapi.CounterStatusBuilding }

// Keys are the attributes that it groups by.
func (c counterRow) Keys() string {
	names := make([]string, len(c.GroupBy))
	for i, a := range c.GroupBy {
		names[i] = a.AttributeName.V + " (" + a.AttributeType.V + ")"
	}
	return strings.Join(names, ", ")
}

// counters describes the counters of the visit's table.
func (v *visit) counters() (*countersData, error) {
	t, err := v.table("counters")
	if err != nil {
		return nil, err
	}
	d := &countersData{described: t, Form: v.r.PostForm}
	out, err := call[*leveeapi.ListCountersOutput](v, leveeapi.Target, "ListCounters", &leveeapi.ListCountersInput{TableName: t.TableName})
	if err != nil {
		return nil, err
	}
	for _, c := range out.Counters {
		row := counterRow{CounterDescription: c, Link: v.to("tables", c.CounterName)}
		if row.Building() {
			row.Counted, row.Of, _ = v.c.opts.Counted(v.ns, c.CounterName)
		} else if err := v.readGroups(&row); err != nil && !isClientError(err) { // it was deleted meanwhile
			return nil, err
		}
		d.Counters = append(d.Counters, row)
	}
	return d, nil
}

// readGroups reads the first groups of a counter.
func (v *visit) readGroups(c *counterRow) error {
	out, err := call[*ddb.ScanOutput](v, ddb.Target, "Scan", &ddb.ScanInput{
		TableName: api.Some(c.CounterName), Limit: api.Some(int64(shownGroups)), ConsistentRead: api.Some(true),
	})
	if err != nil {
		return err
	}
	for _, a := range c.GroupBy {
		c.Columns = append(c.Columns, a.AttributeName.V)
	}
	c.Columns = append(append(c.Columns, "count"), c.Sum...)
	c.More = out.LastEvaluatedKey != nil
	for _, it := range out.Items {
		m, err := it.Map()
		if err != nil {
			return err
		}
		row := make([]string, len(c.Columns))
		for i, name := range c.Columns {
			if value, ok := m.Get(name); ok {
				row[i] = shortText(value)
			}
		}
		c.Groups = append(c.Groups, row)
	}
	return nil
}

func (v *visit) showCounters() error {
	d, err := v.counters()
	if err != nil {
		return err
	}
	return v.show("table_counters", "table.counters", d)
}

// showCounterRows shows only them, for a page that asks again and again.
func (v *visit) showCounterRows() error {
	d, err := v.counters()
	if err != nil {
		return err
	}
	return v.render("table_counters", "counterrows", d)
}

// changeCounters makes or deletes a counter.
func (v *visit) changeCounters() error {
	d, err := v.counters()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	var done string
	switch v.r.PathValue("change") {
	case "create":
		done, err = "counter.created", v.createCounter(d.described, form)
	case "delete":
		name := form.Get("counter")
		if !v.isNamed(name) {
			return v.show("table_counters", "table.counters", d)
		}
		done, err = "counter.deleted", run(v, leveeapi.Target, "DeleteCounter", &leveeapi.NamedCounterInput{CounterName: some(name)})
	default:
		return refusal{status: http.StatusNotFound, key: "error.form"}
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("table_counters", "table.counters", d)
	}
	return v.done(d.Path+"/counters", done)
}

// createCounter makes the counter of a form: name, up to two attributes to group by
// with their types, sums separated by commas, and a filter as the builder makes it.
func (v *visit) createCounter(t *described, form url.Values) error {
	in := &leveeapi.CreateCounterInput{CounterName: some(form.Get("name")), TableName: t.TableName}
	for i, name := range form["group"] {
		if name != "" && i < len(form["groupType"]) {
			in.GroupBy = append(in.GroupBy, ddb.AttributeDefinition{AttributeName: api.Some(name), AttributeType: api.Some(form["groupType"][i])})
		}
	}
	for name := range strings.SplitSeq(form.Get("sum"), ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(in.Sum, name) {
			in.Sum = append(in.Sum, name)
		}
	}
	if name := form.Get("f"); name != "" {
		var s selection
		filter, err := s.compare("f", name, form.Get("fop"), form.Get("ft"), form.Get("fv"), form.Get("fv2"))
		if err != nil {
			return err
		}
		in.FilterExpression, in.ExpressionAttributeNames = api.Some(filter), s.names
		if len(s.values) > 0 {
			in.ExpressionAttributeValues = attr.NewMap(s.values)
		}
	}
	return run(v, leveeapi.Target, "CreateCounter", in)
}

// Comparisons and Kinds are what a filter may be made of.
func (*countersData) Comparisons() []string { return comparisons }

// Kinds are the types of values that a filter compares with.
func (*countersData) Kinds() []string { return scalarKinds }
