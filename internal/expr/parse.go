package expr

import (
	"math"
	"strconv"
)

// Limits of the service on one expression.
const (
	maxBytes     = 4096
	maxOperators = 300
	maxOperands  = 100 // of IN
	maxDepth     = 32  // of a document path

	maxPlaceholder   = 255     // bytes of a key of ExpressionAttributeNames or ExpressionAttributeValues
	maxSubstitutions = 2 << 20 // bytes of both, keys and all
)

// parser turns tokens into a tree, by recursive descent with one token of
// lookahead. Its recursion is bounded by maxBytes: every level consumes a
// token. The first syntax error stops it (p.err); static errors that the
// service reports only for a well-formed expression are noted on the way, the
// first of each rank, and the lowest rank wins.
type parser struct {
	*ast
	tok, prev token
	hasPrev   bool
	err       error
	operators int
	noted     [rankCount]error

	// pending holds the operands of the lists being parsed, outer ones first.
	pending     []int32
	pendingRoom [8]int32
}

// rank orders the static errors. Conditions report a bad function before a
// reserved word, updates the other way round.
type rank uint8

const (
	rankOperators rank = iota
	rankReservedUpdate
	rankFunction
	rankMisuse
	rankReserved
	rankPath
	rankSection
	rankCount
)

// parse parses src, of at most maxBytes, without regard to a request's
// parameters.
func parse(kind Kind, src string) (*ast, error) {
	p := parser{ast: &ast{kind: kind, src: src}}
	p.pending = p.pendingRoom[:0]
	p.tok = lex(src, 0)
	if p.tok.kind == tokEOF {
		return nil, invalid(kind, textEmpty)
	}
	switch kind {
	case ProjectionExpression:
		p.projection()
	case UpdateExpression:
		p.update()
	default:
		p.root = p.condition()
	}
	if p.err == nil && p.tok.kind != tokEOF {
		p.syntaxError()
	}
	if p.err != nil {
		return nil, p.err
	}
	for _, err := range p.noted {
		if err != nil {
			return nil, err
		}
	}
	return p.ast, nil
}

func (p *parser) text(t token) string { return p.src[t.start:t.end] }

// next moves to the next token.
func (p *parser) next() {
	p.prev, p.hasPrev = p.tok, true
	p.tok = lex(p.src, p.tok.end)
}

// accept consumes the current token if it is of kind k.
func (p *parser) accept(k tokenKind) bool {
	if p.err != nil || p.tok.kind != k {
		return false
	}
	p.next()
	return true
}

// expect consumes a token of kind k, and fails on any other.
func (p *parser) expect(k tokenKind) bool {
	if p.accept(k) {
		return true
	}
	p.syntaxError()
	return false
}

// fail keeps the first error and puts the parser at the end of the source, so
// that every loop ends.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = invalid(p.kind, format, args...)
		p.tok = token{tokEOF, int32(len(p.src)), int32(len(p.src))}
	}
}

// syntaxError refuses the current token. The service quotes it together with
// its neighbours, as the source has them.
func (p *parser) syntaxError() {
	if p.err != nil {
		return
	}
	bad, from, to := "<EOF>", p.tok.start, p.tok.end
	if p.hasPrev {
		from = p.prev.start
	}
	if p.tok.kind == tokEOF {
		to = p.prev.end
	} else {
		bad = p.text(p.tok)
		if following := lex(p.src, p.tok.end); following.kind != tokEOF {
			to = following.end
		}
	}
	p.fail(textSyntax, bad, p.src[from:to])
}

func (p *parser) note(r rank, format string, args ...any) {
	if p.noted[r] == nil {
		p.noted[r] = invalid(p.kind, format, args...)
	}
}

func (p *parser) countOperator() {
	p.operators++
	if p.operators > maxOperators {
		p.note(rankOperators, textTooManyOperators, maxOperators+1)
	}
}

