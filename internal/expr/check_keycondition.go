package expr

// split takes a condition apart into conditions on attributes, from left to
// right, and refuses everything that a key condition may not have.
func (k *KeyCondition) split(i int32) error {
	n := k.tree.nodes[i]
	switch n.op {
	case opAnd:
		if err := k.split(n.a); err != nil {
			return err
		}
		return k.split(n.b)
	case opOr, opNot, opIn, opNe:
		return errorf(textKeyOperator, n.op)
	case opCall:
		if n.fn != fnBeginsWith {
			return errorf(textKeyOperator, n.fn)
		}
		return k.condition(n.fn.String(), KeyBeginsWith, k.operands(n))
	case opBetween:
		return k.condition("BETWEEN", KeyBetween, []int32{n.a, n.b, n.c})
	}
	ops := [...]KeyOp{
		opEq: KeyEqual, opLt: KeyLess, opLe: KeyLessOrEqual, opGt: KeyGreater, opGe: KeyGreaterOrEqual,
	}
	return k.condition("", ops[n.op], []int32{n.a, n.b})
}

// condition adds the condition of one operator. operator names those that need
// the attribute as their first operand.
func (k *KeyCondition) condition(operator string, o KeyOp, operands []int32) error {
	if operator != "" && k.tree.nodes[operands[0]].op != opPath {
		return errorf(textKeyFirstOperand, operator)
	}
	c := keyCond{op: o}
	named, values := -1, 0
	for i, operand := range operands {
		switch n := k.tree.nodes[operand]; n.op {
		case opCall:
			return errorf(textKeyNestedOp)
		case opPath:
			path := k.path(n)
			if named >= 0 {
				return errorf(textKeyManyNames)
			}
			if len(path) > 1 {
				return errorf(textKeyNestedPath)
			}
			c.name, named = path[0].Name, i
		case opValue:
			if values < len(c.values) {
				c.values[values] = k.values[n.a]
				values++
			}
		}
	}
	if named < 0 {
		return errorf(textKeyNoName)
	}
	if named > 0 {
		c.op = mirrored(o)
	}
	return k.addCondition(c)
}

func (k *KeyCondition) addCondition(c keyCond) error {
	for _, other := range k.conds {
		if other.name == c.name {
			return errorf(textKeyTwice)
		}
	}
	k.conds = append(k.conds, c)
	return nil
}

// mirrored returns the operator with its operands exchanged.
func mirrored(o KeyOp) KeyOp {
	switch o {
	case KeyLess:
		return KeyGreater
	case KeyLessOrEqual:
		return KeyGreaterOrEqual
	case KeyGreater:
		return KeyLess
	case KeyGreaterOrEqual:
		return KeyLessOrEqual
	}
	return o
}
