package expr

import (
	"strconv"
)

// What an UpdateExpression costs towards the limit of 400 KB, besides the names and
// values in it. No guide has the figures: the authors of the dynamodb-conformance
// suite measured them at the limit (eu-west-2, 2026).
const (
	chargeUpdate      = 3
	chargeWrite       = 19 // SET and ADD
	chargeTake        = 1  // REMOVE and DELETE
	chargeTargetStep  = 4  // each step of a target, after its attribute
	chargeOperand     = 1  // a path that is read
	chargeOperandStep = 14 // each step of one, and its attribute
	chargeAdd         = 34
	chargeSub         = 37
	chargeListAppend  = 37
	chargeIfNotExists = 39
)

// Charge returns the size of the update as it was asked for, which the service holds
// to the limit of an item's size before it looks at the item: what the clauses
// write, whatever the item has, and something for each of them. A value counts at
// each of its uses, and what a path leads to does not count.
func (u *Update) Charge() int {
	size := chargeUpdate
	for _, a := range u.tree.acts {
		size += u.targetCharge(a.target)
		switch a.verb {
		case verbSet, verbAdd:
			size += chargeWrite + u.operandCharge(a.value)
		default:
			size += chargeTake
		}
	}
	return size
}

func (u *Update) targetCharge(path int32) int {
	target := u.pathAt(path)
	size := (len(target) - 1) * chargeTargetStep
	for _, s := range target {
		size += s.size()
	}
	return size
}

func (u *Update) operandCharge(i int32) int {
	n := u.tree.nodes[i]
	switch n.op {
	case opValue:
		return u.values[n.a].Size()
	case opPath:
		size := chargeOperand
		for _, s := range u.path(n) {
			size += chargeOperandStep + s.size()
		}
		return size
	case opAdd:
		return chargeAdd + u.operandCharge(n.a) + u.operandCharge(n.b)
	case opSub:
		return chargeSub + u.operandCharge(n.a) + u.operandCharge(n.b)
	}
	size := chargeIfNotExists
	if n.fn == fnListAppend {
		size = chargeListAppend
	}
	for _, arg := range u.operands(n) {
		size += u.operandCharge(arg)
	}
	return size
}

// size returns the bytes of a name, or the digits of an index.
func (s Step) size() int {
	if s.IsIndex() {
		return len(strconv.Itoa(int(s.Index)))
	}
	return len(s.Name)
}
