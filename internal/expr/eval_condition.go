package expr

import (
	"strings"
	"unicode/utf16"

	"github.com/levee-io/levee/internal/attr"
)

// Eval reports whether the condition is true of the item; a nil item is one
// that does not exist. Nothing about an item makes a condition fail: a missing
// attribute or one of another type makes comparisons false, except that it
// differs from everything.
func (c *Condition) Eval(item attr.Map) bool { return c.holds(c.tree.root, item) }

func (b *binding) holds(i int32, item attr.Map) bool {
	switch n := b.tree.nodes[i]; n.op {
	case opAnd:
		return b.holds(n.a, item) && b.holds(n.b, item)
	case opOr:
		return b.holds(n.a, item) || b.holds(n.b, item)
	case opNot:
		return !b.holds(n.a, item)
	case opCall:
		return b.holdsCall(n, item)
	case opBetween:
		x, lower, upper := b.operand(n.a, item), b.operand(n.b, item), b.operand(n.c, item)
		return ordered(opGe, x, lower) && ordered(opLe, x, upper)
	case opIn:
		return b.holdsIn(n, item)
	default:
		return compare(n.op, b.operand(n.a, item), b.operand(n.b, item))
	}
}

// operand returns the value of an operand, or the zero Value if it has none.
func (b *binding) operand(i int32, item attr.Map) attr.Value {
	n := b.tree.nodes[i]
	switch n.op {
	case opPath:
		v, _ := b.path(n).find(item)
		return v
	case opValue:
		return b.values[n.a]
	}
	if n.isCondition() {
		return attr.Bool(b.holds(i, item))
	}
	return size(b.operand(b.operands(n)[0], item))
}

func compare(o op, x, y attr.Value) bool {
	switch o {
	case opEq:
		return equal(x, y)
	case opNe:
		return !equal(x, y)
	}
	return ordered(o, x, y)
}

// equal is equality of two values that exist.
func equal(x, y attr.Value) bool { return !x.IsZero() && x.Equal(y) }

// ordered compares strings, numbers or binaries. Anything else has no order.
func ordered(o op, x, y attr.Value) bool {
	c, ok := attr.Compare(x, y)
	if !ok {
		return false
	}
	switch o {
	case opLt:
		return c < 0
	case opLe:
		return c <= 0
	case opGt:
		return c > 0
	default:
		return c >= 0
	}
}

func (b *binding) holdsIn(n node, item attr.Map) bool {
	x := b.operand(n.a, item)
	for _, o := range b.tree.args[n.b:n.c] {
		if equal(x, b.operand(o, item)) {
			return true
		}
	}
	return false
}

func (b *binding) holdsCall(n node, item attr.Map) bool {
	operands := b.operands(n)
	x := b.operand(operands[0], item)
	switch n.fn {
	case fnAttributeExists:
		return !x.IsZero()
	case fnAttributeNotExists:
		return x.IsZero()
	case fnAttributeType:
		return !x.IsZero() && x.Kind().String() == b.operand(operands[1], item).Str()
	case fnBeginsWith:
		return beginsWith(x, b.operand(operands[1], item))
	default:
		return contains(x, b.operand(operands[1], item))
	}
}

func beginsWith(x, prefix attr.Value) bool {
	return x.Kind() == prefix.Kind() && isText(x.Kind()) && strings.HasPrefix(text(x), text(prefix))
}

// text returns the bytes of a string or binary.
func text(v attr.Value) string {
	if v.Kind() == attr.KindB {
		return v.Binary()
	}
	return v.Str()
}

// contains looks for a part of a string or binary, or for an element of a set
// or list.
func contains(x, y attr.Value) bool {
	if isText(x.Kind()) {
		return x.Kind() == y.Kind() && strings.Contains(text(x), text(y))
	}
	for _, e := range x.Elems() {
		if equal(e, y) {
			return true
		}
	}
	return false
}

// size returns the number of UTF-16 units of a string, of bytes of a binary, or of
// elements of anything else that has some; the zero Value for what has no size.
func size(v attr.Value) attr.Value {
	var n int
	switch v.Kind() {
	case attr.KindS:
		n = utf16Len(text(v))
	case attr.KindB:
		n = len(text(v))
	case attr.KindSS, attr.KindNS, attr.KindBS, attr.KindL:
		n = len(v.Elems())
	case attr.KindM:
		n = len(v.Map())
	default:
		return attr.Value{}
	}
	return attr.N(attr.IntNumber(int64(n)))
}

// utf16Len returns how long a string is in the service's own language: a character
// beyond the basic plane counts twice.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
