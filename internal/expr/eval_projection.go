package expr

import "github.com/levee-io/levee/internal/attr"

// Apply returns what the projection takes of the item. Paths that lead nowhere
// are skipped; the elements taken of a list close up, in the order of the list.
func (r *Projection) Apply(item attr.Map) attr.Map {
	if r.columns != nil {
		return r.column(item)
	}
	return projectMap(item, r.sorted, 0)
}

// projectMap takes the paths, which go through m at that depth and are sorted.
func projectMap(m attr.Map, paths []Path, depth int) attr.Map {
	taken := make(attr.Map, 0, min(len(m), len(paths)))
	for len(paths) > 0 {
		n := sharing(paths, depth)
		name := paths[0][depth].Name
		if v, ok := m.Get(name); ok {
			if v, ok = projectValue(v, paths[:n], depth+1); ok {
				taken = append(taken, attr.Attr{Name: name, Value: v})
			}
		}
		paths = paths[n:]
	}
	return taken
}

func projectList(elems []attr.Value, paths []Path, depth int) []attr.Value {
	var taken []attr.Value
	for len(paths) > 0 {
		n := sharing(paths, depth)
		if i := int(paths[0][depth].Index); i < len(elems) {
			if v, ok := projectValue(elems[i], paths[:n], depth+1); ok {
				taken = append(taken, v)
			}
		}
		paths = paths[n:]
	}
	return taken
}

// projectValue takes of v what the paths lead to beyond depth. They are one path
// that ends here, or paths that all go on into a map or all into a list.
func projectValue(v attr.Value, paths []Path, depth int) (attr.Value, bool) {
	if len(paths[0]) == depth {
		return v, true
	}
	switch into := paths[0][depth]; {
	case into.IsIndex() && v.Kind() == attr.KindL:
		elems := projectList(v.Elems(), paths, depth)
		return attr.L(elems), len(elems) > 0
	case !into.IsIndex() && v.Kind() == attr.KindM:
		m := projectMap(v.Map(), paths, depth)
		return attr.M(m), len(m) > 0
	}
	return attr.Value{}, false
}
