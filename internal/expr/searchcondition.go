package expr

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
)

// SearchCondition is a bound SearchConditionExpression: a condition on attributes
// of a search schema, each compared with values of the request. It is immutable.
type SearchCondition struct {
	binding
	equal []Equality
	more  bool // whether it demands more than that all of equal hold
}

// Equality demands that an attribute be equal to a value.
type Equality struct {
	Name  string
	Value attr.Value
}

// ParseSearchCondition parses a SearchConditionExpression: comparisons, BETWEEN, IN,
// begins_with, attribute_exists and attribute_not_exists, joined by AND, OR and NOT.
// The attribute comes first and is not a part of another. All errors are of type
// Error.
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchFilterReference.html
func ParseSearchCondition(src string, p *Params) (*SearchCondition, error) {
	tree, err := parseCached(SearchConditionExpression, src)
	if err != nil {
		return nil, err
	}
	s := &SearchCondition{}
	s.begin(tree, p, nil, nil)
	if err := s.check(tree.root); err != nil {
		return nil, err
	}
	s.params = nil
	if err := s.checkSearch(tree.root); err != nil {
		return nil, err
	}
	s.gather(tree.root)
	return s, nil
}

// checkSearch checks the form of the conditions below a node.
func (s *SearchCondition) checkSearch(i int32) error {
	switch n := s.tree.nodes[i]; n.op {
	case opAnd, opOr:
		if err := s.checkSearch(n.a); err != nil {
			return err
		}
		return s.checkSearch(n.b)
	case opNot:
		return s.checkSearch(n.a)
	case opBetween:
		return s.checkAttribute(n.a, n.b, n.c)
	case opIn:
		return s.checkAttribute(n.a, s.tree.args[n.b:n.c]...)
	case opCall:
		if n.fn != fnBeginsWith && n.fn != fnAttributeExists && n.fn != fnAttributeNotExists {
			return invalid(SearchConditionExpression, textSearchOperator)
		}
		operands := s.operands(n)
		return s.checkAttribute(operands[0], operands[1:]...)
	default:
		return s.checkAttribute(n.a, n.b)
	}
}

// checkAttribute checks a condition on an attribute that is compared with others.
func (s *SearchCondition) checkAttribute(first int32, others ...int32) error {
	n := s.tree.nodes[first]
	if n.op != opPath {
		return invalid(SearchConditionExpression, textSearchOperator)
	}
	if len(s.path(n)) > 1 {
		return invalid(SearchConditionExpression, textSearchNested)
	}
	for _, o := range others {
		if s.tree.nodes[o].op != opValue {
			return invalid(SearchConditionExpression, textSearchOperator)
		}
	}
	return nil
}

// gather finds the equalities that must hold whatever else does.
func (s *SearchCondition) gather(i int32) {
	switch n := s.tree.nodes[i]; n.op {
	case opAnd:
		s.gather(n.a)
		s.gather(n.b)
	case opEq:
		s.equal = append(s.equal, Equality{s.path(s.tree.nodes[n.a])[0].Name, s.values[s.tree.nodes[n.b].a]})
	default:
		s.more = true
	}
}

// Equal returns the equalities without which the condition cannot hold, in the order
// of the text, and whether it holds when they do.
func (s *SearchCondition) Equal() (list []Equality, all bool) { return s.equal, !s.more }

// Eval reports whether the condition is true of the attributes of a search schema that
// an item has.
func (s *SearchCondition) Eval(schema attr.Map) bool { return s.holds(s.tree.root, schema) }

// CheckPartition checks that the condition fixes the partition key of an index: that
// it names it once, and demands there that it be equal to a value.
func (s *SearchCondition) CheckPartition(name string) error {
	count := 0
	for _, path := range s.Paths() {
		if path[0].Name == name {
			count++
		}
	}
	fixed := slices.ContainsFunc(s.equal, func(eq Equality) bool { return eq.Name == name })
	switch {
	case count > 1:
		return invalid(SearchConditionExpression, textSearchTwice)
	case count == 1 && !fixed:
		return invalid(SearchConditionExpression, textSearchComparator)
	case count == 0:
		return Error(textSearchPartition)
	}
	return nil
}

// CheckKinds checks the values that an attribute of a search schema is compared with.
func (s *SearchCondition) CheckKinds(name string, want attr.Kind) error {
	for i := range s.tree.nodes {
		n := s.tree.nodes[i]
		for _, o := range s.compared(n, name) {
			if kind := s.values[s.tree.nodes[o].a].Kind(); kind != want {
				return errorf(textSearchKind, name, kind, want)
			}
		}
	}
	return nil
}

// compared returns the values that a condition compares an attribute with.
func (s *SearchCondition) compared(n node, name string) (values []int32) {
	first := n.a
	switch n.op {
	case opEq, opNe, opLt, opLe, opGt, opGe:
		values = []int32{n.b}
	case opBetween:
		values = []int32{n.b, n.c}
	case opIn:
		values = s.tree.args[n.b:n.c]
	case opCall:
		operands := s.operands(n)
		first, values = operands[0], operands[1:]
	default:
		return nil
	}
	if s.path(s.tree.nodes[first])[0].Name != name {
		return nil
	}
	return values
}
