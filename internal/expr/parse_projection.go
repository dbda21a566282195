package expr

// projection parses document paths with commas between them.
func (p *parser) projection() {
	p.path()
	for p.accept(tokComma) {
		p.path()
	}
}
