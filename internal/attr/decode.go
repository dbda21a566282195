package attr

import "unsafe"

// decoder builds values whose strings are parts of one copy of the bytes.
type decoder struct {
	cursor
	s string // the same bytes as b
}

// DecodeMap decodes what AppendMap wrote. It keeps nothing of b. Bytes that
// AppendMap cannot have written are an error; the memory that they make it
// allocate is bounded by their length.
func DecodeMap(b []byte) (Map, error) { return decodeMap(nil, string(b), b) }

// DecodeShared is DecodeMap without copying: the attributes are put in place of those
// of dst where there is room, and what they hold shares memory with b, which MUST NOT
// change while the result is in use.
func DecodeShared(dst Map, b []byte) (Map, error) {
	return decodeMap(dst[:0], unsafe.String(unsafe.SliceData(b), len(b)), b)
}

// decodeMap decodes b, of which s is the text.
func decodeMap(dst Map, s string, b []byte) (Map, error) {
	d := decoder{cursor: newCursor(b)}
	if !d.bad {
		d.s = s
	}
	m := d.attrsInto(dst, d.mapHead(), 1)
	if err := d.err(); err != nil {
		return nil, err
	}
	if m == nil {
		m = Map{}
	}
	return m, nil
}

// room bounds what is allocated for a count before its contents are seen.
func room(count int) int { return min(count, 1<<10) }

// str is take with the result as a part of d.s.
func (d *decoder) str(n int) string {
	if n > len(d.s)-d.pos {
		d.fail()
		return ""
	}
	d.pos += n
	return d.s[d.pos-n : d.pos]
}

// attrs decodes that many attributes, whose values are at that depth.
func (d *decoder) attrs(count, depth int) Map {
	return d.attrsInto(nil, count, depth)
}

// attrsInto is attrs with the attributes in place of those of m if they have room there.
func (d *decoder) attrsInto(m Map, count, depth int) Map {
	if count == 0 || d.bad {
		return nil
	}
	if cap(m) < count {
		m = make(Map, 0, room(count))
	}
	for ; count > 0 && !d.bad; count-- {
		name := d.str(d.uvarint())
		if len(m) > 0 && m[len(m)-1].Name >= name {
			d.fail()
		}
		m = append(m, Attr{Name: name, Value: d.value(depth)})
	}
	return m
}

func (d *decoder) value(depth int) Value {
	kind, count := d.head()
	if depth > decodeDepth {
		d.fail()
		return Value{}
	}
	switch kind {
	case KindS, KindN, KindB:
		return d.scalar(kind, count)
	case KindBool:
		return Bool(count == 1)
	case KindNull:
		return Null()
	case KindSS, KindNS, KindBS:
		return d.set(kind, count)
	case KindL:
		return d.list(count, depth)
	case KindM:
		return M(d.attrs(count, depth+1))
	}
	return Value{}
}

func (d *decoder) scalar(kind Kind, length int) Value {
	v := Value{kind: kind, text: d.str(length)}
	if kind == KindN && !canonical(v.text) {
		d.fail()
	}
	return v
}

func (d *decoder) set(kind Kind, count int) Value {
	elems := make([]Value, 0, room(count))
	for ; count > 0 && !d.bad; count-- {
		e := d.scalar(kind.element(), d.uvarint())
		if n := len(elems); n > 0 && !d.bad && order(elems[n-1], e) >= 0 {
			d.fail()
		}
		elems = append(elems, e)
	}
	return withElems(kind, elems)
}

func (d *decoder) list(count, depth int) Value {
	if count == 0 {
		return L(nil)
	}
	elems := make([]Value, 0, room(count))
	for ; count > 0 && !d.bad; count-- {
		elems = append(elems, d.value(depth+1))
	}
	return L(elems)
}
