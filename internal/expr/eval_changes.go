package expr

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// changeMap makes the changes, which go through m at that depth and are sorted,
// by merging them with the attributes.
func changeMap(m attr.Map, changes []change, depth int) (attr.Map, error) {
	merged := make(attr.Map, 0, len(m)+len(changes))
	for len(changes) > 0 {
		n := sharing(changes, depth)
		name := changes[0].path[depth].Name
		at, found := slices.BinarySearchFunc(m, name, func(a attr.Attr, s string) int { return strings.Compare(a.Name, s) })
		merged = append(merged, m[:at]...)
		m = m[at:]
		var old attr.Value
		if found {
			old, m = m[0].Value, m[1:]
		}
		v, err := changeValue(old, changes[:n], depth+1)
		if err != nil {
			return nil, err
		}
		if !v.IsZero() {
			merged = append(merged, attr.Attr{Name: name, Value: v})
		}
		changes = changes[n:]
	}
	return append(merged, m...), nil
}

// changeList is changeMap for lists. Elements set beyond the end are appended in
// the order of their indexes.
func changeList(elems []attr.Value, changes []change, depth int) ([]attr.Value, error) {
	changed := slices.Clone(elems)
	for len(changes) > 0 {
		n := sharing(changes, depth)
		i := int(changes[0].path[depth].Index)
		var old attr.Value
		if i < len(elems) {
			old = elems[i]
		}
		v, err := changeValue(old, changes[:n], depth+1)
		if err != nil {
			return nil, err
		}
		if i < len(elems) {
			changed[i] = v
		} else {
			changed = append(changed, v)
		}
		changes = changes[n:]
	}
	return slices.DeleteFunc(changed, attr.Value.IsZero), nil
}

// changeValue makes the changes below old: one that ends here, or several that
// all go on into a map or all into a list. The zero Value is no value.
func changeValue(old attr.Value, changes []change, depth int) (attr.Value, error) {
	c := changes[0]
	if len(c.path) == depth {
		if c.remove || !c.value.IsZero() {
			return c.value, nil // a removal has no value
		}
		return old, nil
	}
	switch into := c.path[depth]; {
	case into.IsIndex() && old.Kind() == attr.KindL:
		elems, err := changeList(old.Elems(), changes, depth)
		return attr.L(elems), err
	case !into.IsIndex() && old.Kind() == attr.KindM:
		m, err := changeMap(old.Map(), changes, depth)
		return attr.M(m), err
	}
	return attr.Value{}, errDocumentPath
}
