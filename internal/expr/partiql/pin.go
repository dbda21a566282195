package partiql

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// Pins are the values that the WHERE of a statement demands of key attributes, by
// equalities that all must hold.
type Pins struct {
	Key attr.Map // the first value for each attribute that has one
	// Conflict is a key attribute that is to have two different values; "" if there
	// is none.
	Conflict string

	rest []*node // what else must hold, conflicts among it
}

// Pin returns what the WHERE demands of the key attributes.
func (s *Statement) Pin(keys []string) *Pins { return s.pin(keys, false) }

// PinRead is Pin for a statement that reads one item, where IN with one value is
// an equality too.
func (s *Statement) PinRead(keys []string) *Pins { return s.pin(keys, true) }

func (s *Statement) pin(keys []string, in bool) *Pins {
	p := &Pins{}
	var found []attr.Attr
	for _, n := range conjuncts(s.where, nil) {
		name, v, ok := n.equality(in)
		if !ok || !slices.Contains(keys, name) {
			p.rest = append(p.rest, n)
			continue
		}
		at := slices.IndexFunc(found, func(a attr.Attr) bool { return a.Name == name })
		switch {
		case at < 0:
			found = append(found, attr.Attr{Name: name, Value: v})
		case !found[at].Value.Equal(v):
			p.Conflict = name
			p.rest = append(p.rest, n)
		}
	}
	p.Key = attr.NewMap(found)
	return p
}

// conjuncts appends the conditions that all must hold.
func conjuncts(n *node, list []*node) []*node {
	if n == nil {
		return list
	}
	if n.kind == nodeBinary && n.text == "AND" {
		return conjuncts(n.kids[1], conjuncts(n.kids[0], list))
	}
	return append(list, n)
}

// equality returns what the condition equates: an attribute and a value; in says
// whether IN with one value is such a condition.
func (n *node) equality(in bool) (name string, v attr.Value, ok bool) {
	switch {
	case n.kind == nodeBinary && n.text == "=":
		name, v, _, ok = n.comparison()
	case n.kind == nodeIn && in && len(n.kids[1].kids) == 1:
		name, ok = n.kids[0].attribute()
		v = n.kids[1].kids[0].value
		ok = ok && !v.IsZero()
	}
	return name, v, ok
}

// comparison returns the sides of a comparison of an attribute with a value;
// mirrored tells that the value is on the left.
func (n *node) comparison() (name string, v attr.Value, mirrored, ok bool) {
	left, right := n.kids[0], n.kids[1]
	if !left.value.IsZero() {
		left, right, mirrored = right, left, true
	}
	name, ok = left.attribute()
	return name, right.value, mirrored, ok && !right.value.IsZero()
}

// attribute returns the name of the attribute that the node is.
func (n *node) attribute() (string, bool) {
	if n.kind != nodePath || len(n.path) > 1 {
		return "", false
	}
	return n.path[0].Name, true
}

// Alone reports whether the WHERE demands nothing besides.
func (p *Pins) Alone() bool { return len(p.rest) == 0 }

// IfExists returns the condition that there is an item, by a key attribute of it,
// and that the rest of the WHERE holds.
func (p *Pins) IfExists(key string) (*expr.Condition, error) {
	b := expr.NewBuilder()
	root := b.Exists(key)
	for _, n := range p.rest {
		x, err := new(meaning).holds(b, n)
		if err != nil {
			return nil, err
		}
		root = b.And(root, x)
	}
	return b.Condition(root)
}

// UnlessExists returns the condition that there is no item or that the rest of the
// WHERE holds; nil if there is no rest.
func (p *Pins) UnlessExists(key string) (*expr.Condition, error) {
	if p.Alone() {
		return nil, nil
	}
	b := expr.NewBuilder()
	var root expr.Node
	for i, n := range p.rest {
		x, err := new(meaning).holds(b, n)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			x = b.And(root, x)
		}
		root = x
	}
	return b.Condition(b.Or(b.Not(b.Exists(key)), root))
}

// NotThere returns the condition that there is no item.
func NotThere(key string) *expr.Condition {
	b := expr.NewBuilder()
	c, _ := b.Condition(b.Not(b.Exists(key))) // nothing in it can be wrong
	return c
}
