package attr

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxName is the number of bytes that the name of an attribute may have, or that of a
// member of a map.
const MaxName = 1<<16 - 1

// MaxDepth is the number of levels to which a value may nest, the attribute's own
// value being the first.
const MaxDepth = 32

// Kind is the data type of a Value.
type Kind uint8

// The ten data types of an attribute value. The zero Kind is that of the zero
// Value, which stands for "no value". The numbers are stored (see Encoded form in
// the package comment) and MUST NOT change.
const (
	KindNone Kind = 0
	KindS    Kind = 1
	KindN    Kind = 2
	KindB    Kind = 3
	KindBool Kind = 4
	KindNull Kind = 5
	KindSS   Kind = 6
	KindNS   Kind = 7
	KindBS   Kind = 8
	KindL    Kind = 9
	KindM    Kind = 10
)

var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}

// String returns the type descriptor used on the wire: "S", "N", "BOOL", ...
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// element returns the type of the elements of a set type.
func (k Kind) element() Kind { return k - KindSS + KindS }

// Value is one immutable attribute value. The zero Value is no value at all.
// Copying a Value is cheap; its parts are shared and MUST NOT be changed. Compare
// values with Equal.
type Value struct {
	_     [0]func() // no ==
	kind  Kind
	truth bool   // KindBool
	text  string // KindS: UTF-8; KindB: the raw bytes; KindN: canonical decimal text
	parts *parts // of lists, sets and maps, where not empty
}

// parts are the contents of a Value that is not a scalar. They are set apart
// because most values are scalars.
type parts struct {
	elems []Value // KindL in order; sets sorted and distinct
	attrs Map     // KindM
}

// Refused returns no value, which says why it is none: what stands in a request for
// one that the service complains about later, if at all.
func Refused(why Error) Value { return Value{text: string(why)} }

// Refusal returns why v is no value, "" if it is one or nothing is known.
func (v Value) Refusal() Error {
	if v.kind != KindNone {
		return ""
	}
	return Error(v.text)
}

// Kind returns the data type of v.
func (v Value) Kind() Kind { return v.kind }

// IsZero reports whether v is no value.
func (v Value) IsZero() bool { return v.kind == KindNone }

// Str returns the text of a KindS value.
func (v Value) Str() string { return v.text }

// Binary returns the raw bytes of a KindB value.
func (v Value) Binary() string { return v.text }

// Num returns the number of a KindN value.
func (v Value) Num() Number { return Number{text: v.text} }

// Truth returns the truth of a KindBool value.
func (v Value) Truth() bool { return v.truth }

// Elems returns the elements of a list or set. Those of a set are values of the
// set's element type, sorted and distinct.
func (v Value) Elems() []Value {
	if v.parts == nil {
		return nil
	}
	return v.parts.elems
}

// Map returns the attributes of a KindM value.
func (v Value) Map() Map {
	if v.parts == nil {
		return nil
	}
	return v.parts.attrs
}

// S returns a string value.
func S(s string) Value { return Value{kind: KindS, text: s} }

// N returns a number value.
func N(n Number) Value { return Value{kind: KindN, text: n.text} }

// Float32 returns the number that a vector index answers with: the shortest that
// is f among those of 32 bits, with a point unless it has an exponent. Its text is
// not that of a Number, so it is good for answers only.
func Float32(f float32) Value {
	format := byte('f')
	if abs := math.Abs(float64(f)); abs != 0 && (abs < 1e-5 || abs >= 1e16) {
		format = 'e'
	}
	text := strconv.FormatFloat(float64(f), format, -1, 32)
	if format == 'f' && !strings.Contains(text, ".") {
		text += ".0"
	}
	return Value{kind: KindN, text: text}
}

// B returns a binary value of the bytes in b.
func B(b string) Value { return Value{kind: KindB, text: b} }

// Bool returns a boolean value.
func Bool(t bool) Value { return Value{kind: KindBool, truth: t} }

// Null returns the null value.
func Null() Value { return Value{kind: KindNull} }

// L returns a list that takes over elems.
func L(elems []Value) Value { return withElems(KindL, elems) }

// M returns a map value that takes over m.
func M(m Map) Value {
	if len(m) == 0 {
		return Value{kind: KindM}
	}
	return Value{kind: KindM, parts: &parts{attrs: m}}
}

// StringSet returns the set of the strings, of which equal ones count once.
func StringSet(strs []string) Value {
	elems := make([]Value, len(strs))
	for i, s := range strs {
		elems[i] = S(s)
	}
	return newSet(KindSS, elems)
}

// NumberSet returns the set of the numbers, of which equal ones count once.
func NumberSet(nums []Number) Value {
	elems := make([]Value, len(nums))
	for i, n := range nums {
		elems[i] = N(n)
	}
	return newSet(KindNS, elems)
}

// BinarySet returns the set of the binaries, of which equal ones count once.
func BinarySet(bins []string) Value {
	elems := make([]Value, len(bins))
	for i, b := range bins {
		elems[i] = B(b)
	}
	return newSet(KindBS, elems)
}

// newSet takes over elems, which are of the set's element type.
func newSet(kind Kind, elems []Value) Value {
	if !ascending(elems) {
		slices.SortFunc(elems, order)
		elems = slices.CompactFunc(elems, Value.Equal)
	}
	return withElems(kind, elems)
}

// ascending reports whether elems already has the order of a set.
func ascending(elems []Value) bool {
	for i := 1; i < len(elems); i++ {
		if order(elems[i-1], elems[i]) >= 0 {
			return false
		}
	}
	return true
}

func withElems(kind Kind, elems []Value) Value {
	if len(elems) == 0 {
		return Value{kind: kind}
	}
	return Value{kind: kind, parts: &parts{elems: elems}}
}

// Equal reports whether v and w are of the same type and have the same contents.
// The order counts in lists only.
func (v Value) Equal(w Value) bool {
	return v.kind == w.kind && v.truth == w.truth && v.text == w.text &&
		slices.EqualFunc(v.Elems(), w.Elems(), Value.Equal) && v.Map().Equal(w.Map())
}

// Compare orders two strings or binaries by their bytes, which for strings is the
// order of UTF-8, and two numbers by their value: -1 if a comes first, 0 if they
// are equal, 1 if b comes first. Any other pair has no order: ok is false.
func Compare(a, b Value) (c int, ok bool) {
	if a.kind != b.kind || a.kind < KindS || a.kind > KindB {
		return 0, false
	}
	return order(a, b), true
}

// order is Compare for values known to be of the same ordered type.
func order(a, b Value) int {
	if a.kind == KindN {
		return a.Num().Cmp(b.Num())
	}
	return strings.Compare(a.text, b.text)
}

// Depth returns the number of levels of v: 1 for scalars and sets, one more than
// the deepest of their contents for lists and maps. The service refuses values
// above MaxDepth; the readers do, but updates can build them.
func (v Value) Depth() int {
	deepest := 0
	if v.kind == KindL {
		for _, e := range v.Elems() {
			deepest = max(deepest, e.Depth())
		}
	}
	for _, a := range v.Map() {
		deepest = max(deepest, a.Value.Depth())
	}
	return 1 + deepest
}
