package expr

// term is a part of a condition on its way up. In parentheses a bare operand
// may stand where a condition may: "(a) = b" and "(a = b)" begin alike. A call
// is both an operand and a condition until its neighbours decide.
type term struct {
	node      int32
	operand   bool
	condition bool
	parens    bool
}

// Binding powers of the binary logical operators.
const (
	powerOr  = 1
	powerAnd = 2
)

// condition parses a whole condition expression.
func (p *parser) condition() int32 {
	t := p.logical(powerOr, false)
	p.checkCondition(t)
	return t.node
}

// logical parses terms joined by operators that bind at least as tightly as
// power. Within parentheses inParens lets a bare operand through.
func (p *parser) logical(power int, inParens bool) term {
	left := p.negation(inParens)
	for p.err == nil {
		op, binds := opOr, powerOr
		if p.tok.kind == tokAnd {
			op, binds = opAnd, powerAnd
		} else if p.tok.kind != tokOr {
			break
		}
		if binds < power {
			break
		}
		p.next()
		p.countOperator()
		right := p.logical(binds+1, false)
		p.checkCondition(left)
		p.checkCondition(right)
		left = term{node: p.add(node{op: op, a: left.node, b: right.node}), condition: true}
	}
	return left
}

func (p *parser) negation(inParens bool) term {
	if !p.accept(tokNot) {
		return p.comparison(inParens)
	}
	p.countOperator()
	t := p.negation(false)
	p.checkCondition(t)
	return term{node: p.add(node{op: opNot, a: t.node}), condition: true}
}

// checkCondition refuses size, the one function with a value, as a condition.
func (p *parser) checkCondition(t term) {
	if p.err == nil && t.operand && p.nodes[t.node].fn == fnSize {
		p.note(rankMisuse, textMisusedFunction, fnSize)
	}
}

// comparison parses an operand with its operator, a call, or a condition in
// parentheses.
func (p *parser) comparison(inParens bool) term {
	left := p.primary()
	if p.err != nil || !left.operand {
		return left
	}
	switch p.tok.kind {
	case tokEq, tokNe, tokLt, tokLe, tokGt, tokGe:
		return p.compare(left.node)
	case tokBetween:
		return p.between(left.node)
	case tokIn:
		return p.in(left.node)
	}
	if !left.condition && !(inParens && p.tok.kind == tokClose) {
		p.syntaxError()
	}
	return left
}

func (p *parser) primary() term {
	if p.accept(tokOpen) {
		t := p.logical(powerOr, true)
		p.closeParens(t.parens)
		t.parens = true
		return t
	}
	n := p.bareOperand()
	if p.err != nil {
		return term{}
	}
	return term{node: n, operand: true, condition: p.nodes[n].op == opCall}
}

func (p *parser) compare(left int32) term {
	op := opEq + op(p.tok.kind-tokEq)
	p.next()
	p.countOperator()
	right := p.operand()
	return p.operation(node{op: op, a: left, b: right}, left, right)
}

func (p *parser) between(left int32) term {
	p.next()
	p.countOperator()
	lower := p.operand()
	p.expect(tokAnd)
	upper := p.operand()
	return p.operation(node{op: opBetween, a: left, b: lower, c: upper}, left, lower, upper)
}

func (p *parser) in(left int32) term {
	p.next()
	p.countOperator()
	p.expect(tokOpen)
	run := p.list()
	list := p.args[run.from:run.to]
	if len(list) > maxOperands {
		p.note(rankOperators, textTooManyOperands, len(list))
	}
	p.checkNested(list...)
	return p.operation(node{op: opIn, a: left, b: run.from, c: run.to}, left)
}

// operation adds the node of an operator and checks operands that must have
// values.
func (p *parser) operation(n node, operands ...int32) term {
	if p.err != nil {
		return term{}
	}
	p.checkNested(operands...)
	return term{node: p.add(n), condition: true}
}
