package expr

import "github.com/levee-io/levee/internal/attr"

// Comparison is a condition on one attribute in the form of the parameters that
// came before expressions: Expected, QueryFilter, ScanFilter, KeyConditions.
type Comparison struct {
	Attribute string // its name, which is no document path
	Operator  string // of those below
	Values    []attr.Value
}

// The operators of a Comparison. The API knows no others.
const (
	OpEqual          = "EQ"
	OpNotEqual       = "NE"
	OpLess           = "LT"
	OpLessOrEqual    = "LE"
	OpGreater        = "GT"
	OpGreaterOrEqual = "GE"
	OpBetween        = "BETWEEN"
	OpIn             = "IN"
	OpBeginsWith     = "BEGINS_WITH"
	OpContains       = "CONTAINS"
	OpNotContains    = "NOT_CONTAINS"
	OpNull           = "NULL"     // the attribute is absent
	OpNotNull        = "NOT_NULL" // it is there
)

// Check refuses values of the wrong number or types, in the order of the service.
// All errors are of type Error.
func (c *Comparison) Check() error {
	if !c.takes(len(c.Values)) {
		return errorf(textArgumentCount, c.Operator)
	}
	for _, v := range c.Values {
		if v.Kind() != c.Values[0].Kind() {
			return Error(textArgumentKinds)
		}
	}
	for _, v := range c.Values {
		if !c.comparable(v.Kind()) {
			return errorf(textArgumentType, c.Operator, v.Kind())
		}
	}
	if c.Operator == OpBetween {
		if order, _ := attr.Compare(c.Values[0], c.Values[1]); order > 0 {
			return Error(textBoundsOrder)
		}
	}
	return nil
}

// takes reports whether n values are the right number.
func (c *Comparison) takes(n int) bool {
	switch c.Operator {
	case OpNull, OpNotNull:
		return n == 0
	case OpBetween:
		return n == 2
	case OpIn:
		return n > 0
	}
	return n == 1
}

// comparable reports whether the operator works on values of a type.
func (c *Comparison) comparable(k attr.Kind) bool {
	switch c.Operator {
	case OpEqual, OpNotEqual:
		return true
	case OpContains, OpNotContains:
		return isOrdered(k) || k == attr.KindBool || k == attr.KindNull
	case OpBeginsWith:
		return isText(k)
	}
	return isOrdered(k)
}

// NewCondition returns the condition that all of the comparisons hold, or any of
// them; nil if there are none. kind is the parameter that they come from. They
// have been checked.
func NewCondition(kind Kind, list []Comparison, anyOf bool) *Condition {
	if len(list) == 0 {
		return nil
	}
	b := builder{tree: ast{kind: kind}}
	conditions := make([]int32, len(list))
	for i := range list {
		conditions[i] = b.comparison(&list[i])
	}
	o := opAnd
	if anyOf {
		o = opOr
	}
	b.tree.root = b.join(o, conditions)
	return &Condition{binding: b.binding()}
}

// comparison adds the condition of one comparison.
func (b *builder) comparison(c *Comparison) int32 {
	attribute := b.attribute(c.Attribute)
	values := make([]int32, len(c.Values))
	for i, v := range c.Values {
		values[i] = b.value(v)
	}
	switch c.Operator {
	case OpNull:
		return b.call(fnAttributeNotExists, attribute)
	case OpNotNull:
		return b.call(fnAttributeExists, attribute)
	case OpBeginsWith:
		return b.call(fnBeginsWith, attribute, values[0])
	case OpContains:
		return b.call(fnContains, attribute, values[0])
	case OpNotContains:
		// Unlike NE, it does not hold of an attribute that is absent.
		not := b.add(node{op: opNot, a: b.call(fnContains, attribute, values[0])})
		return b.add(node{op: opAnd, a: b.call(fnAttributeExists, attribute), b: not})
	case OpIn:
		run := b.run(values...)
		return b.add(node{op: opIn, a: attribute, b: run.from, c: run.to})
	case OpBetween:
		return b.add(node{op: opBetween, a: attribute, b: values[0], c: values[1]})
	}
	return b.add(node{op: comparisonOps[c.Operator], a: attribute, b: values[0]})
}

var comparisonOps = map[string]op{
	OpEqual: opEq, OpNotEqual: opNe, OpLess: opLt, OpLessOrEqual: opLe, OpGreater: opGt, OpGreaterOrEqual: opGe,
}
