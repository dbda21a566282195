package expr

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
)

// check binds and checks the conditions below node i from left to right. Each
// has all of its placeholders defined before the number, and then the types, of
// its operands are looked at.
func (b *binding) check(i int32) error {
	switch n := b.tree.nodes[i]; n.op {
	case opAnd, opOr:
		if err := b.check(n.a); err != nil {
			return err
		}
		return b.check(n.b)
	case opNot:
		return b.check(n.a)
	case opIn:
		operands := append([]int32{n.a}, b.tree.args[n.b:n.c]...)
		return b.checkOperands(n, "IN", operands...)
	case opCall:
		return b.checkOperands(n, n.fn.String(), i)
	case opBetween:
		if err := b.checkOperands(n, "BETWEEN", n.a, n.b, n.c); err != nil {
			return err
		}
		return b.checkBetween(n)
	default:
		if err := b.checkOperands(n, n.op.String(), n.a, n.b); err != nil {
			return err
		}
		return b.checkOrdered(n, n.a, n.b)
	}
}

// checkOperands binds the operands, counts those of calls among them, sees that
// they are distinct, and checks the types of those calls.
func (b *binding) checkOperands(n node, operator string, operands ...int32) error {
	for _, o := range operands {
		if err := b.bindOperand(o); err != nil {
			return err
		}
	}
	for _, o := range operands {
		if err := b.checkCount(o); err != nil {
			return err
		}
	}
	if err := b.checkNested(n, operands); err != nil {
		return err
	}
	distinct := operands
	if n.op == opCall {
		distinct = b.operands(n)
	}
	if err := b.checkDistinct(operator, distinct); err != nil {
		return err
	}
	for _, o := range operands {
		if err := b.checkCall(o); err != nil {
			return err
		}
	}
	return nil
}

// checkNested checks operands that are conditions themselves, which only PartiQL
// has. Those that are calls are checked with the others.
func (b *binding) checkNested(n node, operands []int32) error {
	if n.op == opCall {
		return nil
	}
	for _, o := range operands {
		if c := b.tree.nodes[o]; c.op != opCall && c.isCondition() {
			if err := b.check(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkCount checks the number of operands of a call, inner calls first.
func (b *binding) checkCount(i int32) error {
	n := b.tree.nodes[i]
	if n.op != opCall {
		return nil
	}
	operands := b.operands(n)
	for _, o := range operands {
		if err := b.checkCount(o); err != nil {
			return err
		}
	}
	if len(operands) != functions[n.fn].operands {
		return invalid(b.tree.kind, textOperandCount, n.fn, len(operands))
	}
	return nil
}

// checkDistinct refuses an operator whose first operand, a path, comes again.
func (b *binding) checkDistinct(operator string, operands []int32) error {
	first := b.tree.nodes[operands[0]]
	if first.op != opPath {
		return nil
	}
	path := b.path(first)
	for _, o := range operands[1:] {
		if n := b.tree.nodes[o]; n.op == opPath && slices.Equal(path, b.path(n)) {
			return invalid(b.tree.kind, textNotDistinct, operator, path)
		}
	}
	return nil
}

// checkCall checks the types of the operands of a call, inner calls first.
func (b *binding) checkCall(i int32) error {
	n := b.tree.nodes[i]
	if n.op != opCall {
		return nil
	}
	operands := b.operands(n)
	for _, o := range operands {
		if err := b.checkCall(o); err != nil {
			return err
		}
	}
	switch n.fn {
	case fnAttributeExists, fnAttributeNotExists:
		if b.tree.nodes[operands[0]].op != opPath {
			return invalid(b.tree.kind, textNeedsPath, n.fn)
		}
	case fnAttributeType:
		return b.checkTypeName(operands[1])
	case fnBeginsWith:
		return b.checkKinds(n.fn.String(), isText, operands...)
	case fnSize:
		return b.checkKinds(n.fn.String(), hasSize, operands...)
	}
	return nil
}

// checkTypeName checks the second operand of attribute_type, which must be a
// value that names a type.
func (b *binding) checkTypeName(i int32) error {
	kind := b.kindOf(i)
	if kind != attr.KindS {
		name := kind.String()
		if kind == attr.KindNone {
			name = anyType
		}
		return invalid(b.tree.kind, textOperandType, fnAttributeType, name)
	}
	name := b.values[b.tree.nodes[i].a].Str()
	for k := attr.KindS; k <= attr.KindM; k++ {
		if k.String() == name {
			return nil
		}
	}
	return b.noSuchType(name)
}

func (b *binding) noSuchType(name string) error {
	types := typeNames
	if b.tree.kind == Statement {
		types = typeNamesStatement
	}
	return invalid(b.tree.kind, textTypeName, name, types)
}

// kindOf returns the type of an operand, or KindNone if the item decides.
func (b *binding) kindOf(i int32) attr.Kind {
	n := b.tree.nodes[i]
	switch {
	case n.op == opValue:
		return b.values[n.a].Kind()
	case n.op == opCall && n.fn == fnSize:
		return attr.KindN
	case n.isCondition():
		return attr.KindBool
	}
	return attr.KindNone
}

// checkKinds refuses operands that are known to be of another type than those
// that the operator works on.
func (b *binding) checkKinds(operator string, ok func(attr.Kind) bool, operands ...int32) error {
	for _, o := range operands {
		if kind := b.kindOf(o); kind != attr.KindNone && !ok(kind) {
			return invalid(b.tree.kind, textOperandType, operator, kind)
		}
	}
	return nil
}

func isText(k attr.Kind) bool { return k == attr.KindS || k == attr.KindB }

func isOrdered(k attr.Kind) bool { return isText(k) || k == attr.KindN }

func hasSize(k attr.Kind) bool {
	return k != attr.KindN && k != attr.KindBool && k != attr.KindNull
}

func (b *binding) checkOrdered(n node, operands ...int32) error {
	if n.op == opEq || n.op == opNe {
		return nil
	}
	return b.checkKinds(n.op.String(), isOrdered, operands...)
}

func (b *binding) checkBetween(n node) error {
	if err := b.checkOrdered(n, n.a, n.b, n.c); err != nil {
		return err
	}
	lower, upper := b.tree.nodes[n.b], b.tree.nodes[n.c]
	if lower.op != opValue || upper.op != opValue {
		return nil
	}
	low, high := b.values[lower.a], b.values[upper.a]
	c, ok := attr.Compare(low, high)
	if !ok {
		return invalid(b.tree.kind, textBetweenTypes, quote(low), quote(high))
	}
	if c > 0 {
		return invalid(b.tree.kind, textBetweenOrder, quote(low), quote(high))
	}
	return nil
}
