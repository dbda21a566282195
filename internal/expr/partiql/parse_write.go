package partiql

// insertion parses INSERT INTO table VALUE item.
func (p *parser) insertion() {
	p.next()
	p.verb = Insert
	p.expect("INTO", "INTO")
	p.sourcePath()
	if p.accept("VALUE") {
		p.value = p.expression(0)
	} else {
		p.expression(0)
		p.note(errorf(textUnsupportedStatement, "Insert"))
	}
	if p.returningClause() {
		p.note(errorf(textReturningInsert))
	}
}

// update parses UPDATE table, its SETs and REMOVEs, and then WHERE.
func (p *parser) update() {
	p.next()
	p.verb = Update
	p.sourcePath()
	p.alias()
	p.changes()
	if p.accept("WHERE") {
		p.where = p.expression(0)
	}
	p.returningClause()
}

// fromFirst parses the other form of an update, in which WHERE comes first.
func (p *parser) fromFirst() {
	p.next()
	p.verb = Update
	p.sourcePath()
	p.alias()
	if p.accept("WHERE") {
		p.where = p.expression(0)
	}
	p.changes()
	p.returningClause()
}

// deletion parses DELETE FROM table WHERE condition.
func (p *parser) deletion() {
	p.next()
	p.verb = Delete
	p.expect("FROM", "FROM after DELETE")
	p.sourcePath()
	p.alias()
	if p.accept("WHERE") {
		p.where = p.expression(0)
	}
	if p.returningClause() && p.returning != ReturnAllOld {
		p.note(errorf(textReturningDelete, p.returning))
	}
}

// changes parses the SETs and REMOVEs of an update.
func (p *parser) changes() {
	for p.err == nil {
		switch {
		case p.accept("SET"):
			p.assignments()
		case p.accept("REMOVE"):
			p.removals()
		case len(p.actions) == 0:
			p.fail(detailNoStatement)
		default:
			return
		}
	}
}

func (p *parser) assignments() {
	for first := true; first || p.accept(","); first = false {
		target := p.changed()
		p.expect("=", "EQ")
		p.actions = append(p.actions, action{target, p.expression(0)})
	}
}

func (p *parser) removals() {
	for first := true; first || p.accept(","); first = false {
		p.actions = append(p.actions, action{target: p.changed()})
	}
}

// changed parses the path of what an update changes.
func (p *parser) changed() *node {
	if t := p.tok(); t.kind != tokName && t.kind != tokQuoted {
		p.fail(detailSimplePath)
		return &node{}
	}
	return p.path()
}

// returningClause parses RETURNING (ALL | MODIFIED) (OLD | NEW) *. All but
// RETURNING and ALL are names elsewhere.
func (p *parser) returningClause() bool {
	if !p.accept("RETURNING") {
		return false
	}
	const form = "RETURNING (ALL | MODIFIED) (OLD | NEW) *"
	modified, ok := p.oneOf("ALL", "MODIFIED")
	isNew, ok2 := p.oneOf("OLD", "NEW")
	if !ok || !ok2 {
		p.fail(detailExpected, form)
		return false
	}
	p.expect("*", form)
	p.returning = [2][2]Returning{{ReturnAllOld, ReturnAllNew}, {ReturnModifiedOld, ReturnModifiedNew}}[modified][isNew]
	return true
}

// oneOf consumes one of two words, and tells which.
func (p *parser) oneOf(first, second string) (which int, ok bool) {
	t := p.tok()
	if t.kind != tokName && t.kind != tokKeyword {
		return 0, false
	}
	switch upper(t.text) {
	case first:
	case second:
		which = 1
	default:
		return 0, false
	}
	p.next()
	return which, true
}
