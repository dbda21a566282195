package attr

// Kind is the data type of a Value.
type Kind uint8

// The ten data types of an attribute value. The zero Kind is that of the zero
// Value, which stands for "no value".
const (
	KindNone Kind = iota
	KindS
	KindN
	KindB
	KindBool
	KindNull
	KindSS
	KindNS
	KindBS
	KindL
	KindM
)

// String returns the type descriptor used on the wire: "S", "N", "BOOL", ...
func (k Kind) String() string {
	names := [...]string{"", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}
	if int(k) < len(names) {
		return names[k]
	}
	return ""
}

// Value is one immutable attribute value. The zero Value is no value at all.
// Copying a Value is cheap; its parts are shared and MUST NOT be changed.
type Value struct {
	kind  Kind
	truth bool    // KindBool
	text  string  // KindS: UTF-8; KindB: the raw bytes; KindN: canonical decimal text
	elems []Value // KindL in order; sets sorted and distinct
	attrs Map     // KindM
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
func (v Value) Elems() []Value { return v.elems }

// Map returns the attributes of a KindM value.
func (v Value) Map() Map { return v.attrs }

// Constructors. Those of sets sort; they assume that the elements are distinct
// and of the right type, as the JSON reader checks.

// S returns a string value.
func S(s string) Value { return Value{kind: KindS, text: s} }

// N returns a number value.
func N(n Number) Value { return Value{kind: KindN, text: n.text} }

// B returns a binary value of the bytes in b.
func B(b string) Value { return Value{kind: KindB, text: b} }

// Bool returns a boolean value.
func Bool(t bool) Value { return Value{kind: KindBool, truth: t} }

// Null returns the null value.
func Null() Value { return Value{kind: KindNull} }

// L returns a list that takes over elems.
func L(elems []Value) Value { return Value{kind: KindL, elems: elems} }

// M returns a map value that takes over m.
func M(m Map) Value { return Value{kind: KindM, attrs: m} }

// Attr is one named attribute.
type Attr struct {
	Name  string
	Value Value
}

// Map is a set of attributes sorted by name (byte order), each name once. It is
// the form of an item, of a key and of a KindM value. Lookups are binary
// searches. A Map is shared freely and MUST NOT be changed in place by anyone
// but the one who made it; With and Without return changed copies.
type Map []Attr
