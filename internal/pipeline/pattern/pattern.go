package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Bounds of a pattern.
const (
	MaxLength = 4096 // as in the service
	MaxDepth  = 32
	MaxRules  = 1000
)

// ErrInvalid says that a text is not a pattern.
var ErrInvalid = errors.New("pattern: not a filter pattern")

// Pattern is a parsed pattern. It is immutable.
type Pattern struct{ root *node }

// node is an object of a pattern.
type node struct {
	members []member
	any     [][]*node // each is a $or: one of its nodes must match
}

// member is what must be true of one member of the event. It is a leaf if it has
// rules.
type member struct {
	name  string
	rules []rule
	below *node
}

// Parse reads a pattern.
func Parse(text string) (*Pattern, error) {
	if len(text) > MaxLength {
		return nil, ErrInvalid
	}
	v, err := decode([]byte(text))
	if err != nil {
		return nil, ErrInvalid
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, ErrInvalid
	}
	p := parser{left: MaxRules}
	root, err := p.node(object, MaxDepth)
	if err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// Decode returns the event that a JSON text is.
func Decode(text []byte) (any, error) { return decode(text) }

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrInvalid
	}
	return v, nil
}

// Member returns the pattern of a member of the event, and whether it is a leaf
// instead. It is neither if the pattern says nothing of it.
func (p *Pattern) Member(name string) (below *Pattern, leaf bool) {
	for _, m := range p.root.members {
		if m.name == name {
			if m.below != nil {
				return &Pattern{m.below}, false
			}
			return nil, true
		}
	}
	return nil, false
}

// parser counts what a pattern is made of.
type parser struct{ left int }

func (p *parser) node(object map[string]any, depth int) (*node, error) {
	if len(object) == 0 || depth == 0 {
		return nil, ErrInvalid
	}
	n := new(node)
	for name, value := range object {
		if list, ok := value.([]any); ok && name == "$or" && isOr(list) {
			alternatives, err := p.alternatives(list, depth)
			if err != nil {
				return nil, err
			}
			n.any = append(n.any, alternatives)
			continue
		}
		m, err := p.member(name, value, depth)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, m)
	}
	return n, nil
}

// isOr reports whether a list is one of patterns: $or may be the name of a member,
// too.
func isOr(list []any) bool {
	if len(list) < 2 {
		return false
	}
	for _, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			return false
		}
		for name := range object {
			if isOperator(name) {
				return false
			}
		}
	}
	return true
}

func (p *parser) alternatives(list []any, depth int) ([]*node, error) {
	nodes := make([]*node, len(list))
	for i, v := range list {
		n, err := p.node(v.(map[string]any), depth-1)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

func (p *parser) member(name string, value any, depth int) (member, error) {
	switch v := value.(type) {
	case map[string]any:
		below, err := p.node(v, depth-1)
		return member{name: name, below: below}, err
	case []any:
		rules, err := p.rules(v)
		return member{name: name, rules: rules}, err
	}
	return member{}, ErrInvalid // a leaf is a list
}

func (p *parser) rules(list []any) ([]rule, error) {
	if p.left -= len(list); len(list) == 0 || p.left < 0 {
		return nil, ErrInvalid
	}
	rules := make([]rule, len(list))
	for i, v := range list {
		r, err := parseRule(v)
		if err != nil {
			return nil, err
		}
		rules[i] = r
	}
	return rules, nil
}

// Match reports whether an event matches.
func (p *Pattern) Match(event any) bool { return p.root.match(event) }

func (n *node) match(event any) bool {
	if list, ok := event.([]any); ok {
		for _, v := range list {
			if _, nested := v.([]any); !nested && n.match(v) {
				return true
			}
		}
		return false
	}
	object, _ := event.(map[string]any)
	for i := range n.members {
		if !n.members[i].match(object) {
			return false
		}
	}
	for _, alternatives := range n.any {
		if !anyMatches(alternatives, object) {
			return false
		}
	}
	return true
}

func anyMatches(nodes []*node, object map[string]any) bool {
	for _, n := range nodes {
		if n.match(object) {
			return true
		}
	}
	return false
}

func (m *member) match(object map[string]any) bool {
	value, present := object[m.name]
	if m.below != nil {
		return m.below.match(value)
	}
	if _, isObject := value.(map[string]any); isObject {
		present = false // operators are for leaves
	}
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	for i := range m.rules {
		if m.rules[i].matchAny(values, present && len(values) > 0) {
			return true
		}
	}
	return false
}

// matchAny reports whether one of the values of a member satisfies a rule.
func (r *rule) matchAny(values []any, present bool) bool {
	if r.exists != nil {
		return *r.exists == present
	}
	if !present {
		return false
	}
	for _, v := range values {
		if r.match(v) {
			return true
		}
	}
	return false
}

// fold is a string without its case.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }
