package partiql

import (
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// maxMembers bounds what IN looks through.
const maxMembers = 100

// condition makes the condition of a tree.
func (m *meaning) condition(n *node) (*expr.Condition, error) {
	b := expr.NewBuilder()
	root, err := m.holds(b, n)
	if err != nil {
		return nil, err
	}
	return b.Condition(root)
}

// holds adds a condition.
func (m *meaning) holds(b *expr.Builder, n *node) (expr.Node, error) {
	switch n.kind {
	case nodeNot:
		x, err := m.holds(b, n.kids[0])
		return b.Not(x), err
	case nodeBinary:
		return m.binary(b, n)
	case nodeBetween:
		x, err := m.operands(b, n.kids)
		if err != nil {
			return 0, err
		}
		return b.Between(x[0], x[1], x[2]), nil
	case nodeIn:
		return m.in(b, n)
	case nodeIs:
		return m.is(b, n)
	case nodeCall:
		if n.text == "size" {
			return 0, errorf(textMisused, n.text)
		}
		return m.call(b, n)
	case nodeSign:
		return 0, errorf(textConditionOperator, n.text)
	}
	return 0, errorAt(n.at, textToken, n.className())
}

// binary adds a condition of two sides.
func (m *meaning) binary(b *expr.Builder, n *node) (expr.Node, error) {
	side := m.operand
	if n.text == "AND" || n.text == "OR" {
		side = m.holds
	} else if infix[n.text] != powerCompare || n.text == "LIKE" {
		return 0, errorf(textConditionOperator, n.text)
	}
	x, err := side(b, n.kids[0])
	if err != nil {
		return 0, err
	}
	y, err := side(b, n.kids[1])
	if err != nil {
		return 0, err
	}
	switch n.text {
	case "AND":
		return b.And(x, y), nil
	case "OR":
		return b.Or(x, y), nil
	}
	return b.Compare(n.text, x, y), nil
}

// operand adds a path, a value, or a condition as one.
func (m *meaning) operand(b *expr.Builder, n *node) (expr.Node, error) {
	switch {
	case n.kind == nodePath:
		return b.Path(n.path), nil
	case n.isValue():
		v, err := m.valueOf(n)
		return b.Value(v), err
	case n.kind == nodeCall:
		return m.call(b, n)
	}
	return m.holds(b, n)
}

// arguments adds the operands of a function, which are no comparisons.
func (m *meaning) arguments(b *expr.Builder, list []*node) ([]expr.Node, error) {
	for _, n := range list {
		if n.kind != nodePath && n.kind != nodeCall && !n.isValue() {
			return nil, errorAt(n.at, textToken, n.className())
		}
	}
	return m.operands(b, list)
}

func (m *meaning) operands(b *expr.Builder, list []*node) ([]expr.Node, error) {
	nodes := make([]expr.Node, len(list))
	for i, n := range list {
		var err error
		if nodes[i], err = m.operand(b, n); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (m *meaning) in(b *expr.Builder, n *node) (expr.Node, error) {
	list := n.kids[1]
	if list.kind != nodeList {
		return 0, errorAt(list.at, textToken, list.className())
	}
	if len(list.kids) > maxMembers {
		return 0, errorf(textTooManyOperands, len(list.kids))
	}
	x, err := m.operand(b, n.kids[0])
	if err != nil {
		return 0, err
	}
	members, err := m.operands(b, list.kids)
	return b.In(x, members), err
}

// types gives the name of the type that each type of IS stands for.
var types = map[string]string{
	"NULL": "NULL", "BOOL": "BOOL", "BOOLEAN": "BOOL", "BLOB": "B", "STRING": "S", "NUMERIC": "N",
	"STRUCT": "M", "TUPLE": "M", "LIST": "L",
}

func (m *meaning) is(b *expr.Builder, n *node) (expr.Node, error) {
	name, known := types[n.text]
	if !known && n.text != "MISSING" {
		return 0, errorf(textIsType, n.text)
	}
	args, err := m.arguments(b, n.kids)
	if err != nil {
		return 0, err
	}
	var c expr.Node
	if known {
		c, _ = b.Call("attribute_type", append(args, b.Value(attr.S(name))))
	} else {
		c, _ = b.Call("attribute_not_exists", args)
	}
	return c, nil
}

// call adds the call of a function of conditions.
func (m *meaning) call(b *expr.Builder, n *node) (expr.Node, error) {
	switch n.text {
	case "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size":
		args, err := m.arguments(b, n.kids)
		if err != nil {
			return 0, err
		}
		c, _ := b.Call(n.text, args)
		return c, nil
	}
	return 0, errorAt(n.at, textFunction, n.text)
}
