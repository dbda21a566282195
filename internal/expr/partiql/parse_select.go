package partiql

// selection parses SELECT ... FROM ... [WHERE ...] [ORDER BY ...].
func (p *parser) selection() {
	p.next()
	p.verb = Select
	p.projection()
	if p.ended() || !p.tok().is("FROM") {
		p.fail(detailExpected, "FROM after SELECT list")
		return
	}
	p.next()
	p.selectSource()
	if p.accept("WHERE") {
		p.where = p.expression(0)
	}
	p.clauses()
}

func (p *parser) projection() {
	if t := p.tok(); t.is("DISTINCT") || t.is("ALL") || t.is("VALUE") {
		p.note(errorAt(t.at, textUnsupportedClause, t.text))
		p.next()
	}
	for first := true; first || p.accept(","); first = false {
		if p.accept("*") {
			p.star = true
			continue
		}
		p.columns = append(p.columns, p.expression(0))
		p.alias()
	}
	if p.star && len(p.columns) > 0 {
		p.note(errorf(textStarAndOthers))
	}
}

// alias parses the name that something is given, which DynamoDB does not have.
func (p *parser) alias() {
	t := p.tok()
	if p.err != nil || !t.is("AS") && t.kind != tokName && t.kind != tokQuoted {
		return
	}
	if t.is("AS") {
		p.next()
		if t = p.tok(); t.kind != tokName && t.kind != tokQuoted {
			p.fail(detailExpected, "identifier for alias")
			return
		}
	}
	p.next()
	p.note(errorf(textAlias))
}

// selectSource parses what is read: a table or an index.
func (p *parser) selectSource() {
	switch t := p.tok(); {
	case t.kind == tokName, t.kind == tokQuoted:
		p.sourcePath()
		p.alias()
	default:
		p.expression(0)
		p.note(errorf(textOneSource))
	}
	for p.accept(",") {
		p.expression(0)
		p.note(errorf(textOneSource))
	}
}

// sourcePath parses the path of a table or index.
func (p *parser) sourcePath() {
	if t := p.tok(); t.kind != tokName && t.kind != tokQuoted {
		p.fail(detailSimplePath)
		return
	}
	for {
		p.source = append(p.source, p.tok().text)
		p.next()
		if !p.accept(".") {
			return
		}
		if t := p.tok(); t.kind != tokName && t.kind != tokQuoted {
			p.fail(detailPathDot)
			return
		}
	}
}

// clauses parses what may follow a WHERE. DynamoDB has ORDER BY only.
func (p *parser) clauses() {
	if t := p.tok(); t.is("GROUP") || t.is("HAVING") {
		p.next()
		p.accept("BY")
		p.expressions()
		p.note(errorAt(t.at, textUnsupportedClause, t.text))
	}
	if p.accept("ORDER") {
		p.expect("BY", "BY after ORDER")
		p.orderTerms()
	}
	for p.tok().is("LIMIT") || p.tok().is("OFFSET") {
		clause := p.tok().text
		p.next()
		at := p.tok().at
		p.expression(0)
		p.note(errorAt(at, textUnsupportedClause, clause))
	}
}

func (p *parser) orderTerms() {
	for first := true; first || p.accept(","); first = false {
		term := orderTerm{key: p.expression(0)}
		if p.accept("DESC") {
			term.desc = true
		} else {
			p.accept("ASC")
		}
		p.order = append(p.order, term)
	}
}
