package console

import (
	"net/url"
	"slices"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
)

// pageItems is how many items a page asks for.
const pageItems = 50

// browseData is a page of items. The URL says all of the query, so that it can be
// shared.
type browseData struct {
	*described
	Form        url.Values
	Index       indexed
	Columns     []itemColumn
	Choices     []choice
	Items       []itemRow
	Scanned     int64
	Next        string // path of the next page, "" on the last
	Unfinished  bool   // the page is not full, but it took long enough
	First       string // path of the first page, "" on it
	JSON, CSV   string // paths of exports of all that the query finds
	Delete      string // path of the form that deletes items
	Code        code   // the query for use elsewhere
	Confirm     string // what was typed to delete items
	Comparisons []string
	Kinds       []string
}

type itemRow struct {
	Link, Key string
	Chosen    bool     // to be deleted
	Cells     []string // by column
}

// browse shows items, by a query if the form has a partition key and else by a
// scan. It reads one page; with a filter, until the page is full or searchTime is over.
func (v *visit) browse() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	return v.browseAgain(t, nil)
}

// browseAgain shows the page of items, where some are chosen to be deleted.
func (v *visit) browseAgain(t *described, chosen []string) error {
	form := v.r.URL.Query()
	data := &browseData{described: t, Form: form, Comparisons: comparisons, Kinds: scalarKinds, Confirm: v.r.PostForm.Get("confirm")}
	var ok bool
	if data.Index, ok = t.index(form.Get("index")); !ok {
		return api.Errorf("ResourceNotFoundException", "There is no index %s", form.Get("index"))
	}
	page, err := v.items(t, data.Index, form)
	if err != nil && !v.refused(err) {
		return err
	}
	data.Code = v.code(t, data.Index, form)
	data.fill(t, page, chosen)
	return v.show("table_browse", "table.items", data)
}

// fill makes the lines of a page.
func (d *browseData) fill(t *described, p itemPage, chosen []string) {
	names, keys := attributesOf(d.Index, t.Indexes[0], p.items)
	d.columns(names, keys)
	sortItems(p.items, d.Form.Get("by"), d.Form.Get("down") != "")
	for _, item := range p.items {
		key := t.keyOf(item)
		row := itemRow{Link: t.itemPath(key), Key: string(key.AppendJSON(nil)), Cells: make([]string, len(d.Columns))}
		row.Chosen = slices.Contains(chosen, row.Key)
		for i, c := range d.Columns {
			if v, ok := item.Get(c.Name); ok {
				row.Cells[i] = shortText(v)
			}
		}
		d.Items = append(d.Items, row)
	}
	d.Scanned, d.Unfinished = p.scanned, p.last != nil && len(p.items) < pageItems
	form := d.form()
	d.Delete = t.Path + "/delete-items?" + form.Encode()
	form.Del("start")
	if d.Form.Get("start") != "" {
		d.First = t.Path + "?" + form.Encode()
	}
	d.JSON = t.Path + "/export-selection?" + form.Encode()
	d.CSV = d.JSON + "&format=csv"
	if p.last != nil {
		form.Set("start", string(p.last.AppendJSON(nil)))
		d.Next = t.Path + "?" + form.Encode()
	}
}

// itemPath returns the page of an item.
func (t *described) itemPath(key attr.Map) string {
	return t.Path + "/item?" + url.Values{"key": {string(key.AppendJSON(nil))}}.Encode()
}
