package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Type is what the values of a column are.
type Type int

// The types, and the values of Go that they take.
const (
	String Type = iota // string
	JSON               // string
	Int64              // int64
	Double             // float64
	Bool               // bool
	Millis             // int64: milliseconds since 1970
)

// Column is a column of a table.
type Column struct {
	Name     string
	Type     Type
	Optional bool // values may be nil
}

// Physical types, converted types and ids of logical types of the format.
const (
	physicalBool   = 0
	physicalInt64  = 2
	physicalDouble = 5
	physicalBytes  = 6

	convertedUTF8   = 0
	convertedMillis = 9
	convertedJSON   = 19

	logicalString    = 1
	logicalTimestamp = 8
	logicalJSON      = 12
)

func (c *Column) physical() int {
	switch c.Type {
	case Int64, Millis:
		return physicalInt64
	case Double:
		return physicalDouble
	case Bool:
		return physicalBool
	}
	return physicalBytes
}

// describe appends the SchemaElement of a column.
func (c *Column) describe(t *thrift) {
	t.begin()
	t.i32(1, c.physical())
	repetition := 0 // required
	if c.Optional {
		repetition = 1
	}
	t.i32(3, repetition)
	t.text(4, c.Name)
	switch c.Type {
	case String:
		t.i32(6, convertedUTF8)
		t.object(10)
		t.object(logicalString)
		t.end()
		t.end()
	case JSON:
		t.i32(6, convertedJSON)
		t.object(10)
		t.object(logicalJSON)
		t.end()
		t.end()
	case Millis:
		t.i32(6, convertedMillis)
		t.object(10)
		t.object(logicalTimestamp)
		t.truth(1, true) // UTC
		t.object(2)
		t.object(1) // milliseconds
		t.end()
		t.end()
		t.end()
		t.end()
	}
	t.end()
}

const (
	encodingPlain = 0
	encodingRLE   = 3
	codecZstd     = 6
	// pageBytes is the size from which on a page is complete.
	pageBytes = 1 << 20
)

// chunk is the values of a column in a row group.
type chunk struct {
	column Column
	pages  []byte // complete ones, until they are written
	packed int64  // their size
	raw    int64  // their size without compression
	rows   int64

	// The page that is being filled.
	values  []byte
	present []byte // of an optional column: 1 for each value, 0 for each nil
	count   int
	bits    int // of a Bool: how many values there are
}

// add adds a value.
func (c *chunk) add(value any) error {
	c.count++
	if c.column.Optional {
		if value == nil {
			c.present = append(c.present, 0)
			return nil
		}
		c.present = append(c.present, 1)
	}
	switch v := value.(type) {
	case string:
		if c.column.physical() == physicalBytes {
			c.values = append(binary.LittleEndian.AppendUint32(c.values, uint32(len(v))), v...)
			return nil
		}
	case int64:
		if c.column.physical() == physicalInt64 {
			c.values = binary.LittleEndian.AppendUint64(c.values, uint64(v))
			return nil
		}
	case float64:
		if c.column.physical() == physicalDouble {
			c.values = binary.LittleEndian.AppendUint64(c.values, math.Float64bits(v))
			return nil
		}
	case bool:
		if c.column.physical() == physicalBool {
			c.addBit(v)
			return nil
		}
	}
	return fmt.Errorf("parquet: column %s does not take %T", c.column.Name, value)
}

// addBit adds a Bool: a bit, from the lowest of each byte up.
func (c *chunk) addBit(v bool) {
	if c.bits%8 == 0 {
		c.values = append(c.values, 0)
	}
	if v {
		c.values[len(c.values)-1] |= 1 << (c.bits % 8)
	}
	c.bits++
}

// endPage completes the page.
func (c *chunk) endPage(enc *zstd.Encoder) {
	if c.count == 0 {
		return
	}
	body := c.values
	if c.column.Optional {
		body = append(levels(c.present), c.values...)
	}
	packed := enc.EncodeAll(body, nil)
	t := new(thrift)
	t.begin()
	t.i32(1, 0) // a data page
	t.i32(2, len(body))
	t.i32(3, len(packed))
	t.object(5)
	t.i32(1, c.count)
	t.i32(2, encodingPlain)
	t.i32(3, encodingRLE)
	t.i32(4, encodingRLE)
	t.end()
	t.end()
	c.pages = append(append(c.pages, t.b...), packed...)
	c.packed += int64(len(t.b) + len(packed))
	c.raw += int64(len(t.b) + len(body))
	c.rows += int64(c.count)
	c.values, c.present, c.count, c.bits = c.values[:0], c.present[:0], 0, 0
}

// levels encodes which values are there, in runs, behind its length.
func levels(present []byte) []byte {
	b := make([]byte, 4)
	for i := 0; i < len(present); {
		n := i
		for n < len(present) && present[n] == present[i] {
			n++
		}
		b = append(binary.AppendUvarint(b, uint64(n-i)<<1), present[i])
		i = n
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// describe appends the ColumnChunk of a chunk that begins at an offset.
func (c *chunk) describe(t *thrift, offset int64) {
	t.begin()
	t.i64(2, 0) // where a copy of the rest would be
	t.object(3)
	t.i32(1, c.column.physical())
	t.list(2, thriftI32, 2)
	t.int(encodingPlain)
	t.int(encodingRLE)
	t.list(3, thriftBinary, 1)
	t.string(c.column.Name)
	t.i32(4, codecZstd)
	t.i64(5, c.rows)
	t.i64(6, c.raw)
	t.i64(7, c.packed)
	t.i64(9, offset)
	t.end()
	t.end()
}
