package attr

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/jsontok"
)

// usualMembers is the number of attributes or elements up to which reading a map
// or list allocates once.
const usualMembers = 16

// ReadMap reads a JSON object of attribute values: an item, a key or the values of
// an expression. Of several members of one name the last one counts. What is wrong
// with the meaning of a value is noted with d as a *ValueError, and the value is
// then of no use; wrong JSON is d's sticky error.
//
// The result is nil after an error and not nil for an object without members.
//
// The strings of the result share one copy of the whole input of d, so values that
// outlive the request are better encoded, or copied with strings.Clone.
func ReadMap(d *jsontok.Decoder) Map { return reader{d: d}.attrs(0) }

// ReadPlaceholders is ReadMap for values that expressions refer to: their names are
// not those of attributes, and may be empty.
func ReadPlaceholders(d *jsontok.Decoder) Map { return reader{d: d, placeholders: true}.attrs(0) }

// ReadValue reads one attribute value, as ReadMap does.
func ReadValue(d *jsontok.Decoder) Value { return reader{d: d}.value(1) }

// reader reads the value of one attribute.
type reader struct {
	d   *jsontok.Decoder
	key string // see ValueError
	// placeholders tells that the names of the map being read are no attributes'.
	placeholders bool
}

func (r reader) note(err Error) { r.noteBoth(err, err) }

// noteBoth notes a complaint that the older layer words differently.
func (r reader) noteBoth(err, older Error) {
	if r.d.Err() == nil {
		r.d.Note(&ValueError{Key: r.key, Err: err, Older: older})
	}
}

// attrs reads the attributes of a map at that depth: 0 for an item.
func (r reader) attrs(depth int) Map {
	if !r.d.Object() {
		r.d.Name("map of AttributeValue")
		return nil
	}
	var few [usualMembers]Attr
	attrs := few[:0]
	before, unnamed := r.d.Noted(), false
	for {
		name, ok := r.d.KeyText()
		if !ok {
			break
		}
		if depth == 0 {
			r.key = name
		}
		unnamed = unnamed || name == ""
		if len(name) > MaxName && (depth > 0 || !r.placeholders) {
			r.note(ErrLongName)
		}
		attrs = append(attrs, Attr{Name: name, Value: r.value(depth + 1)})
	}
	if r.d.Err() != nil {
		return nil
	}
	if unnamed && (depth > 0 || !r.placeholders) {
		r.noteUnnamed(depth, before)
	}
	m := NewMap(attrs)
	return append(make(Map, 0, len(m)), m...)
}

// noteUnnamed notes an empty name in a map at that depth. That of an attribute comes
// before what is wrong with the values of its item; before is what was noted until
// then.
func (r reader) noteUnnamed(depth int, before error) {
	if depth == 0 {
		if r.key = ""; before == nil {
			r.d.Renote(nil)
		}
	}
	r.note(ErrEmptyName)
}

// noteTooDeep notes a value that nests too deeply, which comes before an empty name
// in a value.
func (r reader) noteTooDeep() {
	var bad *ValueError
	if errors.As(r.d.Noted(), &bad) && bad.Err == ErrEmptyName && bad.Key != "" {
		r.d.Renote(nil)
	}
	r.note(ErrTooDeep)
}

// value reads a value at that depth, 1 for that of an attribute itself.
func (r reader) value(depth int) Value {
	if depth > MaxDepth {
		r.noteTooDeep()
		r.d.Skip()
		return Value{}
	}
	if r.d.Null() {
		r.note(ErrEmptyValue)
		return Value{}
	}
	var v Value
	first := KindNone
	for more := r.d.Object(); more; {
		var name []byte
		if name, more = r.d.Key(); !more {
			break
		}
		kind := kindOf(name)
		switch {
		case r.d.Null():
			continue
		case kind == KindNone:
			r.d.Skip()
			continue
		case first != KindNone && first != kind:
			r.typed(kind, depth)
			r.note(ErrSeveralTypes)
			continue
		}
		first = kind
		v = r.typed(kind, depth)
	}
	if first == KindNone {
		r.note(ErrEmptyValue)
	}
	return v
}

func kindOf(descriptor []byte) Kind {
	switch string(descriptor) {
	case "S":
		return KindS
	case "N":
		return KindN
	case "B":
		return KindB
	case "BOOL":
		return KindBool
	case "NULL":
		return KindNull
	case "SS":
		return KindSS
	case "NS":
		return KindNS
	case "BS":
		return KindBS
	case "L":
		return KindL
	case "M":
		return KindM
	}
	return KindNone
}

