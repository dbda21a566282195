package attr

import (
	"slices"
	"strings"
)

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

// NewMap returns the map of the attributes, which it takes over and sorts. Of
// several with the same name the last one counts.
func NewMap(attrs []Attr) Map {
	if !sorted(attrs) {
		sortAttrs(attrs)
		attrs = keepLast(attrs)
	}
	return attrs
}

// sorted reports whether attrs already has the order of a Map.
func sorted(attrs []Attr) bool {
	for i := 1; i < len(attrs); i++ {
		if attrs[i-1].Name >= attrs[i].Name {
			return false
		}
	}
	return true
}

// sortAttrs sorts by name and keeps the order of attributes of one name. An item
// is small as a rule, and then sorting by insertion is the fastest.
func sortAttrs(attrs []Attr) {
	if len(attrs) > 24 {
		slices.SortStableFunc(attrs, func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
		return
	}
	for i := 1; i < len(attrs); i++ {
		a, j := attrs[i], i
		for ; j > 0 && attrs[j-1].Name > a.Name; j-- {
			attrs[j] = attrs[j-1]
		}
		attrs[j] = a
	}
}

// keepLast drops all but the last of adjacent attributes of one name.
func keepLast(attrs []Attr) []Attr {
	kept := attrs[:0]
	for i, a := range attrs {
		if i+1 == len(attrs) || attrs[i+1].Name != a.Name {
			kept = append(kept, a)
		}
	}
	clear(attrs[len(kept):])
	return kept
}

// find returns the index of the attribute, or the one where it belongs.
func (m Map) find(name string) (int, bool) {
	low, high := 0, len(m)
	for low < high {
		mid := int(uint(low+high) / 2)
		if m[mid].Name < name {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(m) && m[low].Name == name
}

// Get returns the value of the attribute, and whether there is one.
func (m Map) Get(name string) (Value, bool) {
	if i, ok := m.find(name); ok {
		return m[i].Value, true
	}
	return Value{}, false
}

// With returns a copy of m in which the attribute has that value.
func (m Map) With(name string, v Value) Map {
	i, ok := m.find(name)
	if ok {
		c := slices.Clone(m)
		c[i].Value = v
		return c
	}
	c := make(Map, len(m)+1)
	copy(c, m[:i])
	c[i] = Attr{Name: name, Value: v}
	copy(c[i+1:], m[i:])
	return c
}

// Without returns a copy of m that lacks the attribute, or m itself if it has no
// such attribute.
func (m Map) Without(name string) Map {
	i, ok := m.find(name)
	if !ok {
		return m
	}
	c := make(Map, len(m)-1)
	copy(c, m[:i])
	copy(c[i:], m[i+1:])
	return c
}

// Equal reports whether m and n have the same attributes with equal values.
func (m Map) Equal(n Map) bool {
	return slices.EqualFunc(m, n, func(a, b Attr) bool {
		return a.Name == b.Name && a.Value.Equal(b.Value)
	})
}

// Depth returns the number of levels of the deepest attribute, as Value.Depth
// counts them.
func (m Map) Depth() int { return M(m).Depth() - 1 }
