package attr

import "github.com/levee-io/levee/internal/jsontok"

// AppendJSON appends v in the form of the wire: {"S":"text"}, {"N":"12"}, ...
// Values of no kind are null.
func (v Value) AppendJSON(dst []byte) []byte { return appendJSON(dst, &v) }

// AppendJSON appends m as a JSON object of its values.
func (m Map) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontok.AppendString(dst, m[i].Name)
		dst = append(dst, ':')
		dst = appendJSON(dst, &m[i].Value)
	}
	return append(dst, '}')
}

func appendJSON(dst []byte, v *Value) []byte {
	if v.kind == KindNone {
		return append(dst, "null"...)
	}
	dst = appendKind(dst, v.kind)
	switch v.kind {
	case KindS, KindN, KindB:
		dst = appendScalar(dst, v.kind, v.text)
	case KindBool:
		dst = appendBool(dst, v.truth)
	case KindNull:
		dst = appendBool(dst, true)
	case KindM:
		dst = v.Map().AppendJSON(dst)
	default:
		dst = appendElems(dst, v.kind, v.Elems())
	}
	return append(dst, '}')
}

func appendElems(dst []byte, kind Kind, elems []Value) []byte {
	dst = append(dst, '[')
	for i := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		if kind == KindL {
			dst = appendJSON(dst, &elems[i])
		} else {
			dst = appendScalar(dst, elems[i].kind, elems[i].text)
		}
	}
	return append(dst, ']')
}

var kindPrefixes = [...]string{
	KindS: `{"S":`, KindN: `{"N":`, KindB: `{"B":`, KindBool: `{"BOOL":`, KindNull: `{"NULL":`,
	KindSS: `{"SS":`, KindNS: `{"NS":`, KindBS: `{"BS":`, KindL: `{"L":`, KindM: `{"M":`,
}

// appendKind begins a value; a closing brace ends it.
func appendKind(dst []byte, kind Kind) []byte { return append(dst, kindPrefixes[kind]...) }

func appendScalar[T string | []byte](dst []byte, kind Kind, text T) []byte {
	switch kind {
	case KindN:
		dst = append(dst, '"')
		dst = append(dst, text...)
		return append(dst, '"')
	case KindB:
		return jsontok.AppendBase64(dst, text)
	}
	return jsontok.AppendString(dst, text)
}

func appendBool(dst []byte, t bool) []byte {
	if t {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}
