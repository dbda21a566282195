package partiql

import (
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// maxSteps bounds how deep a literal nests.
const maxSteps = 32

// isValue reports whether the node stands for a value that the statement has.
func (n *node) isValue() bool {
	return n.kind <= nodeParam || n.kind >= nodeList && n.kind <= nodeStruct
}

// valueOf returns the value of a literal or parameter.
func (m *meaning) valueOf(n *node) (attr.Value, error) {
	if !n.value.IsZero() {
		return n.value, nil
	}
	if n.kind == nodeParam {
		if n.index >= len(m.params) {
			return attr.Value{}, errorf(textParameters)
		}
		n.value = m.params[n.index]
		return n.value, nil
	}
	v, err := m.literal(n, "root", 0)
	n.value = v
	return v, err
}

// literal reads a literal; at is its place in the whole, depth the steps to there.
func (m *meaning) literal(n *node, at string, depth int) (attr.Value, error) {
	if depth >= maxSteps {
		return attr.Value{}, errorf(textNesting, at)
	}
	switch n.kind {
	case nodeString:
		return attr.S(n.text), nil
	case nodeNumber:
		return number(n.text, at)
	case nodeBool:
		return attr.Bool(n.text == "TRUE"), nil
	case nodeNull:
		return attr.Null(), nil
	case nodeList:
		return m.list(n, at, depth)
	case nodeBag:
		return m.bag(n, at)
	case nodeStruct:
		return m.nested(n, at, depth)
	}
	return attr.Value{}, errorAt(n.at, textLiteral, n.className(), at)
}

func number(text, at string) (attr.Value, error) {
	num, err := attr.ParseNumber(text)
	if err != nil {
		return attr.Value{}, errorf(textUnder, err, at)
	}
	return attr.N(num), nil
}

func (m *meaning) list(n *node, at string, depth int) (attr.Value, error) {
	elems := make([]attr.Value, len(n.kids))
	for i, kid := range n.kids {
		v, err := m.literal(kid, at+"["+strconv.Itoa(i)+"]", depth+1)
		if err != nil {
			return v, err
		}
		elems[i] = v
	}
	return attr.L(elems), nil
}

// nested reads a map within a value.
func (m *meaning) nested(n *node, at string, depth int) (attr.Value, error) {
	fields, err := fieldsOf(n, at)
	if err != nil {
		return attr.Value{}, err
	}
	attrs := make([]attr.Attr, len(fields))
	for i, f := range fields {
		v, err := m.literal(f.value, at+"."+f.name, depth+1)
		if err != nil {
			return v, err
		}
		attrs[i] = attr.Attr{Name: f.name, Value: v}
	}
	return attr.M(attr.NewMap(attrs)), nil
}

// structure reads a map whose fields are values of their own, and may be
// parameters.
func (m *meaning) structure(n *node) (attr.Value, error) {
	fields, err := fieldsOf(n, "root")
	if err != nil {
		return attr.Value{}, err
	}
	attrs := make([]attr.Attr, len(fields))
	for i, f := range fields {
		v, err := m.valueOf(f.value)
		if err != nil {
			return v, err
		}
		attrs[i] = attr.Attr{Name: f.name, Value: v}
	}
	return attr.M(attr.NewMap(attrs)), nil
}

type field struct {
	name  string
	value *node
}

// fieldsOf returns the fields of a map. Each must have a name, and one of its own.
func fieldsOf(n *node, at string) ([]field, error) {
	fields := make([]field, len(n.kids)/2)
	seen := make(map[string]bool, len(fields))
	for i := range fields {
		name := n.kids[2*i]
		if name.kind != nodeString {
			return nil, errorAt(name.at, textTupleKeyType, name.className(), at)
		}
		if seen[name.text] {
			return nil, errorf(textTupleKeyTwice, name.text, at)
		}
		seen[name.text] = true
		fields[i] = field{name.text, n.kids[2*i+1]}
	}
	return fields, nil
}

// bag reads a set: strings or numbers, each once.
func (m *meaning) bag(n *node, at string) (attr.Value, error) {
	if len(n.kids) == 0 {
		return attr.Value{}, errorf(textEmptyBag)
	}
	kind, texts := n.kids[0].kind, make([]string, len(n.kids))
	for i, kid := range n.kids {
		if kid.kind != kind || kind != nodeString && kind != nodeNumber {
			return attr.Value{}, errorf(textBagElement)
		}
		texts[i] = kid.text
	}
	if kind == nodeString {
		set := attr.StringSet(append([]string(nil), texts...))
		if len(set.Elems()) < len(texts) {
			return attr.Value{}, errorf(textStringTwice, strings.Join(texts, ", "))
		}
		return set, nil
	}
	return numberSet(texts, at)
}

func numberSet(texts []string, at string) (attr.Value, error) {
	nums := make([]attr.Number, len(texts))
	for i, text := range texts {
		v, err := number(text, at)
		if err != nil {
			return v, err
		}
		nums[i] = v.Num()
	}
	set := attr.NumberSet(nums)
	if len(set.Elems()) < len(texts) {
		return attr.Value{}, errorf(textNumberTwice, strings.Join(texts, ", "), at)
	}
	return set, nil
}
