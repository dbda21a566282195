package console

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// maxRows is how many tables, and how many queues, a page lists.
const maxRows = 500

// defaultSpace is what tools without credentials use, as levee serve says them.
var defaultSpace = api.Namespace{Account: "000000000000", Region: "us-east-1"}

// tableRow and queueRow are lines of lists with their figures.
type (
	tableRow struct {
		Table
		ID   string
		Rate rate
		Why  string // requests were throttled; "" if none was
	}
	queueRow struct {
		Queue
		ID   string
		Rate rate
	}
	// rate is the last second of a resource.
	rate struct {
		Requests, Throttled uint32
		P99                 float32
	}
)

// listing is all tables and queues that a page shows.
type listing struct {
	Search      string
	Tables      []tableRow
	Queues      []queueRow
	MoreTables  int // that are not shown
	MoreQueues  int
	Namespaces  []api.Namespace
	Default     api.Namespace
	ShowsSpaces bool // there is a column of namespaces
	ShowsWhy    bool // there is one of reasons of throttles, since a table is held to its capacity
	Base        string
	Capacity    capacityList
	Mapped      mappingList
}

// id names the resource in the JSON of live figures.
func (r resource) id() string {
	return string(r.kind) + "/" + r.ns.Account + "/" + r.ns.Region + "/" + r.name
}

// parseResource reads an id, "" being all.
func parseResource(id string) (resource, bool) {
	if id == "" {
		return resource{}, true
	}
	parts := strings.Split(id, "/")
	if len(parts) != 4 || len(parts[0]) != 1 {
		return resource{}, false
	}
	return resource{parts[0][0], api.Namespace{Account: parts[1], Region: parts[2]}, parts[3]}, true
}

func (v *visit) overview() error {
	data := v.list(func(api.Namespace) bool { return true })
	data.ShowsSpaces = true
	data.Capacity = v.capacitiesAt(api.Namespace{})
	data.Mapped = v.mappings(func(*Mapping) bool { return true })
	data.Mapped.ShowsSpaces = true
	return v.show("overview", "overview.title", &data)
}

// namespace shows the tables and queues of one namespace.
func (v *visit) namespace() error {
	data := v.list(func(ns api.Namespace) bool { return ns == v.ns })
	data.Capacity = v.capacitiesAt(v.ns)
	data.Mapped = v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns })
	return v.show("overview", "namespace.title", &data)
}

func (v *visit) listTables() error {
	return v.show("tables", "nav.tables", v.list(func(ns api.Namespace) bool { return ns == v.ns }))
}

func (v *visit) listQueues() error {
	return v.show("queues", "nav.queues", v.list(func(ns api.Namespace) bool { return ns == v.ns }))
}

// chooseNamespace goes to the namespace that a form names.
func (v *visit) chooseNamespace() error {
	ns := api.Namespace{Account: v.r.Form.Get("account"), Region: v.r.Form.Get("region")}
	if !isNamespace(ns) {
		return refusal{status: 400, key: "error.namespace"}
	}
	return v.redirect(base(ns))
}

// list gathers the tables and queues of some namespaces, by name.
func (v *visit) list(in func(api.Namespace) bool) listing {
	l := listing{Search: v.r.URL.Query().Get("q"), Default: defaultSpace}
	spaces := map[api.Namespace]bool{}
	wanted := func(ns api.Namespace, name string) bool {
		spaces[ns] = true
		return in(ns) && strings.Contains(strings.ToLower(name), strings.ToLower(l.Search))
	}
	for _, t := range v.c.opts.Tables() {
		if wanted(t.Namespace, t.Name) {
			l.Tables = append(l.Tables, tableRow{Table: t})
		}
	}
	for _, q := range v.c.opts.Queues() {
		if wanted(q.Namespace, q.Name) {
			l.Queues = append(l.Queues, queueRow{Queue: q})
		}
	}
	slices.SortFunc(l.Tables, func(a, b tableRow) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(l.Queues, func(a, b queueRow) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	l.Tables, l.MoreTables = firstRows(l.Tables)
	l.Queues, l.MoreQueues = firstRows(l.Queues)
	reasons := v.reasons()
	l.ShowsWhy = len(reasons) > 0
	for i := range l.Tables {
		row := &l.Tables[i]
		at := resource{kindTable, row.Namespace, row.Name}
		row.ID, row.Rate = v.rateOf(at)
		row.Why = reasons[at]
	}
	for i := range l.Queues {
		row := &l.Queues[i]
		row.ID, row.Rate = v.rateOf(resource{kindQueue, row.Namespace, row.Name})
	}
	for ns := range spaces {
		l.Namespaces = append(l.Namespaces, ns)
	}
	slices.SortFunc(l.Namespaces, func(a, b api.Namespace) int { return byName(a, b, "", "") })
	return l
}

func byName(a, b api.Namespace, nameA, nameB string) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(nameA, nameB))
}

func firstRows[T any](list []T) (shown []T, more int) {
	if len(list) <= maxRows {
		return list, 0
	}
	return list[:maxRows], len(list) - maxRows
}

// rateOf returns the id and the last second of a resource.
func (v *visit) rateOf(at resource) (id string, r rate) {
	if s := v.c.opts.Meter.find(at); s != nil {
		p := s.last()
		r = rate{p.requests, p.throttled, p.p99}
	}
	return at.id(), r
}

// Plotted says what the plots show beside requests.
func (l *listing) Plotted() string {
	if len(l.Capacity.Rows) > 0 {
		return "depth and units"
	}
	return "depth"
}

// Open is how many message groups can give messages.
func (q Queue) Open() int { return q.Groups - q.Closed }

// Link returns the page of a table.
func (t Table) Link() string { return base(t.Namespace) + "tables/" + url.PathEscape(t.Name) }

// Link returns the page of a queue.
func (q Queue) Link() string { return base(q.Namespace) + "queues/" + url.PathEscape(q.Name) }
