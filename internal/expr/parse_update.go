package expr

// update parses the sections of an update expression, in any order.
func (p *parser) update() {
	var seen [4]bool
	for first := true; p.err == nil && (first || p.tok.kind != tokEOF); first = false {
		var v verb
		switch p.tok.kind {
		case tokSet:
			v = verbSet
		case tokRemove:
			v = verbRemove
		case tokAdd:
			v = verbAdd
		case tokDelete:
			v = verbDelete
		default:
			p.syntaxError()
			return
		}
		p.next()
		p.section(v)
		if seen[v] {
			p.note(rankSection, textRepeatedSection, v)
		}
		seen[v] = true
	}
}

// section parses the actions of a section.
func (p *parser) section(v verb) {
	p.action(v)
	for p.accept(tokComma) {
		p.action(v)
	}
}

func (p *parser) action(v verb) {
	a := action{verb: v, target: p.path()}
	switch v {
	case verbSet:
		p.expect(tokEq)
		if p.err == nil {
			a.value, _ = p.setValue()
		}
	case verbAdd, verbDelete:
		a.value = p.value()
	}
	p.acts = append(p.acts, a)
}

// setValue parses an operand, or the sum or difference of two. A sum may stand
// in parentheses but is no operand of another.
func (p *parser) setValue() (n int32, parens bool) {
	if p.tok.kind == tokOpen {
		p.next()
		n, parens = p.setValue()
		p.closeParens(parens)
		if p.err != nil || p.isSum(n) {
			return n, true
		}
		parens = true
	} else {
		n = p.bareOperand()
	}
	op := opAdd
	switch {
	case p.err != nil:
		return 0, false
	case p.tok.kind == tokMinus:
		op = opSub
	case p.tok.kind != tokPlus:
		return n, parens
	}
	p.next()
	p.countOperator()
	right := p.operand()
	return p.add(node{op: op, a: n, b: right}), false
}

func (p *parser) isSum(n int32) bool {
	return p.nodes[n].op == opAdd || p.nodes[n].op == opSub
}
