package attr

import "errors"

// decodeDepth bounds the recursion over encoded bytes. Values of MaxDepth nested
// in one another by an update fit.
const decodeDepth = 2 * MaxDepth

var errBadEncoding = errors.New("attr: malformed encoded attributes")

// cursor reads the encoded form. It never trusts a length: once anything is amiss
// it is bad, at its end, and returns nothing more.
type cursor struct {
	b   []byte
	pos int
	bad bool
}

// newCursor returns a cursor behind the version byte.
func newCursor(enc []byte) cursor {
	if len(enc) == 0 || enc[0] != formatVersion {
		return cursor{bad: true}
	}
	return cursor{b: enc, pos: 1}
}

func (c *cursor) fail() {
	c.bad = true
	c.pos = len(c.b)
}

// err returns the error of a walk that should have ended at the end of the bytes.
func (c *cursor) err() error {
	if c.bad || c.pos != len(c.b) {
		return errBadEncoding
	}
	return nil
}

// head reads the head of a value. A count is that of bytes, elements or attributes
// to follow, each of which takes at least a byte, so it is at most the number of
// bytes left; or the truth of a boolean.
func (c *cursor) head() (Kind, int) {
	if c.pos >= len(c.b) {
		c.fail()
		return KindNone, 0
	}
	h := c.b[c.pos]
	c.pos++
	kind, count := Kind(h&(1<<kindBits-1)), int(h>>kindBits)
	if count == inlineCounts {
		if count = c.uvarint(); count < inlineCounts {
			c.fail()
		}
	}
	switch kind {
	case KindBool:
		if count > 1 {
			c.fail()
		}
	case KindNull:
		if count > 0 {
			c.fail()
		}
	case KindS, KindN, KindB, KindSS, KindNS, KindBS, KindL, KindM:
		if count > len(c.b)-c.pos {
			c.fail()
		}
	default:
		c.fail()
	}
	if c.bad {
		return KindNone, 0
	}
	return kind, count
}

// uvarint reads a number of up to four bytes in its shortest form, which is
// enough: no item has 256 MB.
func (c *cursor) uvarint() int {
	n := 0
	for shift := 0; shift < 28 && c.pos < len(c.b); shift += 7 {
		b := c.b[c.pos]
		c.pos++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && shift > 0 {
				break
			}
			return n
		}
	}
	c.fail()
	return 0
}

// take consumes n bytes.
func (c *cursor) take(n int) []byte {
	if n > len(c.b)-c.pos {
		c.fail()
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos]
}

// text consumes a name or an element of a set.
func (c *cursor) text() []byte { return c.take(c.uvarint()) }

// skip consumes a value.
func (c *cursor) skip(depth int) {
	kind, count := c.head()
	if depth > decodeDepth {
		c.fail()
	}
	switch kind {
	case KindS, KindN, KindB:
		c.take(count)
	case KindSS, KindNS, KindBS:
		for ; count > 0 && !c.bad; count-- {
			c.text()
		}
	case KindL, KindM:
		for ; count > 0 && !c.bad; count-- {
			if kind == KindM {
				c.text()
			}
			c.skip(depth + 1)
		}
	}
}

// mapHead reads the head of the outermost map.
func (c *cursor) mapHead() int {
	kind, count := c.head()
	if kind != KindM {
		c.fail()
		return 0
	}
	return count
}

// SizeEncoded is Map.Size of an encoded map, without decoding it.
func SizeEncoded(enc []byte) (int, error) {
	c := newCursor(enc)
	size := c.size(0) - documentSize
	if err := c.err(); err != nil {
		return 0, err
	}
	return size, nil
}

// size consumes a value and returns its size; what counts as a map at depth 0 is
// the item, the members of which have no overhead.
func (c *cursor) size(depth int) int {
	kind, count := c.head()
	if depth > decodeDepth || depth == 0 && kind != KindM {
		c.fail()
	}
	size := 0
	switch kind {
	case KindS, KindB:
		return len(c.take(count))
	case KindN:
		return numberSize(c.take(count))
	case KindBool, KindNull:
		return flagSize
	case KindSS, KindBS:
		for ; count > 0 && !c.bad; count-- {
			size += len(c.text())
		}
	case KindNS:
		for ; count > 0 && !c.bad; count-- {
			size += numberSize(c.text())
		}
	case KindL, KindM:
		size += documentSize
		for ; count > 0 && !c.bad; count-- {
			if kind == KindM {
				size += len(c.text())
			}
			if depth > 0 {
				size += perMemberSize
			}
			size += c.size(depth + 1)
		}
	}
	return size
}

// LookupEncoded returns the value of one attribute of an encoded map, and whether
// there is one, and decodes no other.
func LookupEncoded(enc []byte, name string) (v Value, ok bool, err error) {
	c := newCursor(enc)
	for count := c.mapHead(); count > 0 && !c.bad; count-- {
		got := c.text()
		switch {
		case string(got) > name:
			return Value{}, false, nil
		case string(got) == name && !c.bad:
			start := c.pos
			c.skip(1)
			d := decoder{cursor: cursor{b: c.b[start:c.pos], bad: c.bad}, s: string(c.b[start:c.pos])}
			v = d.value(1)
			return v, !d.bad, d.err()
		}
		c.skip(1)
	}
	return Value{}, false, c.err()
}
