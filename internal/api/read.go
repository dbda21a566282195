package api

import (
	"math"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
)

// MaxElements bounds the lists and maps of a request that are not attribute
// values. No operation takes near as many; it keeps a hostile body of empty
// elements from costing a hundred times its size in memory.
const MaxElements = 10_000

// The readers below are what the generated shapes are made of. A null member is
// an absent one.

// ReadString reads a string member.
func ReadString(d *jsontok.Decoder) Opt[string] {
	if d.Null() {
		return Opt[string]{}
	}
	return Some(d.String())
}

// ReadInt reads an integer member.
func ReadInt(d *jsontok.Decoder) Opt[int64] {
	if d.Null() {
		return Opt[int64]{}
	}
	return Some(d.Int())
}

// ReadLong reads a long member.
func ReadLong(d *jsontok.Decoder) Opt[int64] {
	n := ReadInt(d)
	d.Name("Long")
	return n
}

// ReadFloat reads a double or float member.
func ReadFloat(d *jsontok.Decoder) Opt[float64] {
	if d.Null() {
		return Opt[float64]{}
	}
	return Some(d.Float())
}

// ReadBool reads a boolean member.
func ReadBool(d *jsontok.Decoder) Opt[bool] {
	if d.Null() {
		return Opt[bool]{}
	}
	return Some(d.Bool())
}

// ReadBlob reads a blob member: base64 text.
func ReadBlob(d *jsontok.Decoder) Opt[[]byte] {
	if d.Null() {
		return Opt[[]byte]{}
	}
	return Some(d.Base64())
}

// ReadTime reads a timestamp member: seconds since the epoch with a fraction.
func ReadTime(d *jsontok.Decoder) Opt[time.Time] {
	if d.Null() {
		return Opt[time.Time]{}
	}
	sec := d.Float()
	if !(math.Abs(sec) < 1e11) {
		sec = 0
	}
	return Some(time.UnixMilli(int64(math.Round(sec * 1000))))
}

// ReadList reads a list, element by element.
func ReadList[T any](d *jsontok.Decoder, read func(*jsontok.Decoder) T) []T {
	if d.Null() || !d.Array() {
		return nil
	}
	list := []T{}
	for d.Elem() {
		if len(list) == MaxElements {
			d.Fail(ErrTooManyElements)
			return nil
		}
		list = append(list, read(d))
	}
	return list
}

// ReadEntries reads a map, whose elements have a name or none, "". Of a key that
// stands twice the last value counts.
func ReadEntries[T any](d *jsontok.Decoder, elem string, read func(*jsontok.Decoder) T) Map[T] {
	if d.Null() {
		return nil
	}
	if !d.Object() {
		if elem != "" {
			d.Name("map of " + elem)
		}
		return nil
	}
	m := Map[T]{}
	var seen map[string]int // only once scanning m would be slow
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		if len(m) == MaxElements {
			d.Fail(ErrTooManyElements)
			return nil
		}
		name := string(key)
		value := read(d)
		seen = m.index(seen)
		if i, dup := m.position(seen, name); dup {
			m[i].Value = value
			continue
		}
		if seen != nil {
			seen[name] = len(m)
		}
		m = append(m, Entry[T]{name, value})
	}
	return m
}

// index returns a position index of m once it is large, else nil.
func (m Map[T]) index(seen map[string]int) map[string]int {
	if seen != nil || len(m) < 32 {
		return seen
	}
	seen = make(map[string]int, 2*len(m))
	for i := range m {
		seen[m[i].Key] = i
	}
	return seen
}

func (m Map[T]) position(seen map[string]int, name string) (int, bool) {
	if seen != nil {
		i, ok := seen[name]
		return i, ok
	}
	for i := range m {
		if m[i].Key == name {
			return i, true
		}
	}
	return 0, false
}
