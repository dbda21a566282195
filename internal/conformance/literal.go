package conformance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// literal reads the JSON of the files. mode says what a plain value means.
type literal struct {
	text string
	pos  int
}

type mode int

const (
	plain     mode = iota // JSON, where a word needs no quotes
	attribute             // after %: a string is {S: ...}, a number {N: ...} and so on
)

// parseObject reads an object that is all of a text.
func parseObject(text string) (*object, error) {
	l := &literal{text: text}
	n, err := l.value(plain)
	if err != nil {
		return nil, fmt.Errorf("%w, before %q", err, clip(l.text[min(l.pos, len(l.text)):]))
	}
	l.space()
	o, ok := n.(*object)
	if !ok || l.pos < len(text) {
		return nil, fmt.Errorf("want one object, have %q", clip(text))
	}
	return o, nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func (l *literal) space() {
	for l.pos < len(l.text) && strings.IndexByte(" \t\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
}

// peek returns the next byte that is no space, 0 at the end.
func (l *literal) peek() byte {
	l.space()
	if l.pos == len(l.text) {
		return 0
	}
	return l.text[l.pos]
}

// take passes over a text if it is the next.
func (l *literal) take(s string) bool {
	l.space()
	if !strings.HasPrefix(l.text[l.pos:], s) {
		return false
	}
	l.pos += len(s)
	return true
}

func (l *literal) value(m mode) (node, error) {
	switch l.peek() {
	case 0:
		return nil, fmt.Errorf("a value is missing")
	case '%':
		l.pos++
		if l.peek() == '{' {
			return l.object(attribute) // an item
		}
		return l.value(attribute)
	case '@':
		l.pos++
		return l.value(plain)
	case '{':
		o, err := l.object(m)
		return typed("M", o, m), err
	case '[':
		a, err := l.list(m)
		return typed("L", a, m), err
	case '<':
		return l.matcher()
	case '"':
		s, err := l.quoted()
		return typed("S", s, m), err
	}
	return l.word(m)
}

// typed is a value in an attribute value of a type, if that is the mode.
func typed(kind string, n node, m mode) node {
	if m == plain {
		return n
	}
	return &object{members: []member{{kind, n}}}
}

func (l *literal) object(m mode) (*object, error) {
	o := &object{}
	l.take("{")
	for !l.take("}") {
		if l.take("...") {
			o.open = true
		} else {
			name, err := l.name()
			if err != nil {
				return nil, err
			}
			value, err := l.value(m)
			if err != nil {
				return nil, err
			}
			o.members = append(o.members, member{name, value})
		}
		if !l.take(",") && l.peek() != '}' {
			return nil, fmt.Errorf("want , or }")
		}
	}
	return o, nil
}

func (l *literal) list(m mode) (*list, error) {
	a := &list{}
	l.take("[")
	for !l.take("]") {
		if l.take("...") {
			a.open = true
		} else {
			value, err := l.value(m)
			if err != nil {
				return nil, err
			}
			a.items = append(a.items, value)
		}
		if !l.take(",") && l.peek() != ']' {
			return nil, fmt.Errorf("want , or ]")
		}
	}
	return a, nil
}

var (
	bareName = pattern(`^:?[^\s:,{}\[\]"<>]+`)
	bareWord = pattern(`^[^\s,{}\[\]"<>]+`)
	number   = pattern(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// name reads the name of a member and its colon.
func (l *literal) name() (name string, err error) {
	if l.peek() == '"' {
		if name, err = l.quoted(); err != nil {
			return "", err
		}
	} else {
		name = bareName().FindString(l.text[l.pos:])
		l.pos += len(name)
	}
	if !l.take(":") {
		return "", fmt.Errorf("want a name and a colon")
	}
	return name, nil
}

func (l *literal) quoted() (string, error) {
	for i := l.pos + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			err := json.Unmarshal([]byte(l.text[l.pos:i+1]), &s)
			l.pos = i + 1
			return s, err
		}
	}
	return "", fmt.Errorf("a quote is not closed")
}

// word reads a value that begins with a letter or digit.
func (l *literal) word(m mode) (node, error) {
	w := bareWord().FindString(l.text[l.pos:])
	if w == "" {
		return nil, fmt.Errorf("want a value")
	}
	l.pos += len(w)
	next := byte(0)
	if l.pos < len(l.text) {
		next = l.text[l.pos]
	}
	switch {
	case m == plain && w == "set" && next == '[':
		a, err := l.list(plain)
		if err == nil {
			a.unordered = true
		}
		return a, err
	case m == attribute && next == '"' && (w == "S" || w == "N" || w == "B"):
		s, err := l.quoted()
		return typed(w, s, m), err
	case m == attribute && next == '[' && (w == "SS" || w == "NS" || w == "BS"):
		return l.attributeSet(w)
	}
	return plainWord(w, m), nil
}

// attributeSet reads the values of a set, whose order says nothing.
func (l *literal) attributeSet(kind string) (node, error) {
	a, err := l.list(plain)
	if err != nil {
		return nil, err
	}
	a.unordered = true
	for i, item := range a.items {
		if n, ok := item.(json.Number); ok {
			a.items[i] = string(n)
		}
	}
	return typed(kind, a, attribute), nil
}

func plainWord(w string, m mode) node {
	switch {
	case w == "true" || w == "false":
		return typed("BOOL", w == "true", m)
	case w == "null" && m == plain:
		return nil
	case w == "null":
		return typed("NULL", true, m)
	case number().MatchString(w) && m == plain:
		return json.Number(w)
	case number().MatchString(w):
		return typed("N", w, m)
	}
	return typed("S", w, m)
}

// matcher reads <kind>, <kind $VARIABLE> or <re PATTERN>.
func (l *literal) matcher() (node, error) {
	end := strings.IndexByte(l.text[l.pos:], '>')
	if end < 0 {
		return nil, fmt.Errorf("a matcher is not closed")
	}
	inside := l.text[l.pos+1 : l.pos+end]
	l.pos += end + 1
	kind, arg, _ := strings.Cut(inside, " ")
	m := &matcher{kind: kind}
	if kind == "re" {
		re, err := regexp.Compile("^(?:" + arg + ")$")
		m.re = re
		return m, err
	}
	m.capture = strings.TrimPrefix(arg, "$")
	if _, ok := kinds[kind]; !ok && kind != "absent" {
		return nil, fmt.Errorf("there is no matcher <%s>", kind)
	}
	return m, nil
}
