package console

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

const (
	// batchItems is how many items BatchWriteItem takes.
	batchItems = 25
	// batchTries is how often what it has not processed is sent again.
	batchTries = 5
	// maxLine is the largest line of a file: an item of 400 KB whose JSON is escaped.
	maxLine = 4 << 20
)

// importItems writes the items of a file, as an export has them, over those of the
// same keys.
func (v *visit) importItems() error {
	t, err := v.table("transfer")
	if err != nil {
		return err
	}
	file, header, err := v.r.FormFile("file")
	if err != nil {
		return refusal{status: 400, key: "error.file"}
	}
	defer file.Close()
	var items []attr.Map
	if strings.HasSuffix(strings.ToLower(header.Filename), ".csv") {
		items, err = readCSV(file)
	} else {
		items, err = readLines(file)
	}
	written := 0
	if err == nil {
		written, err = v.writeItems(t, items)
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		v.problem = v.text("import.stopped", written, v.problem)
	}
	return v.showTransferOf(t, written)
}

// readLines reads a file of {"Item":{...}} a line, or of items alone.
func readLines(r io.Reader) (items []attr.Map, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		item, err := parseLine(line)
		if err != nil {
			return nil, api.Validation("line %d: %s", n, err)
		}
		items = append(items, item)
	}
	if err := lines.Err(); err != nil {
		return nil, api.Validation("%s", err)
	}
	return items, nil
}

func parseLine(line []byte) (attr.Map, error) {
	var d jsontok.Decoder
	d.Reset(line)
	if d.Object() {
		if key, ok := d.KeyText(); ok && key == "Item" {
			inner := string(d.Raw())
			if _, more := d.KeyText(); !more && d.End() == nil && !isValue(inner) {
				return parseItem(inner)
			}
		}
	}
	return parseItem(string(line))
}

// isValue tells an item alone, which has an attribute of the name Item, from an
// item in its envelope: a value has a type for its only member, and something else
// than an object with a type in that.
func isValue(text string) bool {
	if _, err := parseItem(text); err == nil {
		return false
	}
	_, err := parseValue(text)
	return err == nil
}

// readCSV reads a file with columns as appendCSV names them. A column without a
// type is of strings.
func readCSV(r io.Reader) (items []attr.Map, err error) {
	rows := csv.NewReader(r)
	columns, err := rows.Read()
	if err != nil {
		return nil, api.Validation("%s", err)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, api.Validation("%s", err)
		}
		item, err := readRow(columns, row)
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, api.Validation("line %d: %s", line, err)
		}
		items = append(items, item)
	}
}

func readRow(columns, row []string) (attr.Map, error) {
	var attrs []attr.Attr
	for i, text := range row {
		if text == "" {
			continue
		}
		name, kind := columns[i], "S"
		if at := strings.LastIndexByte(name, ':'); at > 0 {
			name, kind = name[:at], name[at+1:]
		}
		var value attr.Value
		var err error
		if kind == "json" {
			value, err = parseValue(text)
		} else {
			value, err = typedValue(kind, text)
		}
		if err != nil {
			return nil, api.Validation("%s: %s", columns[i], err)
		}
		attrs = append(attrs, attr.Attr{Name: name, Value: value})
	}
	return attr.NewMap(attrs), nil
}

// writeItems writes items in batches, and returns how many are written.
func (v *visit) writeItems(t *described, items []attr.Map) (written int, err error) {
	for len(items) > 0 {
		n := min(len(items), batchItems)
		if err := v.writeBatch(t, items[:n]); err != nil {
			return written, err
		}
		written += n
		items = items[n:]
	}
	return written, nil
}

func (v *visit) writeBatch(t *described, items []attr.Map) error {
	requests := make([]ddb.WriteRequest, len(items))
	for i, item := range items {
		requests[i].PutRequest = &ddb.PutRequest{Item: item}
	}
	batch := api.Map[[]ddb.WriteRequest]{{Key: t.TableName.V, Value: requests}}
	for range batchTries {
		out, err := call[*ddb.BatchWriteItemOutput](v, ddb.Target, "BatchWriteItem", &ddb.BatchWriteItemInput{RequestItems: batch})
		if err != nil || len(out.UnprocessedItems) == 0 {
			return err
		}
		batch = out.UnprocessedItems
	}
	return api.Errorf("ProvisionedThroughputExceededException", "The table takes no more now; import the file again later")
}
