package dynamodb

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// maxImportLine is the length of the longest item in a source, as it is written
// there.
const maxImportLine = 4 << 20

// maxZstdWindow bounds the memory that reading a compressed object takes.
const maxZstdWindow = 64 << 20

var errLongItem = errors.New("an item of the source is too long")

// importReader reads the objects of one import.
type importReader struct {
	w *bulk
	v *view
	m *tableImport
}

// read reads one object. Where it is malformed, that is one error and the rest of
// the object is skipped. The error is one of the store.
func (r *importReader) read(object io.Reader) error {
	in, err := r.decompress(object)
	if err != nil {
		r.m.Errors++
		return nil
	}
	defer in.Close()
	source := &counted{r: in, total: &r.m.Bytes}
	if r.m.Request.InputFormat.V == ddb.InputFormatCsv {
		return r.readCSV(source)
	}
	return r.readJSON(source)
}

func (r *importReader) decompress(object io.Reader) (io.ReadCloser, error) {
	switch r.m.Request.InputCompressionType.V {
	case ddb.InputCompressionTypeGzip:
		return gzip.NewReader(object)
	case ddb.InputCompressionTypeZstd:
		in, err := zstd.NewReader(object, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
		return in.IOReadCloser(), nil
	}
	return io.NopCloser(object), nil
}

// counted counts what is read, and fails where one item does not end.
type counted struct {
	r     io.Reader
	total *int64
	item  int // bytes since the last item
}

func (c *counted) Read(p []byte) (int, error) {
	if c.item > maxImportLine {
		return 0, errLongItem
	}
	n, err := c.r.Read(p)
	*c.total += int64(n)
	c.item += n
	return n, err
}

// readJSON reads lines of DynamoDB JSON.
func (r *importReader) readJSON(source *counted) error {
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, maxImportLine)
	for lines.Scan() && lines.Err() == nil { // the last line may be cut off
		source.item = 0
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		item, err := parseItem(line)
		if err := r.add(item, err); err != nil {
			return err
		}
	}
	if lines.Err() != nil {
		r.m.Errors++
	}
	return nil
}

// parseItem reads {"Item": {...}}.
func parseItem(line []byte) (item attr.Map, err error) {
	var d jsontok.Decoder
	d.Reset(line)
	found := false
	if d.Object() {
		for {
			key, ok := d.Key()
			if !ok {
				break
			}
			if string(key) != "Item" {
				d.Skip()
				continue
			}
			item, found = attr.ReadMap(&d), true
		}
	}
	if err = errors.Join(d.End(), d.Noted()); err == nil && !found {
		err = errNoItem
	}
	return item, err
}

var errNoItem = errors.New("a line of the source has no Item")

// add writes an item, or counts what is wrong with it. The error is one of the
// store.
func (r *importReader) add(item attr.Map, err error) error {
	r.m.Processed++
	row, ok := r.check(item, err)
	if !ok {
		r.m.Errors++
		return nil
	}
	r.m.Imported++
	return r.w.set(row, attr.AppendMap(nil, item))
}

// check reports whether an item, if there is no error in it yet, fits the table,
// and where.
func (r *importReader) check(item attr.Map, err error) (row []byte, ok bool) {
	if err == nil {
		err = r.v.checkItemKey(item)
	}
	if err == nil {
		err = r.v.checkIndexKeys(item)
	}
	if err != nil || !r.v.fits(item, item.Size()) {
		return nil, false
	}
	return r.v.row(item), true
}

// readCSV reads records under a header, which is the first of them unless the
// request has one.
func (r *importReader) readCSV(source *counted) error {
	in := csv.NewReader(source)
	header := r.csvOptions(in)
	record, malformed := in.Read()
	if header == nil {
		header = record
		record, malformed = in.Read()
	}
	for ; malformed == nil; record, malformed = in.Read() {
		source.item = 0
		item, err := r.itemOf(header, record)
		if err := r.add(item, err); err != nil {
			return err
		}
	}
	if !errors.Is(malformed, io.EOF) {
		r.m.Errors++
	}
	return nil
}

// csvOptions sets how records are read, and returns the header of the request.
func (r *importReader) csvOptions(in *csv.Reader) (header []string) {
	in.FieldsPerRecord = -1
	options := r.m.Request.InputFormatOptions
	if options == nil || options.Csv == nil {
		return nil
	}
	if d := options.Csv.Delimiter; d.OK {
		in.Comma, _ = utf8.DecodeRuneInString(d.V)
	}
	return options.Csv.HeaderList
}

var errColumns = errors.New("a record does not match the header")

// itemOf returns the item of a record. Attributes of keys have their types, all
// others are strings.
func (r *importReader) itemOf(header, record []string) (attr.Map, error) {
	if len(record) != len(header) {
		return nil, errColumns
	}
	attrs := make([]attr.Attr, len(header))
	for i, name := range header {
		value, err := r.v.csvValue(name, record[i])
		if err != nil {
			return nil, err
		}
		attrs[i] = attr.Attr{Name: name, Value: value}
	}
	return attr.NewMap(attrs), nil
}

func (v *view) csvValue(name, text string) (attr.Value, error) {
	if i := definitions(v.Attributes).find(name); i >= 0 {
		switch v.Attributes[i].Kind {
		case attr.KindN:
			n, err := attr.ParseNumber(text)
			return attr.N(n), err
		case attr.KindB:
			b, err := base64.StdEncoding.DecodeString(text)
			return attr.B(string(b)), err
		}
	}
	if !utf8.ValidString(text) {
		return attr.Value{}, errColumns
	}
	return attr.S(text), nil
}
