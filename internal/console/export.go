package console

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

const (
	// partBytes is about how large a part of an export is; maxPart is how large it
	// may be where keys are spread badly, since it is made in memory.
	partBytes = 8 << 20
	maxPart   = 64 << 20
	// maxParts is how many parts a page offers, and a scan may have.
	maxParts = 1000
)

// transferData is the page of export and import.
type transferData struct {
	*described
	Parts    []int
	Form     url.Values
	Imported int
}

func (v *visit) showTransfer() error {
	t, err := v.table("transfer")
	if err != nil {
		return err
	}
	return v.showTransferOf(t, 0)
}

func (v *visit) showTransferOf(t *described, imported int) error {
	d := &transferData{described: t, Form: v.r.Form, Imported: imported}
	for i := range v.parts(t) {
		d.Parts = append(d.Parts, i+1)
	}
	return v.show("table_transfer", "table.transfer", d)
}

// parts is into how many files an export is divided. The figure that DescribeTable
// gives may be hours old.
func (v *visit) parts(t *described) int {
	for _, size := range v.c.opts.Tables() {
		if size.Namespace == v.ns && size.Name == t.TableName.V {
			return int(min(size.Bytes/partBytes+1, maxParts))
		}
	}
	return 1
}

// export answers with a file of one part of a table: part of of, from 1. The parts
// are the segments of a parallel scan, so that together they are all items.
func (v *visit) export() error {
	t, err := v.table("transfer")
	if err != nil {
		return err
	}
	part, _ := strconv.ParseInt(v.r.Form.Get("part"), 10, 64)
	of, _ := strconv.ParseInt(v.r.Form.Get("of"), 10, 64)
	if part < 1 || part > of || of > maxParts {
		return refusal{status: http.StatusBadRequest, key: "error.form"}
	}
	items, err := v.scanSegment(t, part-1, of)
	if err != nil {
		return err
	}
	name := t.TableName.V
	if of > 1 {
		name += "-" + strconv.FormatInt(part, 10) + "-of-" + strconv.FormatInt(of, 10)
	}
	return v.file(name, v.r.Form.Get("format"), items)
}

// file answers with items as a file: csv, or lines of JSON.
func (v *visit) file(name, format string, items []attr.Map) (err error) {
	h := v.w.Header()
	if format == "csv" {
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		_, err = v.w.Write(appendCSV(items))
	} else {
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.jsonl"`)
		_, err = v.w.Write(appendLines(items))
	}
	return err
}

// exportSelection answers with a file of all items that the builder's form selects.
func (v *visit) exportSelection() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	form := v.r.URL.Query()
	index, ok := t.index(form.Get("index"))
	if !ok {
		return api.Errorf("ResourceNotFoundException", "There is no index %s", form.Get("index"))
	}
	s, err := newSelection(t, index, form)
	if err != nil {
		return err
	}
	s.start = nil
	var p itemPage
	for size, seen := 0, 0; ; seen = len(p.items) {
		if err := v.read(&p, &s, maxSearch); err != nil {
			return err
		}
		for _, m := range p.items[seen:] {
			size += m.Size()
		}
		if p.last == nil {
			return v.file(t.TableName.V+"-"+strings.ToLower(s.operation()), form.Get("format"), p.items)
		}
		if size > maxPart {
			return refusal{status: http.StatusRequestEntityTooLarge, key: "error.part"}
		}
		s.start = p.last
	}
}

func (v *visit) scanSegment(t *described, segment, of int64) (items []attr.Map, err error) {
	in := &ddb.ScanInput{TableName: t.TableName}
	if of > 1 {
		in.Segment, in.TotalSegments = api.Some(segment), api.Some(of)
	}
	for size := 0; ; {
		out, err := call[*ddb.ScanOutput](v, ddb.Target, "Scan", in)
		if err != nil {
			return nil, err
		}
		for _, it := range out.Items {
			m, err := it.Map()
			if err != nil {
				return nil, err
			}
			size += m.Size()
			items = append(items, m)
		}
		switch {
		case out.LastEvaluatedKey == nil:
			return items, nil
		case size > maxPart:
			return nil, refusal{status: http.StatusRequestEntityTooLarge, key: "error.part"}
		}
		next := *in
		next.ExclusiveStartKey = out.LastEvaluatedKey
		in = &next
	}
}

// appendLines writes the items as the service exports them: {"Item":{...}} a line.
func appendLines(items []attr.Map) []byte {
	var out []byte
	for _, item := range items {
		out = append(out, `{"Item":`...)
		out = item.AppendJSON(out)
		out = append(out, "}\n"...)
	}
	return out
}

// appendCSV writes a table with a column for each attribute and type: a:S for
// strings, a:N for numbers, and a:json for whatever else, with its type. An empty
// cell is no attribute, so an empty string is of the last kind too.
func appendCSV(items []attr.Map) []byte {
	var columns []string
	for _, item := range items {
		for _, a := range item {
			if name := column(a); !slices.Contains(columns, name) && len(columns) < maxCSV {
				columns = append(columns, name)
			}
		}
	}
	slices.Sort(columns)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(columns) // to memory
	row := make([]string, len(columns))
	for _, item := range items {
		clear(row)
		for _, a := range item {
			if at, ok := slices.BinarySearch(columns, column(a)); ok {
				row[at] = cell(a.Value)
			}
		}
		_ = w.Write(row)
	}
	w.Flush()
	return out.Bytes()
}

// maxCSV is how many columns a file has.
const maxCSV = 2000

func column(a attr.Attr) string {
	if isPlain(a.Value) {
		return a.Name + ":" + a.Value.Kind().String()
	}
	return a.Name + ":json"
}

// isPlain reports whether a value is in a cell as it is.
func isPlain(v attr.Value) bool {
	return v.Kind() == attr.KindN || v.Kind() == attr.KindS && v.Str() != ""
}

func cell(v attr.Value) string {
	if isPlain(v) {
		return valueText(v)
	}
	return string(v.AppendJSON(nil))
}
