package sink_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/parquet/parquettest"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

// openTable opens a sink of Parquet files.
func openTable(t *testing.T, dir string) *sink.Set {
	t.Helper()
	set, err := sink.Read(strings.NewReader(fmt.Sprintf(`s: {files: {dir: %q, partition: day, format: parquet, columns: [
		{name: total, path: $.total, type: double}, {name: n, path: $.n.N, type: long}, {name: ok, path: $.ok, type: boolean}, {name: who, path: $.who, type: string}]}}`, dir)), sink.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// tableRows returns the rows of the one Parquet file of a directory, and the names of
// all files in it.
func tableRows(t *testing.T, dir string) (rows [][]any, names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(rel))
		if filepath.Ext(path) == ".parquet" {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rows = append(rows, parquettest.Rows(t, text)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, names
}

// A Parquet file has a row for each event, with what is declared, and is there once it
// is whole.
func TestParquet(t *testing.T) {
	dir := t.TempDir()
	set := openTable(t, dir)
	c := change(t, 7, `{"id":{"S":"a"}}`, "")
	c.Time = at("2024-05-06T07:08:09.010Z", "").Time
	list := []*pipeline.Event{
		c, at("2024-05-06T23:59:59Z", `{"total":1.5,"n":{"N":"12"},"ok":true,"who":"x"}`),
		at("2024-05-06T23:59:59Z", `{"total":"much","n":{"N":1.5},"ok":null}`), at("2024-05-06T23:59:59Z", "text"),
	}
	list[1].Group = "g"
	if errs := set.Sink("s").Put(t.Context(), list, true); errs != nil {
		t.Fatal(errs)
	}
	if rows, names := tableRows(t, dir); rows != nil || len(names) != 1 || !strings.HasSuffix(names[0], ".parquet.unfinished") {
		t.Errorf("before the end: %v, %v", names, rows)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	rows, names := tableRows(t, dir)
	night := int64(1715039999000)
	want := [][]any{
		{"e7", int64(1714979289010), "a", int64(7), true, `{"raw":1}`, nil, nil, nil, nil},
		{list[1].ID, night, "g", nil, false, list[1].ID, 1.5, int64(12), true, "x"},
		{list[2].ID, night, nil, nil, false, list[2].ID, nil, nil, nil, nil},
		{"text", night, nil, nil, false, `"text"`, nil, nil, nil, nil},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows %v", rows)
	}
	if len(names) != 1 || !strings.HasPrefix(names[0], "year=2024/month=05/day=06/") {
		t.Errorf("files %v", names)
	}
}

// What nests as deeply as JSON may by itself, and so not within a row, is a row too,
// and so is what is no UTF-8.
func TestParquetNesting(t *testing.T) {
	dir := t.TempDir()
	set := openTable(t, dir)
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	var list []*pipeline.Event
	for _, data := range []string{deep, "{}", "[\"\xff\"]"} {
		list = append(list, at("2024-05-06T23:59:59Z", data))
	}
	if errs := set.Sink("s").Put(t.Context(), list, true); errs != nil {
		t.Fatal(errs)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	rows, _ := tableRows(t, dir)
	if len(rows) != 3 || rows[0][5] != `"`+deep+`"` || rows[1][5] != "{}" || rows[2][5] != "[\"\uFFFD\"]" {
		t.Errorf("%d rows, the last one %q", len(rows), rows[len(rows)-1])
	}
}

// After a crash at any moment each row that was taken is in one file that is whole.
func TestParquetCrash(t *testing.T) {
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const line = `{"id":"a","data":1}` + "\n"
	var whole []byte
	for _, c := range []struct {
		name    string
		prepare func(dir string)
	}{
		{"in a line", func(dir string) { write(filepath.Join(dir, "x.parquet.unfinished"), line+`{"id":"b","da`) }},
		{"in the Parquet file", func(dir string) {
			write(filepath.Join(dir, "x.parquet.unfinished"), line)
			write(filepath.Join(dir, "x.parquet.writing"), "PAR1")
		}},
		{"before the lines are removed", func(dir string) {
			write(filepath.Join(dir, "x.parquet.unfinished"), line)
			write(filepath.Join(dir, "x.parquet"), string(whole))
		}},
	} {
		dir := t.TempDir()
		c.prepare(dir)
		if err := openTable(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
		rows, names := tableRows(t, dir)
		if len(rows) != 1 || rows[0][0] != "a" || !reflect.DeepEqual(names, []string{"x.parquet"}) {
			t.Errorf("%s: %v in %v", c.name, rows, names)
		}
		whole, _ = os.ReadFile(filepath.Join(dir, "x.parquet"))
	}
}

// Events wait for Parquet files that are still being made, but not for long: a queue
// would count them as failed.
func TestParquetBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := openTable(t, t.TempDir())
		list := []*pipeline.Event{at("2024-05-06T07:08:09Z", "1")}
		begun, end := time.Now(), sink.Busy(set.Sink("s"))
		if errs := set.Sink("s").Put(t.Context(), list, true); errs == nil || time.Since(begun) != 10*time.Second {
			t.Errorf("%v after %v", errs, time.Since(begun))
		}
		time.AfterFunc(time.Second, end)
		if errs := set.Sink("s").Put(t.Context(), list, true); errs != nil || time.Since(begun) != 11*time.Second {
			t.Errorf("%v after %v", errs, time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		end = sink.Busy(set.Sink("s"))
		cancel()
		if errs := set.Sink("s").Put(ctx, list, true); errs == nil || time.Since(begun) != 11*time.Second {
			t.Errorf("when the pipe ends: %v after %v", errs, time.Since(begun))
		}
		end()
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What cannot be made a Parquet file is told, and made one at the next start.
func TestParquetFails(t *testing.T) {
	dir := t.TempDir()
	set := openTable(t, dir)
	list := []*pipeline.Event{at("2024-05-06T07:08:09Z", "1")}
	if errs := set.Sink("s").Put(t.Context(), list, true); errs != nil {
		t.Fatal(errs)
	}
	_, names := tableRows(t, dir)
	blocked := filepath.Join(dir, strings.TrimSuffix(names[0], ".unfinished")+".writing")
	if err := os.Mkdir(blocked, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := set.Close(); err == nil {
		t.Error("nothing is told")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if err := openTable(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	if rows, _ := tableRows(t, dir); len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
}
