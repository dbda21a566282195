package iam

import (
	"fmt"
	"slices"
	"strings"
)

// condition is one operator applied to one key.
type condition struct {
	operator
	key      string // lower case
	values   []pattern
	set      quantifier
	ifExists bool
}

// quantifier is what is asked of the values of a key that has several.
type quantifier uint8

const (
	single quantifier = iota
	forAll            // ForAllValues
	forAny            // ForAnyValue
)

// operator compares one value of the request with one of the policy.
type operator struct {
	negated bool // true unless one compares equal
	null    bool // the operator Null, which asks only whether there is a value
	compare func(have string, want *pattern, r *Request) bool
	// check refuses values of the policy that can't be compared; nil takes all.
	check func(want string) bool
}

// parseConditions compiles the Condition element, all of which must hold.
func parseConditions(raw map[string]map[string]texts, variables bool) ([]condition, error) {
	var list []condition
	for name, keys := range raw {
		for key, values := range keys {
			c, err := parseCondition(name, key, values, variables)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	return list, nil
}

func parseCondition(name, key string, values texts, variables bool) (c condition, err error) {
	c.key = strings.ToLower(key)
	bare := name
	if rest, ok := strings.CutPrefix(bare, "ForAllValues:"); ok {
		c.set, bare = forAll, rest
	} else if rest, ok := strings.CutPrefix(bare, "ForAnyValue:"); ok {
		c.set, bare = forAny, rest
	}
	bare, c.ifExists = strings.CutSuffix(bare, "IfExists")
	var known bool
	if c.operator, known = operators[bare]; !known || c.null && (c.ifExists || c.set != single) {
		return c, fmt.Errorf("unknown condition operator %q", name)
	}
	for _, text := range values {
		if c.check != nil && !strings.Contains(text, "${") && !c.check(text) {
			return c, fmt.Errorf("%q is no value for %s", text, name)
		}
		p, err := parsePattern(text, variables)
		if err != nil {
			return c, err
		}
		c.values = append(c.values, p)
	}
	return c, nil
}

// holds reports whether the condition is met.
func (c *condition) holds(r *Request) bool {
	have := r.values(c.key)
	switch {
	case c.null:
		return c.absence(len(have) == 0, r)
	case len(have) == 0:
		return c.negated && c.set != forAny || c.ifExists || c.set == forAll
	case c.set == forAll, c.set == single && c.negated:
		return !slices.ContainsFunc(have, func(v string) bool { return !c.meets(v, r) })
	}
	return slices.ContainsFunc(have, func(v string) bool { return c.meets(v, r) })
}

// meets reports whether one value of the request meets the condition.
func (c *condition) meets(have string, r *Request) bool {
	for i := range c.values {
		if c.compare(have, &c.values[i], r) {
			return !c.negated
		}
	}
	return c.negated
}

// absence is the operator Null: its value says whether the key must be absent.
func (c *condition) absence(absent bool, r *Request) bool {
	return slices.ContainsFunc(c.values, func(p pattern) bool {
		want, ok := p.text(r)
		return ok && strings.EqualFold(want, "true") == absent
	})
}
