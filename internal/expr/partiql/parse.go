package partiql

// maxNesting bounds how deep a statement nests, and with it the recursion.
const maxNesting = 300

// parser turns tokens into a tree by recursive descent. The first syntax error
// stops it (p.err); whatever else is wrong is noted in the tree.
type parser struct {
	tokens []token
	at     int
	depth  int
	params int // read so far
	err    error
	*tree
}

// parse reads one statement.
func parse(src string) (*tree, error) {
	tokens, err := scan(src)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens, tree: &tree{}}
	p.statement()
	p.accept(";")
	if p.err == nil && p.tok().kind != tokEnd {
		p.fail(detailLeftover)
	}
	return p.tree, p.err
}

func (p *parser) tok() token { return p.tokens[p.at] }

// following is the token after the current one.
func (p *parser) following() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) next() {
	if p.at+1 < len(p.tokens) {
		p.at++
	}
}

// fail keeps the first error and puts the parser at the end, so that every loop
// ends.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = malformed(format, args...)
		p.at = len(p.tokens) - 1
	}
}

// note keeps the first thing that is well formed and yet not meant.
func (p *parser) note(err error) {
	if p.unmeant == nil {
		p.unmeant = err
	}
}

// accept consumes the mark or keyword if it comes.
func (p *parser) accept(text string) bool {
	if p.err != nil || !p.tok().is(text) {
		return false
	}
	p.next()
	return true
}

// expect consumes the mark or keyword and fails on anything else; name is what the
// service calls it.
func (p *parser) expect(text, name string) {
	if !p.accept(text) {
		p.fail(detailExpected, name)
	}
}

// ended reports whether nothing comes any more.
func (p *parser) ended() bool {
	return p.tok().kind == tokEnd || p.tok().is(";") && p.following().kind == tokEnd
}

// enter counts a level of nesting; leave ends it.
func (p *parser) enter() {
	if p.depth++; p.depth > maxNesting {
		p.fail("")
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) statement() {
	switch t := p.tok(); {
	case t.is("SELECT"):
		p.selection()
	case t.is("INSERT"):
		p.insertion()
	case t.is("UPDATE"):
		p.update()
	case t.is("FROM"):
		p.fromFirst()
	case t.is("DELETE"):
		p.deletion()
	case t.is("EXISTS") && p.following().is("("):
		p.exists()
	default:
		n := p.expression(0)
		if p.err == nil {
			p.note(errorf(textUnsupportedStatement, n.className()))
		}
	}
}

// exists parses EXISTS(SELECT ...).
func (p *parser) exists() {
	p.next()
	p.next()
	if !p.tok().is("SELECT") {
		p.fail(detailKeyword)
		return
	}
	p.selection()
	p.expect(")", "RIGHT_PAREN")
	p.verb = Exists
}