// typed reads what stands behind a type descriptor.
func (r reader) typed(kind Kind, depth int) Value {
	switch kind {
	case KindS, KindN, KindB:
		return r.scalar(kind)
	case KindBool:
		return Bool(r.d.Bool())
	case KindNull:
		if !r.d.Bool() {
			r.note(ErrFalseNull)
		}
		return Null()
	case KindL:
		return r.list(depth)
	case KindM:
		return M(r.attrs(depth))
	}
	return r.set(kind)
}

func (r reader) scalar(kind Kind) Value {
	switch kind {
	case KindN:
		text := r.d.Text()
		n, err := ParseNumber(text)
		if err != nil {
			r.noteNumber(text, err)
		}
		return N(n)
	case KindB:
		return B(r.d.Base64String())
	}
	return S(r.d.Text())
}

// noteNumber notes what is wrong with the text of a number.
func (r reader) noteNumber(text string, err error) {
	var bad Error
	switch {
	case text == "":
		r.noteBoth(ErrNotNumeric+": ", ErrNotNumeric)
	case errors.As(err, &bad):
		r.noteBoth(bad, olderNumber(bad, text))
	}
}

// olderNumber is a complaint about a number in the words of the older layer, which
// counts the digits before the point in 32 bits, and cannot read a number with more
// in its exponent, or in its exponent and behind its point.
func olderNumber(bad Error, text string) Error {
	const largest = "2147483647"
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok {
		e, err := strconv.ParseInt(exponent, 10, 32)
		_, fraction, _ := strings.Cut(mantissa, ".")
		if scale := int64(len(fraction)) - e; err != nil || scale > math.MaxInt32 || scale < math.MinInt32 {
			return ErrNotNumeric + ": " + Error(text)
		}
	}
	if bad == ErrOverflow && strings.HasSuffix(strings.ToLower(strings.Replace(text, "+", "", 1)), "e"+largest) {
		return ErrUnderflow
	}
	return bad
}

func (r reader) list(depth int) Value {
	if !r.d.Array() {
		return Value{}
	}
	var few [usualMembers]Value
	elems := few[:0]
	for r.d.Elem() {
		elems = append(elems, r.value(depth+1))
	}
	return L(slices.Clone(elems))
}

func (r reader) set(kind Kind) Value {
	if !r.d.Array() {
		return Value{}
	}
	var few [usualMembers]Value
	elems := few[:0]
	for r.d.Elem() {
		elems = append(elems, r.scalar(kind.element()))
	}
	if r.d.Err() != nil {
		return Value{}
	}
	if len(elems) == 0 {
		r.note(emptySets[kind])
		return Value{}
	}
	v := newSet(kind, slices.Clone(elems))
	if len(v.Elems()) < len(elems) {
		r.noteBoth(duplicates(kind, elems), olderDuplicates(kind, elems))
	}
	return v
}

var emptySets = map[Kind]Error{KindSS: ErrEmptyStringSet, KindNS: ErrEmptyNumberSet, KindBS: ErrEmptyBinarySet}

// duplicates returns the complaint about a set in which values repeat. The service
// quotes the members in order up to the first one that repeats, then that one, then
// the others as they were sent; it names no numbers.
func duplicates(kind Kind, elems []Value) Error {
	if kind == KindNS {
		return invalidParameter + "Input collection contains duplicates."
	}
	first := 1
	for !slices.ContainsFunc(elems[:first], elems[first].Equal) {
		first++
	}
	sorted := slices.Clone(elems)
	slices.SortFunc(sorted[:first], order)
	separator, end := ", ", "] contains duplicates."
	if kind == KindBS {
		separator, end = ",", "]of type BS contains duplicates."
	}
	text := []byte(invalidParameter + "Input collection [")
	for i, e := range sorted {
		if i > 0 {
			text = append(text, separator...)
		}
		text = append(append(append(text, '"'), memberText(kind, e)...), '"')
	}
	return Error(append(text, end...))
}

// olderDuplicates is duplicates in the words of the older layer.
func olderDuplicates(kind Kind, elems []Value) Error {
	if kind == KindNS {
		return "Input collection contains duplicates"
	}
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = memberText(kind, e)
	}
	end := "] contains duplicates."
	if kind == KindBS {
		end = "]of type BS contains duplicates."
	}
	return Error(invalidParameter + "Input collection [" + strings.Join(texts, ", ") + end)
}

// memberText returns a member of a set as the service names it.
func memberText(kind Kind, v Value) string {
	if kind == KindBS {
		return base64.StdEncoding.EncodeToString([]byte(v.text))
	}
	return v.text
}
