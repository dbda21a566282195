package attr

import "github.com/levee-io/levee/internal/jsontok"

// Item is a set of attributes in whichever form it is at hand: decoded, or as the
// bytes of AppendMap, which go from the store to the wire without being decoded.
// The zero Item is no item, unlike one without attributes.
type Item struct {
	present bool
	encoded []byte // nil: attrs counts
	attrs   Map
}

// ItemOf returns the item of these attributes.
func ItemOf(m Map) Item { return Item{present: true, attrs: m} }

// EncodedItem returns the item that AppendMap encoded as enc, which MUST NOT change
// while the item is in use.
func EncodedItem(enc []byte) Item {
	if enc == nil {
		enc = []byte{}
	}
	return Item{present: true, encoded: enc}
}

// IsZero reports whether it is no item.
func (it Item) IsZero() bool { return !it.present }

// Map returns the attributes. The error says that the bytes of an encoded item are
// malformed.
func (it Item) Map() (Map, error) {
	if it.encoded == nil {
		return it.attrs, nil
	}
	return DecodeMap(it.encoded)
}

// JSONSize estimates how many bytes AppendJSON appends: of items of a few small
// attributes it is about right, of larger ones too much.
func (it Item) JSONSize() int {
	if it.encoded == nil {
		return it.attrs.Size() * 3 / 2
	}
	return len(it.encoded) * 3 / 2
}

// AppendJSON appends the item as a JSON object; null stands for the zero Item and
// for malformed bytes, which Map would tell.
func (it Item) AppendJSON(dst []byte) []byte {
	switch {
	case !it.present:
		return append(dst, "null"...)
	case it.encoded == nil:
		return it.attrs.AppendJSON(dst)
	}
	c := newCursor(it.encoded)
	out := c.appendAttrs(dst, c.mapHead(), 1)
	if c.err() != nil {
		return append(dst, "null"...)
	}
	return out
}

// appendAttrs transcodes that many attributes, whose values are at that depth.
func (c *cursor) appendAttrs(dst []byte, count, depth int) []byte {
	dst = append(dst, '{')
	for i := 0; i < count && !c.bad; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontok.AppendString(dst, c.text())
		dst = append(dst, ':')
		dst = c.appendValue(dst, depth)
	}
	return append(dst, '}')
}

func (c *cursor) appendValue(dst []byte, depth int) []byte {
	kind, count := c.head()
	if depth > decodeDepth {
		c.fail()
		return dst
	}
	dst = appendKind(dst, kind)
	switch kind {
	case KindS, KindN, KindB:
		dst = appendScalar(dst, kind, c.take(count))
	case KindBool:
		dst = appendBool(dst, count == 1)
	case KindNull:
		dst = appendBool(dst, true)
	case KindM:
		dst = c.appendAttrs(dst, count, depth+1)
	case KindSS, KindNS, KindBS, KindL:
		dst = c.appendElems(dst, kind, count, depth)
	}
	return append(dst, '}')
}

func (c *cursor) appendElems(dst []byte, kind Kind, count, depth int) []byte {
	dst = append(dst, '[')
	for i := 0; i < count && !c.bad; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		if kind == KindL {
			dst = c.appendValue(dst, depth+1)
		} else {
			dst = appendScalar(dst, kind.element(), c.text())
		}
	}
	return append(dst, ']')
}
