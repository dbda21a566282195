package dynamodb

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// FuzzImport reads any object as the items of a table: as lines of JSON and as CSV
// with any delimiter, plain and compressed.
func FuzzImport(f *testing.F) {
	f.Add([]byte("{\"Item\":{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}}}\n{\"Item\":{\"a\":{\"B\":\"AQ==\"}}}\n\n{"), ",")
	f.Add([]byte("a,b,n\nx,1,2\n\"y\"\"\",2\n"), ",")
	f.Add([]byte("a;b\n\xff;1\n"), ";")
	f.Add([]byte{0x1f, 0x8b, 8, 0}, "\t")
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 4, 0}, "")
	v := &view{descriptor: &descriptor{
		Name: "abc", Key: keySchema{Hash: []keyAttr{{Name: "a", Kind: attr.KindS}}, Range: []keyAttr{{Name: "b", Kind: attr.KindN}}},
		Attributes: []keyAttr{{Name: "a", Kind: attr.KindS}, {Name: "b", Kind: attr.KindN}},
	}}
	f.Fuzz(func(t *testing.T, object []byte, delimiter string) {
		r := &importReader{v: v, m: &tableImport{}}
		for _, compression := range []string{ddb.InputCompressionTypeNone, ddb.InputCompressionTypeGzip, ddb.InputCompressionTypeZstd} {
			r.m.Request.InputCompressionType.V = compression
			if in, err := r.decompress(bytes.NewReader(object)); err == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(in, maxImportLine))
				in.Close()
			}
		}
		for lines := bufio.NewScanner(bytes.NewReader(object)); lines.Scan(); {
			item, err := parseItem(lines.Bytes())
			if row, ok := r.check(item, err); ok && len(row) == 0 {
				t.Errorf("no row of %q", lines.Bytes())
			}
		}
		in := csv.NewReader(bytes.NewReader(object))
		in.FieldsPerRecord = -1
		in.Comma, _ = utf8.DecodeRuneInString(delimiter)
		header, err := in.Read()
		for record := header; err == nil; record, err = in.Read() {
			item, bad := r.itemOf(header, record)
			r.check(item, bad)
		}
	})
}

// FuzzSearchBody checks any body as that of a search. What is refused is refused
// with a place in it.
func FuzzSearchBody(f *testing.F) {
	f.Add([]byte(`{"TableName":"abc","IndexName":"near","SearchVector":[{"N":"1"}],"TopK":1}`))
	f.Add([]byte(`{"TableName":null,"TopK":1.5}`))
	f.Add([]byte("{\n\"TopK\":[]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkSearchBody(body); err != nil && !strings.Contains(err.Error(), " at line ") {
			t.Errorf("%q: %v", body, err)
		}
	})
}
