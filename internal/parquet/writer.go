package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// groupBytes is the size from which on a row group is complete, without
	// compression.
	groupBytes = 32 << 20
	magic      = "PAR1"
)

// Writer writes a file. It is for one goroutine, and done for after an error.
type Writer struct {
	to      io.Writer
	enc     *zstd.Encoder
	columns []Column
	chunks  []*chunk // of the row group that is being filled
	size    int      // of its pages that are not complete, and of those that are
	offset  int64    // in the file
	rows    int64    // of the groups that are complete
	groups  []group
}

// group is a row group that was written.
type group struct {
	chunks  []*chunk // without what is in the file
	offsets []int64
	rows    int64
}

// NewWriter begins a file. There is at least one column, and their names differ.
func NewWriter(to io.Writer, columns []Column) (*Writer, error) {
	if len(columns) == 0 {
		return nil, errors.New("parquet: no columns")
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	w := &Writer{to: to, enc: enc, columns: columns}
	w.newGroup()
	return w, w.write([]byte(magic))
}

func (w *Writer) newGroup() {
	w.chunks, w.size = make([]*chunk, len(w.columns)), 0
	for i, c := range w.columns {
		w.chunks[i] = &chunk{column: c}
	}
}

func (w *Writer) write(b []byte) error {
	n, err := w.to.Write(b)
	w.offset += int64(n)
	return err
}

// Write adds a row: a value for each column, nil for none.
func (w *Writer) Write(row ...any) error {
	if len(row) != len(w.columns) {
		return fmt.Errorf("parquet: %d values for %d columns", len(row), len(w.columns))
	}
	for i, value := range row {
		c := w.chunks[i]
		before := len(c.values)
		if err := c.add(value); err != nil {
			return err
		}
		if w.size += len(c.values) - before; len(c.values)+len(c.present) >= pageBytes {
			c.endPage(w.enc)
		}
	}
	if w.size >= groupBytes {
		return w.endGroup()
	}
	return nil
}

// endGroup writes the row group.
func (w *Writer) endGroup() error {
	g := group{}
	for _, c := range w.chunks {
		c.endPage(w.enc)
		g.offsets = append(g.offsets, w.offset)
		if err := w.write(c.pages); err != nil {
			return err
		}
		c.pages, c.values, c.present = nil, nil, nil
		g.chunks, g.rows = append(g.chunks, c), c.rows
	}
	if g.rows > 0 {
		w.groups, w.rows = append(w.groups, g), w.rows+g.rows
	}
	w.newGroup()
	return nil
}

// Close ends the file, which is not one before.
func (w *Writer) Close() error {
	if err := w.endGroup(); err != nil {
		return err
	}
	meta := w.describe()
	meta = binary.LittleEndian.AppendUint32(meta, uint32(len(meta)))
	return errors.Join(w.write(append(meta, magic...)), w.enc.Close())
}

// describe returns the FileMetaData.
func (w *Writer) describe() []byte {
	t := new(thrift)
	t.begin()
	t.i32(1, 1) // the version of the format
	t.list(2, thriftStruct, len(w.columns)+1)
	t.begin()
	t.text(4, "schema")
	t.i32(5, len(w.columns))
	t.end()
	for i := range w.columns {
		w.columns[i].describe(t)
	}
	t.i64(3, w.rows)
	t.list(4, thriftStruct, len(w.groups))
	for _, g := range w.groups {
		g.describe(t)
	}
	t.text(6, "levee")
	t.end()
	return t.b
}

// describe appends the RowGroup of a group.
func (g *group) describe(t *thrift) {
	var raw int64
	for _, c := range g.chunks {
		raw += c.raw
	}
	t.begin()
	t.list(1, thriftStruct, len(g.chunks))
	for i, c := range g.chunks {
		c.describe(t, g.offsets[i])
	}
	t.i64(2, raw)
	t.i64(3, g.rows)
	t.end()
}
