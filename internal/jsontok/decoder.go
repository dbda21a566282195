package jsontok

import (
	"encoding/base64"
	"unicode/utf8"
)

// MaxDepth is the number of objects and arrays that may be open at once. An
// attribute value takes two per level, within a request's own few. A service allows
// 32 levels, and says what is wrong with a value of three times as many.
const MaxDepth = 256

// maxScratch is the largest unescaping buffer, in bytes, that a Decoder keeps
// from one document to the next.
const maxScratch = 64 << 10

// Kind is the type of a JSON value.
type Kind uint8

// The types of JSON values. Integer and Base64 are only ever a TypeError's Want.
const (
	Invalid Kind = iota // the end of the input, or no JSON value
	Object
	Array
	String
	Number
	Bool
	Null
	Integer
	Base64
)

// String returns the name of k in lower case.
func (k Kind) String() string {
	names := [...]string{"invalid", "object", "array", "string", "number", "boolean", "null", "integer", "base64"}
	if int(k) < len(names) {
		return names[k]
	}
	return "invalid"
}

// kinds tells the type of a value by its first byte.
var kinds = [256]Kind{
	'{': Object, '[': Array, '"': String, 't': Bool, 'f': Bool, 'n': Null, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// Decoder reads one JSON document. The zero Decoder reads the empty one, which
// is an error; call Reset first. It is not safe for concurrent use.
type Decoder struct {
	data  []byte
	pos   int
	depth int
	fresh bool // an object or array was entered and nothing of it read

	err   error
	noted error
	field int // where the last value stands of which Field told

	copy  string // the whole input, once Text or KeyText needed it
	last  int    // where in the input the last string read begins; -1 if it had escapes
	text  []byte // the last string that had escapes
	bytes []byte // the last decoded base64
}

// Reset makes d read data from its start and forgets all errors, unless data is
// not UTF-8, which is checked here: it is a syntax error wherever it stands. data
// MUST NOT change while d reads it.
func (d *Decoder) Reset(data []byte) {
	text, bytes := d.text, d.bytes
	if cap(text) > maxScratch {
		text = nil
	}
	if cap(bytes) > maxScratch {
		bytes = nil
	}
	*d = Decoder{data: data, text: text, bytes: bytes}
	if !utf8.Valid(data) {
		d.syntax(invalidUTF8(data), "not UTF-8")
	}
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(data []byte) int {
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// Offset returns how much of the input has been consumed.
func (d *Decoder) Offset() int { return d.pos }

// Kind returns the type of the next value and consumes nothing. It judges by the
// first byte alone.
func (d *Decoder) Kind() Kind {
	if d.err != nil {
		return Invalid
	}
	return kinds[d.peek()]
}

// Object enters an object; Key then steps through its members. It returns false,
// with the sticky error set, if the next value is none.
func (d *Decoder) Object() bool { return d.enter(Object) }

// Array enters an array; Elem then steps through its elements. It returns false,
// with the sticky error set, if the next value is none.
func (d *Decoder) Array() bool { return d.enter(Array) }

// Key reads the name of the next member of the object and leaves d before its
// value, which the caller MUST consume. ok is false once the object has ended,
// which consumes its closing brace, and after an error. key may alias the input
// and is valid until the next call.
func (d *Decoder) Key() (key []byte, ok bool) {
	if !d.step('}') {
		return nil, false
	}
	if d.peek() != '"' {
		d.syntax(d.pos, "a member name is missing")
		return nil, false
	}
	key = d.scanString()
	if d.err == nil && d.peek() != ':' {
		d.syntax(d.pos, "a colon is missing")
	}
	if d.err != nil {
		return nil, false
	}
	d.pos++
	return key, true
}

// KeyText is Key with the name as Text returns strings.
func (d *Decoder) KeyText() (key string, ok bool) {
	b, ok := d.Key()
	return d.share(b), ok
}

// Elem reports whether the array has another element, which the caller MUST then
// consume. At the end it consumes the closing bracket.
func (d *Decoder) Elem() bool { return d.step(']') }

// Bytes reads a string and returns it unescaped. The result may alias the input
// and is valid until the next call.
func (d *Decoder) Bytes() []byte {
	if !d.want(String) {
		return nil
	}
	return d.scanString()
}

// String reads a string.
func (d *Decoder) String() string { return string(d.Bytes()) }

// Text reads a string. Unlike those of String, the results of one document share
// the memory of one copy of it, so that many strings cost one allocation and each
// of them keeps the whole document alive.
func (d *Decoder) Text() string { return d.share(d.Bytes()) }

// share returns b, the last string read, as a part of d.copy.
func (d *Decoder) share(b []byte) string {
	if d.last < 0 || len(b) == 0 {
		return string(b)
	}
	if d.copy == "" {
		d.copy = string(d.data)
	}
	return d.copy[d.last : d.last+len(b)]
}

// standard refuses what no encoder writes: unused bits that are not zero.
var standard = base64.StdEncoding.Strict()

// Base64 reads a string of standard padded base64 and returns the bytes that it
// stands for, in a slice of their own. Other strings are a *TypeError.
func (d *Decoder) Base64() []byte {
	b := d.decodeBase64()
	if d.err != nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Base64String is Base64 with the bytes in a string.
func (d *Decoder) Base64String() string { return string(d.decodeBase64()) }

func (d *Decoder) decodeBase64() []byte {
	if got := d.Kind(); got != String && got != Invalid {
		d.Fail(&TypeError{Want: Base64, Got: got, Offset: d.pos})
	}
	if !d.want(String) {
		return nil
	}
	at := d.pos
	text := d.scanString()
	if d.err != nil {
		return nil
	}
	var err error
	if d.bytes, err = standard.AppendDecode(d.bytes[:0], text); err != nil {
		d.Fail(&TypeError{Want: Base64, Got: String, Offset: at})
		return nil
	}
	return d.bytes
}

// Bool reads a boolean.
func (d *Decoder) Bool() bool {
	if !d.want(Bool) {
		return false
	}
	if d.data[d.pos] == 't' {
		return d.literal("true")
	}
	d.literal("false")
	return false
}

// Null consumes a null if the next value is one, and reports whether it was.
func (d *Decoder) Null() bool {
	return d.Kind() == Null && d.literal("null")
}

// Raw consumes the next value and returns its text, which aliases the input. The
// text is checked to be JSON.
func (d *Decoder) Raw() []byte {
	d.peek()
	start := d.pos
	d.Skip()
	if d.err != nil {
		return nil
	}
	return d.data[start:d.pos:d.pos]
}

// Skip consumes the next value, whatever it is, and checks that it is JSON.
func (d *Decoder) Skip() {
	var objects [MaxDepth + 1]bool // by depth: is the open value an object?
	for base := d.depth; d.err == nil; {
		switch kind := d.Kind(); kind {
		case Object, Array:
			if d.enter(kind) {
				objects[d.depth] = kind == Object
			}
		default:
			d.skipScalar(kind)
		}
		// Go to the next value, out of all that end here.
		for d.depth > base && !d.more(objects[d.depth]) {
			if d.err != nil {
				return
			}
		}
		if d.depth == base {
			return
		}
	}
}

// more steps within an object or array and reports whether a value follows.
func (d *Decoder) more(object bool) bool {
	if object {
		_, ok := d.Key()
		return ok
	}
	return d.Elem()
}

func (d *Decoder) skipScalar(kind Kind) {
	switch kind {
	case String:
		d.scanString()
	case Number:
		d.scanNumber()
	case Bool:
		d.Bool()
	case Null:
		d.Null()
	default:
		d.want(Object) // no value at all: records the error
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *Decoder) peek() byte {
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		d.pos++
	}
	return 0
}

// want reports whether a value of that kind is next, and records the error if
// not.
func (d *Decoder) want(kind Kind) bool {
	if d.err != nil {
		return false
	}
	switch got := d.Kind(); got {
	case kind:
		return true
	case Invalid:
		d.syntax(d.pos, "a value is missing")
	default:
		d.err = &TypeError{Want: kind, Got: got, Offset: d.pos, Field: d.pos > 0 && d.field == d.pos}
	}
	return false
}

func (d *Decoder) enter(kind Kind) bool {
	if !d.want(kind) {
		return false
	}
	if d.depth == MaxDepth {
		d.syntax(d.pos, "nested too deeply")
		return false
	}
	d.depth++
	d.pos++
	d.fresh = true
	return true
}

// step moves to the next member or element, over the comma. It returns false at
// the closing byte, which it consumes, and on an error.
func (d *Decoder) step(closing byte) bool {
	if d.err != nil {
		return false
	}
	fresh := d.fresh
	d.fresh = false
	switch c := d.peek(); {
	case c == closing:
		d.pos++
		d.depth--
		return false
	case fresh:
		return true
	case c == ',':
		d.pos++
		return true
	}
	d.syntax(d.pos, "a comma or an end is missing")
	return false
}

// literal consumes one of the three literal names, the first byte of which is
// known to be next.
func (d *Decoder) literal(name string) bool {
	if end := d.pos + len(name); end <= len(d.data) && string(d.data[d.pos:end]) == name {
		d.pos = end
		return true
	}
	d.syntax(d.pos, "no value begins like this")
	return false
}
