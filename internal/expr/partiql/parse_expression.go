package partiql

import (
	"math"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/expr"
)

// Binding powers of the operators. NOT stands between AND and the comparisons.
const (
	powerOr = iota + 1
	powerAnd
	powerNot
	powerCompare
	powerConcat
	powerSum
	powerProduct
)

var infix = map[string]int{
	"OR": powerOr, "AND": powerAnd,
	"=": powerCompare, "<>": powerCompare, "!=": powerCompare, "<": powerCompare, "<=": powerCompare,
	">": powerCompare, ">=": powerCompare, "IS": powerCompare, "IN": powerCompare, "LIKE": powerCompare,
	"BETWEEN": powerCompare, "||": powerConcat, "+": powerSum, "-": powerSum,
	"*": powerProduct, "/": powerProduct, "%": powerProduct,
}

func upper(s string) string { return strings.ToUpper(s) }

// operator returns the operator that comes and its power, 0 for none; negated is
// that of NOT IN and the like.
func (p *parser) operator() (t token, power int, negated bool) {
	t = p.tok()
	if t.is("NOT") {
		switch f := p.following(); {
		case f.is("IN"), f.is("BETWEEN"), f.is("LIKE"):
			return f, powerCompare, true
		}
		return t, 0, false
	}
	if t.kind == tokMark || t.kind == tokKeyword {
		power = infix[t.text]
	}
	return t, power, false
}

// expression parses terms joined by operators that bind tighter than power.
func (p *parser) expression(power int) *node {
	p.enter()
	defer p.leave()
	left := p.term()
	for p.err == nil {
		t, binds, negated := p.operator()
		if binds <= power {
			break
		}
		p.next()
		if negated {
			p.next()
		}
		left = p.operation(t, binds, left)
		if negated {
			left = &node{kind: nodeNot, at: t.at, kids: []*node{left}}
		}
	}
	return left
}

// operation parses what is to the right of an operator.
func (p *parser) operation(t token, power int, left *node) *node {
	if t.text != "IS" && p.ended() {
		p.fail(detailRightOperand)
		return left
	}
	switch t.text {
	case "IS":
		return p.typeTest(t, left)
	case "IN":
		return &node{kind: nodeIn, at: t.at, text: "IN", kids: []*node{left, p.members()}}
	case "BETWEEN":
		lower := p.expression(powerCompare)
		p.expect("AND", "AND after BETWEEN")
		return &node{kind: nodeBetween, at: t.at, text: "BETWEEN", kids: []*node{left, lower, p.expression(powerCompare)}}
	}
	operator := t.text
	if operator == "!=" {
		operator = "<>"
	}
	return &node{kind: nodeBinary, at: t.at, text: operator, kids: []*node{left, p.expression(power)}}
}

// members parses what IN looks through. In parentheses even one value is a list.
func (p *parser) members() *node {
	t := p.tok()
	if !p.accept("(") {
		return p.expression(powerCompare)
	}
	list := &node{kind: nodeList, at: t.at}
	list.kids = p.listed(")", "RIGHT_PAREN")
	return list
}

// typeTest parses what follows IS.
func (p *parser) typeTest(t token, left *node) *node {
	not := p.accept("NOT")
	name := p.tok()
	if name.kind != tokName && name.kind != tokKeyword || !typeNames[upper(name.text)] {
		p.fail(detailType)
		return left
	}
	p.next()
	text := upper(name.text)
	for _, second := range [][2]string{{"DOUBLE", "PRECISION"}, {"CHARACTER", "VARYING"}} {
		if text == second[0] && p.accept(second[1]) {
			text += " " + second[1]
		}
	}
	test := &node{kind: nodeIs, at: t.at, text: text, kids: []*node{left}}
	if not {
		return &node{kind: nodeNot, at: t.at, kids: []*node{test}}
	}
	return test
}

// typeNames are the types that PartiQL knows, not all of which DynamoDB has.
var typeNames = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`MISSING NULL BOOL BOOLEAN SMALLINT INT INT2 INT4 INT8 INTEGER INTEGER2 INTEGER4
		INTEGER8 BIGINT FLOAT REAL DOUBLE DECIMAL NUMERIC TIMESTAMP DATE TIME CHARACTER CHAR VARCHAR STRING SYMBOL CLOB
		BLOB STRUCT TUPLE LIST SEXP BAG ANY`) {
		m[name] = true
	}
	return m
}()

// term parses an operand.
func (p *parser) term() *node {
	t := p.tok()
	switch t.kind {
	case tokName, tokQuoted:
		if t.kind == tokName && p.following().is("(") {
			return p.call()
		}
		return p.path()
	case tokString:
		p.next()
		return &node{kind: nodeString, at: t.at, text: t.text}
	case tokNumber:
		p.next()
		return &node{kind: nodeNumber, at: t.at, text: t.text}
	case tokKeyword:
		return p.keyword()
	case tokMark:
		return p.marked()
	}
	p.fail(detailTerm)
	return &node{}
}

// keyword parses a term that begins with a keyword.
func (p *parser) keyword() *node {
	t := p.tok()
	simple := map[string]nodeKind{"TRUE": nodeBool, "FALSE": nodeBool, "NULL": nodeNull, "MISSING": nodeMissing}
	if kind, ok := simple[t.text]; ok {
		p.next()
		return &node{kind: kind, at: t.at, text: t.text}
	}
	switch {
	case t.text == "NOT":
		p.next()
		return &node{kind: nodeNot, at: t.at, kids: []*node{p.expression(powerNot)}}
	case t.text == "FROM":
		p.fail(detailNoStatement)
	case infix[t.text] > 0:
		p.fail(detailOperator)
	case (t.text == "DATE" || t.text == "TIME") && p.following().kind == tokString:
		p.next()
		p.next()
		return &node{kind: nodeUnknown, at: t.at}
	case p.following().is("(") && t.text != "SELECT" && t.text != "WHERE":
		return p.call()
	default:
		p.fail(detailKeyword)
	}
	return &node{}
}

