package parquet_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/parquet"
	"github.com/levee-io/levee/internal/parquet/parquettest"
)

var columns = []parquet.Column{
	{Name: "id", Type: parquet.String},
	{Name: "n", Type: parquet.Int64, Optional: true},
	{Name: "d", Type: parquet.Double, Optional: true},
	{Name: "b", Type: parquet.Bool},
	{Name: "ob", Type: parquet.Bool, Optional: true},
	{Name: "at", Type: parquet.Millis},
	{Name: "data", Type: parquet.JSON, Optional: true},
}

// written returns the file with some rows.
func written(t interface{ Fatal(...any) }, rows [][]any) []byte {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is read is what was written.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		maybe := func(name string, v any) any {
			if rapid.Bool().Draw(r, name) {
				return nil
			}
			return v
		}
		var want [][]any
		for range rapid.IntRange(0, 50).Draw(r, "rows") {
			want = append(want, []any{
				rapid.String().Draw(r, "id"), maybe("no n", rapid.Int64().Draw(r, "n")), maybe("no d", rapid.Float64().Draw(r, "d")), rapid.Bool().Draw(r, "b"),
				maybe("no ob", rapid.Bool().Draw(r, "ob")), rapid.Int64().Draw(r, "at"), maybe("no data", `{"a":1}`),
			})
		}
		if got := parquettest.Rows(t, written(r, want)); !reflect.DeepEqual(got, want) {
			r.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Many rows are in several groups of several pages.
func TestLarge(t *testing.T) {
	var want [][]any
	for i := range 70 {
		want = append(want, []any{fmt.Sprint(i), int64(i), nil, true, nil, int64(1), strings.Repeat(fmt.Sprint(i%10), 1<<20-i)})
	}
	for i := range 300_000 {
		want = append(want, []any{"", nil, float64(i), i%3 == 0, i%2 == 0, int64(i), nil})
	}
	file := written(t, want)
	if got := parquettest.Rows(t, file); !reflect.DeepEqual(got, want) {
		t.Error("other rows are read")
	}
	if groups := parquettest.Metadata(t, file)[4].([]any); len(groups) < 3 {
		t.Errorf("%d groups", len(groups))
	}
}

// A column says what its values are.
func TestSchema(t *testing.T) {
	schema := parquettest.Metadata(t, written(t, nil))[2].([]any)
	want := []parquettest.Fields{
		{4: "schema", 5: int64(7)},
		{1: int64(6), 3: int64(0), 4: "id", 6: int64(0), 10: parquettest.Fields{1: parquettest.Fields{}}},
		{1: int64(2), 3: int64(1), 4: "n"},
		{1: int64(5), 3: int64(1), 4: "d"},
		{1: int64(0), 3: int64(0), 4: "b"},
		{1: int64(0), 3: int64(1), 4: "ob"},
		{1: int64(2), 3: int64(0), 4: "at", 6: int64(9), 10: parquettest.Fields{8: parquettest.Fields{1: true, 2: parquettest.Fields{1: parquettest.Fields{}}}}},
		{1: int64(6), 3: int64(1), 4: "data", 6: int64(19), 10: parquettest.Fields{12: parquettest.Fields{}}},
	}
	for i := range want {
		if !reflect.DeepEqual(schema[i], want[i]) {
			t.Errorf("column %d is %v, want %v", i, schema[i], want[i])
		}
	}
}

func TestRefuses(t *testing.T) {
	if _, err := parquet.NewWriter(new(bytes.Buffer), nil); err == nil {
		t.Error("a file without columns")
	}
	for _, row := range [][]any{{"a"}, {nil, nil, nil, true, nil, int64(1), nil}, {"a", "b", nil, true, nil, int64(1), nil}, {"a", nil, nil, true, nil, 1, nil}} {
		w, err := parquet.NewWriter(new(bytes.Buffer), columns)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(row...); err == nil {
			t.Errorf("%v is taken", row)
		}
	}
	if w, err := parquet.NewWriter(short{}, columns); err == nil {
		t.Errorf("a file that cannot be written: %v", w)
	}
}

type short struct{}

func (short) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }
