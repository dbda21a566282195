package expr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// Path is a document path. Its first step is the name of an attribute.
type Path []Step

// Step is one step of a document path: into a map by Name, or into a list by
// Index. Name steps have the Index -1.
type Step struct {
	Name  string
	Index int32
}

// IsIndex reports whether the step leads into a list.
func (s Step) IsIndex() bool { return s.Index >= 0 }

// String returns the step as the service quotes it: "a" or "[1]".
func (s Step) String() string {
	if s.IsIndex() {
		return "[" + strconv.Itoa(int(s.Index)) + "]"
	}
	return s.Name
}

// String returns the path as the service quotes it: "[a, [1], b]".
func (p Path) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range p {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.String())
	}
	b.WriteByte(']')
	return b.String()
}

// find returns what the path leads to in the item.
func (p Path) find(item attr.Map) (attr.Value, bool) {
	v, ok := item.Get(p[0].Name)
	for _, s := range p[1:] {
		switch {
		case !ok:
			return attr.Value{}, false
		case !s.IsIndex():
			v, ok = v.Map().Get(s.Name)
		case v.Kind() == attr.KindL && int(s.Index) < len(v.Elems()):
			v = v.Elems()[s.Index]
		default:
			return attr.Value{}, false
		}
	}
	return v, ok
}

// compareSteps orders list steps by index before name steps by name.
func compareSteps(a, b Step) int {
	if a.IsIndex() != b.IsIndex() {
		if a.IsIndex() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Index, b.Index), strings.Compare(a.Name, b.Name))
}

// comparePaths orders paths so that those with a common beginning are together
// and in the order of the attributes and elements that they lead to.
func comparePaths(a, b Path) int { return slices.CompareFunc(a, b, compareSteps) }

// sharing returns how many of the paths, which are sorted and go beyond depth,
// take the same step there as the first one.
func sharing[P interface{ at(depth int) Step }](paths []P, depth int) int {
	n, first := 1, paths[0].at(depth)
	for n < len(paths) && paths[n].at(depth) == first {
		n++
	}
	return n
}

func (p Path) at(depth int) Step { return p[depth] }
