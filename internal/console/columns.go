package console

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// maxColumns is how many attributes a list of items shows, keys included, where
// nobody has chosen them; maxChosen how many it shows at all.
const (
	maxColumns = 8
	maxChosen  = 60
)

// itemColumn is a column of a list of items.
type itemColumn struct {
	Name   string
	Sort   string // path of the page sorted by it, the other way if it is so already
	Sorted string // ascending, descending or none
}

// choice is an attribute that may be a column.
type choice struct {
	Name  string
	Shown bool
}

// attributesOf returns the names of all attributes of items: the keys first, then
// those that most items have.
func attributesOf(index, table indexed, items []attr.Map) (names []string, keys int) {
	for _, name := range []string{table.Hash, table.Sort, index.Hash, index.Sort} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	keys = len(names)
	seen := map[string]int{}
	for _, item := range items {
		for _, a := range item {
			seen[a.Name]++
		}
	}
	for name := range seen {
		if !slices.Contains(names[:keys], name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names[keys:], func(a, b string) int { return cmp.Or(seen[b]-seen[a], strings.Compare(a, b)) })
	return names[:min(len(names), maxChosen)], keys
}

// columns chooses what the list shows: what the form names, or the first attributes.
func (d *browseData) columns(names []string, keys int) {
	chosen := d.Form["col"]
	for i, name := range names {
		shown := i < max(maxColumns, keys)
		if len(chosen) > 0 {
			shown = i == 0 || slices.Contains(chosen, name) // the first one leads to the item
		}
		d.Choices = append(d.Choices, choice{name, shown})
		if shown {
			d.Columns = append(d.Columns, d.column(name))
		}
	}
}

// column is a column, with the way to sort by it.
func (d *browseData) column(name string) itemColumn {
	c := itemColumn{Name: name, Sorted: "none"}
	form := d.form()
	form.Set("by", name)
	form.Del("down")
	if d.Form.Get("by") == name {
		c.Sorted = "descending"
		if d.Form.Get("down") == "" {
			c.Sorted = "ascending"
			form.Set("down", "1")
		}
	}
	c.Sort = d.Path + "?" + form.Encode()
	return c
}

// Others are the fields of the form beside those of columns.
func (d *browseData) Others() (list []pair) {
	form := d.form()
	delete(form, "col")
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			list = append(list, pair{name, value})
		}
	}
	return list
}

// form is that of this page, without what was done before it.
func (d *browseData) form() url.Values {
	form := url.Values{}
	for name, values := range d.Form {
		if name != "done" {
			form[name] = slices.Clone(values)
		}
	}
	return form
}

// sortItems sorts the items of a page by an attribute; those without it come last.
func sortItems(items []attr.Map, by string, down bool) {
	if by == "" {
		return
	}
	slices.SortStableFunc(items, func(a, b attr.Map) int {
		x, hasX := a.Get(by)
		y, hasY := b.Get(by)
		switch {
		case !hasX && !hasY:
			return 0
		case !hasX:
			return 1
		case !hasY:
			return -1
		case down:
			return compareValues(y, x)
		}
		return compareValues(x, y)
	})
}

// compareValues compares values of one type by their order, and others by their types.
func compareValues(x, y attr.Value) int {
	switch {
	case x.Kind() != y.Kind():
		return cmp.Compare(x.Kind(), y.Kind())
	case x.Kind() == attr.KindN:
		return x.Num().Cmp(y.Num())
	}
	return strings.Compare(valueText(x), valueText(y))
}
