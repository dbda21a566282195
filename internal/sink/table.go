package sink

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/parquet"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/pipeline/template"
)

const (
	// tableEnd ends the name of a Parquet file.
	tableEnd = ".parquet"
	// writing ends the name of a Parquet file that is being made of lines.
	writing = ".writing"
	// maxColumns is how many columns may be declared.
	maxColumns = 100
)

// Column is a column of a Parquet file: what is at a path in an event, if it is of the
// type, which is string, long, double or boolean.
type Column struct {
	Name string `yaml:"name"`
	Path string `yaml:"path"`
	Type string `yaml:"type"`
}

// fixed are the columns that each file has.
var fixed = []parquet.Column{
	{Name: "id", Type: parquet.String},
	{Name: "time", Type: parquet.Millis, Optional: true},
	{Name: "key", Type: parquet.String, Optional: true},
	{Name: "version", Type: parquet.Int64, Optional: true},
	{Name: "removed", Type: parquet.Bool},
	{Name: "data", Type: parquet.JSON},
}

var columnTypes = map[string]parquet.Type{"string": parquet.String, "long": parquet.Int64, "double": parquet.Double, "boolean": parquet.Bool}

// table makes Parquet files of lines, each with a row.
type table struct {
	columns []parquet.Column
	paths   []*template.Path // of the columns behind the fixed ones
}

func newTable(declared []Column) (*table, error) {
	t := &table{columns: slices.Clone(fixed)}
	if len(declared) > maxColumns {
		return nil, fmt.Errorf("there are %d columns, and may be %d", len(declared), maxColumns)
	}
	for _, c := range declared {
		kind, ok := columnTypes[c.Type]
		switch {
		case !ok:
			return nil, fmt.Errorf("the type of column %q must be string, long, double or boolean, not %q", c.Name, c.Type)
		case c.Name == "" || slices.ContainsFunc(t.columns, func(other parquet.Column) bool { return other.Name == c.Name }):
			return nil, fmt.Errorf("there is a column %q already, or it has no name", c.Name)
		}
		path, err := template.ParsePath(c.Path)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		t.columns = append(t.columns, parquet.Column{Name: c.Name, Type: kind, Optional: true})
		t.paths = append(t.paths, path)
	}
	return t, nil
}

const (
	// maxConversions is how many Parquet files may be in the making before nothing more
	// is taken.
	maxConversions = 2
	// tablePatience is how long events wait for that before they are left to the pipe:
	// a queue counts them as received then.
	tablePatience = 10 * time.Second
)

// conversions are the Parquet files that are being made. Its lock is taken alone, or
// with that of the sink.
type conversions struct {
	work   sync.WaitGroup
	mu     sync.Mutex
	under  int           // guarded by mu
	ended  chan struct{} // closed when one ends, if anybody waits; guarded by mu
	failed error         // of one that failed, until it is told; guarded by mu
}

// begin has a file made in the background. One that cannot be is left to the next
// start.
func (c *conversions) begin(make func() error) {
	c.mu.Lock()
	c.under++
	c.mu.Unlock()
	c.work.Go(func() {
		err := make()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.under--
		c.failed = errors.Join(c.failed, err)
		if c.ended != nil {
			close(c.ended)
			c.ended = nil
		}
	})
}

// admit tells, once, what failed. While too much is to be done it waits, and tells if
// it has waited for long enough.
func (c *conversions) admit(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, tablePatience, errors.New("too many Parquet files are still being made"))
	defer cancel()
	for {
		ended, err := c.look()
		if ended == nil {
			return err
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look tells, once, what failed, and returns what is closed when less is to be done; nil
// if it is little enough.
func (c *conversions) look() (ended <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		err, c.failed = fmt.Errorf("a Parquet file was not made: %w", c.failed), nil
		return nil, err
	case c.under < maxConversions:
		return nil, nil
	case c.ended == nil:
		c.ended = make(chan struct{})
	}
	return c.ended, nil
}

// wait waits for all, and tells what failed.
func (c *conversions) wait() error {
	c.work.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// row is a line on its way into a Parquet file.
type row struct {
	ID      string          `json:"id"`
	Time    *int64          `json:"time"`
	Key     *string         `json:"key"`
	Version *int64          `json:"version"`
	Removed bool            `json:"removed"`
	Data    json.RawMessage `json:"data"`
}

// maxNesting is how deeply JSON may nest for encoding/json to read it; it has more
// bytes then.
const maxNesting = 10_000

// appendRow appends the row of an event.
func appendRow(b []byte, e *pipeline.Event) []byte {
	begin := len(b)
	b = jsontok.AppendString(append(b, `{"id":`...), e.ID)
	if !e.Time.IsZero() {
		b = strconv.AppendInt(append(b, `,"time":`...), e.Time.UnixMilli(), 10)
	}
	if key := Key(e); key != "" {
		b = jsontok.AppendString(append(b, `,"key":`...), key)
	}
	if e.Change != nil {
		if e.Change.Version > 0 {
			b = strconv.AppendUint(append(b, `,"version":`...), e.Change.Version, 10)
		}
		b = strconv.AppendBool(append(b, `,"removed":`...), e.Change.Removed)
	}
	b = append(b, `,"data":`...)
	row := append(appendJSON(b, e.Data), '}')
	if len(e.Data) > maxNesting && !json.Valid(row[begin:]) { // it nests too deeply to be in a row
		row = append(jsontok.AppendString(b, string(e.Data)), '}')
	}
	return row
}

// convert makes a Parquet file of a file of lines, which is removed once the other has
// its name. If that was done before and only the removal was not, it is done now.
func (s *fileSink) convert(lines, name string) error {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		t := s.table
		if t == nil { // it is from before the format was another
			t, _ = newTable(nil)
		}
		err = t.make(lines, name)
	}
	if err != nil {
		return err
	}
	return os.Remove(lines)
}

// make makes the Parquet file, under its name only when it is whole and on the disk.
func (t *table) make(lines, name string) error {
	in, err := os.Open(lines)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(name + writing)
	if err != nil {
		return err
	}
	if err := errors.Join(t.write(in, out), out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	if err := os.Rename(out.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// write writes lines as rows.
func (t *table) write(from io.Reader, to io.Writer) error {
	out := bufio.NewWriterSize(to, 1<<20)
	w, err := parquet.NewWriter(out, t.columns)
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bufio.NewReaderSize(from, 1<<20)); ; {
		var r row
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if err := w.Write(t.values(&r)...); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), out.Flush())
}

// values returns the values of the columns of a row.
func (t *table) values(r *row) []any {
	data := strings.ToValidUTF8(string(r.Data), "\uFFFD") // or who reads the file may refuse all of it
	list := []any{r.ID, orNil(r.Time), orNil(r.Key), orNil(r.Version), r.Removed, data}
	e := template.NewEvent([]byte(data), "")
	for i, path := range t.paths {
		list = append(list, valueAt(e, path, t.columns[len(fixed)+i].Type))
	}
	return list
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// valueAt returns what is at a path of an event, nil if it is not there, null, or not
// of the type. Numbers and truths may be texts, as in the records of changes.
func valueAt(e *template.Event, path *template.Path, kind parquet.Type) any {
	text, ok := e.Text(path)
	if !ok {
		return nil
	}
	var v any = text
	var err error
	switch kind {
	case parquet.Int64:
		v, err = strconv.ParseInt(text, 10, 64)
	case parquet.Double:
		v, err = strconv.ParseFloat(text, 64)
	case parquet.Bool:
		v, err = strconv.ParseBool(text)
	}
	if err != nil {
		return nil
	}
	return v
}
