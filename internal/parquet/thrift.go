package parquet

import "encoding/binary"

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// thrift encodes structs. Fields are given in ascending order of their ids.
type thrift struct {
	b    []byte
	last []int // the id of the last field, of each struct that is open
}

// begin begins a struct that is the value of a field, an element of a list, or the
// outermost.
func (t *thrift) begin() { t.last = append(t.last, 0) }

func (t *thrift) end() {
	t.b = append(t.b, 0)
	t.last = t.last[:len(t.last)-1]
}

func (t *thrift) field(id, kind int) {
	last := &t.last[len(t.last)-1]
	t.b = append(t.b, byte((id-*last)<<4|kind)) // ids are close to each other in all structs of Parquet
	*last = id
}

func (t *thrift) i32(id, value int) {
	t.field(id, thriftI32)
	t.int(int64(value))
}

func (t *thrift) i64(id int, value int64) {
	t.field(id, thriftI64)
	t.int(value)
}

func (t *thrift) truth(id int, value bool) {
	if value {
		t.field(id, thriftTrue)
	} else {
		t.field(id, thriftFalse)
	}
}

func (t *thrift) text(id int, value string) {
	t.field(id, thriftBinary)
	t.string(value)
}

// object begins a field that is a struct; end ends it.
func (t *thrift) object(id int) {
	t.field(id, thriftStruct)
	t.begin()
}

// list begins a field that is a list of n elements of a type, which follow.
func (t *thrift) list(id, kind, n int) {
	t.field(id, thriftList)
	if n < 15 {
		t.b = append(t.b, byte(n<<4|kind))
		return
	}
	t.b = binary.AppendUvarint(append(t.b, byte(0xf0|kind)), uint64(n))
}

// int appends the value of a field or an element that is a number.
func (t *thrift) int(value int64) { t.b = binary.AppendVarint(t.b, value) }

func (t *thrift) string(value string) {
	t.b = append(binary.AppendUvarint(t.b, uint64(len(value))), value...)
}