// marked parses a term that begins with an operator or a bracket.
func (p *parser) marked() *node {
	t := p.tok()
	p.next()
	switch t.text {
	case "?":
		p.params++
		return &node{kind: nodeParam, at: t.at, index: p.params - 1}
	case "(":
		return p.parenthesized(t)
	case "[":
		return &node{kind: nodeList, at: t.at, kids: p.listed("]", "RIGHT_BRACKET")}
	case "<<":
		return &node{kind: nodeBag, at: t.at, kids: p.listed(">>", "RIGHT_DOUBLE_ANGLE_BRACKET")}
	case "{":
		return p.structure(t)
	case "+", "-":
		return p.signed(t)
	}
	if infix[t.text] > 0 && t.text != "*" {
		p.fail(detailOperator)
	} else {
		p.fail(detailTerm)
	}
	return &node{}
}

// parenthesized parses a term in parentheses, a list of several, or a SELECT.
func (p *parser) parenthesized(t token) *node {
	if p.tok().is("SELECT") {
		inner := parser{tokens: p.tokens, at: p.at, depth: p.depth, params: p.params, tree: &tree{}}
		inner.selection()
		p.at, p.params, p.err = inner.at, inner.params, inner.err
		p.expect(")", "RIGHT_PAREN")
		return &node{kind: nodeSelect, at: t.at}
	}
	n := p.expression(0)
	if p.tok().is(",") {
		list := &node{kind: nodeList, at: t.at, kids: []*node{n}}
		p.next()
		list.kids = append(list.kids, p.listed(")", "RIGHT_PAREN")...)
		return list
	}
	p.expect(")", "RIGHT_PAREN")
	return n
}

// signed applies a sign to a number; to anything else it is an operator.
func (p *parser) signed(t token) *node {
	p.enter()
	defer p.leave()
	n := p.term()
	if p.err != nil || n.kind != nodeNumber {
		return &node{kind: nodeSign, at: t.at, text: t.text, kids: []*node{n}}
	}
	if t.text == "-" {
		if rest, ok := strings.CutPrefix(n.text, "-"); ok {
			n.text = rest
		} else {
			n.text = "-" + n.text
		}
	}
	return n
}

// expressions parses expressions with commas between them.
func (p *parser) expressions() (list []*node) {
	for first := true; first || p.accept(","); first = false {
		list = append(list, p.expression(0))
	}
	return list
}

// listed parses expressions up to a closing bracket; there may be none.
func (p *parser) listed(end, name string) (list []*node) {
	if p.accept(end) {
		return nil
	}
	list = p.expressions()
	p.expect(end, name)
	return list
}

// structure parses {name: value, ...}.
func (p *parser) structure(t token) *node {
	n := &node{kind: nodeStruct, at: t.at}
	if p.accept("}") {
		return n
	}
	for first := true; first || p.accept(","); first = false {
		n.kids = append(n.kids, p.expression(0))
		p.expect(":", "COLON")
		n.kids = append(n.kids, p.expression(0))
	}
	p.expect("}", "RIGHT_CURLY")
	return n
}

// call parses the call of a function.
func (p *parser) call() *node {
	t := p.tok()
	n := &node{kind: nodeCall, at: t.at, text: strings.ToLower(t.text)}
	p.next()
	p.next()
	switch {
	case p.accept("*"):
		p.expect(")", "RIGHT_PAREN")
	case p.tok().is("SELECT"):
		p.at--
		n.kids = []*node{p.marked()}
	default:
		n.kids = p.listed(")", "RIGHT_PAREN")
	}
	return n
}

// path parses a document path that begins with a name.
func (p *parser) path() *node {
	t := p.tok()
	n := &node{kind: nodePath, at: t.at, path: expr.Path{{Name: t.text, Index: -1}}}
	p.next()
	for p.err == nil {
		switch {
		case p.accept("."):
			t := p.tok()
			if t.kind != tokName && t.kind != tokQuoted {
				p.fail(detailPathDot)
				return n
			}
			n.path = append(n.path, expr.Step{Name: t.text, Index: -1})
			p.next()
		case p.accept("["):
			p.index(n)
		default:
			p.checkDepth(n)
			return n
		}
	}
	return n
}

// maxPath is the depth of a document path.
const maxPath = 32

func (p *parser) checkDepth(n *node) {
	if len(n.path) > maxPath {
		p.note(errorf(textPathTooDeep, len(n.path)))
	}
}

// index parses the rest of a step into a list.
func (p *parser) index(n *node) {
	i := p.expression(0)
	p.expect("]", "RIGHT_BRACKET")
	if p.err != nil {
		return
	}
	if i.kind != nodeNumber {
		p.note(errorAt(i.at, textPathComponent))
		return
	}
	at, err := strconv.ParseInt(i.text, 10, 64)
	if err != nil || at < 0 || at > math.MaxInt32 {
		p.note(errorAt(i.at, textIndexRange, i.text))
		return
	}
	n.path = append(n.path, expr.Step{Index: int32(at)})
}