func (p *parser) add(n node) int32 {
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

// path parses a document path and returns its index.
func (p *parser) path() int32 {
	from := len(p.steps)
	p.name()
	for p.err == nil {
		if p.accept(tokDot) {
			p.name()
		} else if p.accept(tokOpenIndex) {
			p.index()
		} else {
			break
		}
	}
	if depth := len(p.steps) - from; depth > maxDepth {
		p.note(rankPath, textPathTooDeep, depth)
	}
	p.paths = append(p.paths, span32{int32(from), int32(len(p.steps))})
	return int32(len(p.paths) - 1)
}

// name parses the name of an attribute, or its placeholder.
func (p *parser) name() {
	switch name := p.text(p.tok); p.tok.kind {
	case tokHash:
		p.names = true
		p.steps = append(p.steps, Step{Name: name, Index: -1})
	case tokName:
		p.checkReserved(name)
		p.steps = append(p.steps, Step{Name: name, Index: -1})
	default:
		p.syntaxError()
		return
	}
	p.next()
}

func (p *parser) checkReserved(name string) {
	if !isReserved(name) {
		return
	}
	if p.kind == UpdateExpression {
		p.note(rankReservedUpdate, textReserved, name)
	} else {
		p.note(rankReserved, textReserved, name)
	}
}

// index parses the rest of "[n]".
func (p *parser) index() {
	text := p.text(p.tok)
	if !p.expect(tokIndex) {
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > math.MaxInt32 {
		p.note(rankPath, textIndexRange, text)
		n = 0
	}
	p.steps = append(p.steps, Step{Index: int32(n)})
	p.expect(tokCloseIndex)
}

// value parses the placeholder of a value and returns its node.
func (p *parser) value() int32 {
	text := p.text(p.tok)
	if !p.expect(tokColon) {
		return 0
	}
	p.values = append(p.values, text)
	return p.add(node{op: opValue, a: int32(len(p.values) - 1)})
}

// operand parses what may stand at the right of an operator or between the
// parentheses of a function: a path, a value, a call, or one of them in
// parentheses.
func (p *parser) operand() int32 {
	n, _ := p.operandInParens()
	return n
}

// operandInParens also tells whether the operand stood in parentheses.
func (p *parser) operandInParens() (n int32, parens bool) {
	if !p.accept(tokOpen) {
		return p.bareOperand(), false
	}
	n, parens = p.operandInParens()
	p.closeParens(parens)
	return n, true
}

// closeParens ends a pair of parentheses. A pair directly within another is an
// error, found before whatever follows.
func (p *parser) closeParens(redundant bool) {
	if p.expect(tokClose) && redundant {
		p.fail(textRedundantParens)
	}
}

// bareOperand parses a path, a value or a call.
func (p *parser) bareOperand() int32 {
	if p.tok.kind == tokColon {
		return p.value()
	}
	if p.tok.kind == tokName && lex(p.src, p.tok.end).kind == tokOpen {
		return p.call()
	}
	return p.add(node{op: opPath, a: p.path()})
}

// call parses a function call.
func (p *parser) call() int32 {
	name := p.text(p.tok)
	p.next()
	p.next()
	run := p.list()
	fn := functionNamed(name)
	p.checkFunction(fn, name)
	p.checkNested(p.args[run.from:run.to]...)
	return p.add(node{op: opCall, fn: fn, a: run.from, b: run.to})
}

// list parses operands up to the closing parenthesis, which it consumes, and
// returns their run in p.args. Inner lists have theirs before.
func (p *parser) list() span32 {
	mark := len(p.pending)
	p.pending = append(p.pending, p.operand())
	for p.accept(tokComma) {
		p.pending = append(p.pending, p.operand())
	}
	p.expect(tokClose)
	from := int32(len(p.args))
	p.args = append(p.args, p.pending[mark:]...)
	p.pending = p.pending[:mark]
	return span32{from, int32(len(p.args))}
}

func (p *parser) checkFunction(fn function, name string) {
	update := p.kind == UpdateExpression
	switch {
	case fn == fnUnknown:
		p.note(rankFunction, textUnknownFunction, name)
	case update && !functions[fn].update:
		p.note(rankFunction, textNotInUpdate, name)
	case !update && functions[fn].update:
		p.note(rankFunction, textNotInCondition, name)
	}
	if update {
		p.countOperator()
	}
}

// checkNested refuses calls as the operands of another, or of an operator: in a
// condition only size has a value, and in an update the service takes only
// if_not_exists within another function.
func (p *parser) checkNested(operands ...int32) {
	if p.err != nil {
		return
	}
	for _, o := range operands {
		n := p.nodes[o]
		if n.op == opCall && n.fn != fnUnknown && n.fn != fnSize && n.fn != fnIfNotExists {
			p.note(rankMisuse, textMisusedFunction, n.fn)
		}
	}
}
