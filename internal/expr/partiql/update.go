package partiql

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// findUpdate takes the changes of an UPDATE.
func (m *meaning) findUpdate() (err error) {
	b := expr.NewBuilder()
	for _, a := range m.actions {
		if err := m.change(b, a); err != nil {
			return err
		}
	}
	m.Update, err = b.Update()
	return err
}

func (m *meaning) change(b *expr.Builder, a action) error {
	target := a.target.path
	switch {
	case a.value == nil:
		b.Remove(target)
		return nil
	case a.value.kind == nodeCall && (a.value.text == "set_add" || a.value.text == "set_delete"):
		return m.changeSet(b, target, a.value)
	}
	v, err := m.assigned(b, a.value)
	if err == nil {
		b.Set(target, v)
	}
	return err
}

// changeSet makes of set_add and set_delete the changes that they stand for. Both
// name the set twice.
func (m *meaning) changeSet(b *expr.Builder, target expr.Path, call *node) error {
	name := strings.ToUpper(call.text)
	if len(call.kids) != 2 {
		return errorAt(call.at, textSetArguments, name)
	}
	first, second := call.kids[0], call.kids[1]
	if first.kind != nodePath || !slices.Equal(first.path, target) {
		return errorAt(call.at, textSetFirst, name)
	}
	var set attr.Value
	if second.isValue() {
		var err error
		if set, err = m.valueOf(second); err != nil {
			return err
		}
	}
	switch set.Kind() {
	case attr.KindSS, attr.KindNS, attr.KindBS:
	default:
		return errorAt(first.at, textSetSecond, name)
	}
	if call.text == "set_add" {
		b.Include(target, b.Value(set))
	} else {
		b.Exclude(target, b.Value(set))
	}
	return nil
}

// assigned adds what SET gives to its target.
func (m *meaning) assigned(b *expr.Builder, n *node) (expr.Node, error) {
	switch {
	case n.kind == nodePath:
		return b.Path(n.path), nil
	case n.isValue():
		v, err := m.valueOf(n)
		return b.Value(v), err
	case n.kind == nodeBinary && (n.text == "+" || n.text == "-"):
		list, err := m.allAssigned(b, n.kids)
		if err != nil {
			return 0, err
		}
		return b.Sum(n.text == "-", list[0], list[1]), nil
	case n.kind == nodeCall && n.text == "list_append":
		list, err := m.allAssigned(b, n.kids)
		if err != nil {
			return 0, err
		}
		c, _ := b.Call(n.text, list)
		return c, nil
	case n.kind == nodeCall:
		return 0, errorAt(n.at, textFunction, n.text)
	case n.text != "":
		return 0, errorf(textUpdateOperator, n.text)
	}
	return 0, errorAt(n.at, textToken, n.className())
}

func (m *meaning) allAssigned(b *expr.Builder, list []*node) ([]expr.Node, error) {
	nodes := make([]expr.Node, len(list))
	for i, n := range list {
		var err error
		if nodes[i], err = m.assigned(b, n); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}
