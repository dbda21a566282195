package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
)

const (
	// pageItems is how many items a page asks for.
	pageItems = 50
	// maxColumns is how many attributes a list of items shows, keys included.
	maxColumns = 8
)

// browseData is a page of items. The URL says all of the query, so that it can be
// shared.
type browseData struct {
	*described
	Form        url.Values
	Index       indexed
	Columns     []string
	Items       []itemRow
	Scanned     int64
	Next        string // path of the next page, "" on the last
	Unfinished  bool   // the page is not full, but it took long enough
	First       string // path of the first page, "" on it
	Export      string // query of an export
	NewItem     string
	Comparisons []string
	Kinds       []string
}

type itemRow struct {
	Link  string
	Cells []string // by column
}

// browse shows items, by a query if the form has a partition key and else by a
// scan. It reads one page; with a filter, until the page is full or searchTime is over.
func (v *visit) browse() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	form := v.r.URL.Query()
	data := &browseData{described: t, Form: form, Comparisons: comparisons, Kinds: scalarKinds}
	var ok bool
	if data.Index, ok = t.index(form.Get("index")); !ok {
		return api.Errorf("ResourceNotFoundException", "There is no index %s", form.Get("index"))
	}
	page, err := v.items(t, data.Index, form)
	if err != nil && !v.refused(err) {
		return err
	}
	data.fill(t, page)
	return v.show("table_browse", "table.items", data)
}

// fill makes the lines of a page.
func (d *browseData) fill(t *described, p itemPage) {
	d.Columns = columnsOf(d.Index, t.Indexes[0], p.items)
	for _, item := range p.items {
		row := itemRow{Link: t.itemPath(t.keyOf(item)), Cells: make([]string, len(d.Columns))}
		for i, name := range d.Columns {
			if v, ok := item.Get(name); ok {
				row.Cells[i] = shortText(v)
			}
		}
		d.Items = append(d.Items, row)
	}
	d.Scanned, d.Unfinished = p.scanned, p.last != nil && len(p.items) < pageItems
	form := url.Values{}
	for name, values := range d.Form {
		if name != "start" && name != "done" {
			form[name] = values
		}
	}
	d.Export = form.Encode()
	if d.Form.Get("start") != "" {
		d.First = t.Path + "?" + form.Encode()
	}
	if p.last != nil {
		form.Set("start", string(p.last.AppendJSON(nil)))
		d.Next = t.Path + "?" + form.Encode()
	}
	d.NewItem = t.Path + "/item"
}

// itemPath returns the page of an item.
func (t *described) itemPath(key attr.Map) string {
	return t.Path + "/item?" + url.Values{"key": {string(key.AppendJSON(nil))}}.Encode()
}

// columnsOf chooses the attributes that a list shows: keys first, then those that
// most items have.
func columnsOf(index, table indexed, items []attr.Map) []string {
	var columns []string
	for _, name := range []string{table.Hash, table.Sort, index.Hash, index.Sort} {
		if name != "" && !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	seen := map[string]int{}
	for _, item := range items {
		for _, a := range item {
			seen[a.Name]++
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		if !slices.Contains(columns, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if seen[a] != seen[b] {
			return seen[b] - seen[a]
		}
		return strings.Compare(a, b)
	})
	return append(columns, names[:min(len(names), max(maxColumns-len(columns), 0))]...)
}
