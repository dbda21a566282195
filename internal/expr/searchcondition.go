package expr

import "github.com/levee-io/levee/internal/attr"

// Equality is one condition of a SearchConditionExpression: an attribute that must
// be equal to a value.
type Equality struct {
	Name  string
	Value attr.Value
}

// ParseSearchCondition parses a SearchConditionExpression, which demands that each
// of some attributes be equal to a value. All errors are of type Error.
func ParseSearchCondition(src string, p *Params) ([]Equality, error) {
	tree, err := parseCached(SearchConditionExpression, src)
	if err != nil {
		return nil, err
	}
	var b binding
	b.begin(tree, p, nil, nil)
	if err := b.check(tree.root); err != nil {
		return nil, err
	}
	return b.equalities(tree.root, nil)
}

// equalities appends the conditions below a node, from left to right.
func (b *binding) equalities(i int32, list []Equality) ([]Equality, error) {
	n := b.tree.nodes[i]
	switch n.op {
	case opAnd:
		list, err := b.equalities(n.a, list)
		if err != nil {
			return nil, err
		}
		return b.equalities(n.b, list)
	case opEq:
	default:
		return nil, Error(textSearchComparator)
	}
	name, value := b.tree.nodes[n.a], b.tree.nodes[n.b]
	if name.op == opValue {
		name, value = value, name
	}
	if name.op != opPath || value.op != opValue {
		return nil, Error(textSearchOperands)
	}
	path := b.path(name)
	if len(path) > 1 {
		return nil, Error(textSearchOperands)
	}
	for _, other := range list {
		if other.Name == path[0].Name {
			return nil, Error(textSearchTwice)
		}
	}
	return append(list, Equality{path[0].Name, b.values[value.a]}), nil
}
