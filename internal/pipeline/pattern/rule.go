package pattern

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"strings"
)

// rule is one rule of a leaf. Either exists or match is set.
type rule struct {
	exists *bool
	match  func(any) bool
}

// operators are the names of the rules that are not literals.
var operators = map[string]func(any) (func(any) bool, error){
	"prefix":             func(v any) (func(any) bool, error) { return affix(v, strings.HasPrefix) },
	"suffix":             func(v any) (func(any) bool, error) { return affix(v, strings.HasSuffix) },
	"equals-ignore-case": equalsIgnoreCase,
	"numeric":            numeric,
	"cidr":               cidr,
	"wildcard":           wildcard,
}

func isOperator(name string) bool {
	return operators[name] != nil || name == "exists" || name == "anything-but"
}

// parseRule reads a literal or an object with one operator.
func parseRule(v any) (rule, error) {
	object, ok := v.(map[string]any)
	if !ok {
		match, err := literal(v)
		return rule{match: match}, err
	}
	if len(object) != 1 {
		return rule{}, ErrInvalid
	}
	for name, operand := range object {
		switch {
		case name == "exists":
			b, ok := operand.(bool)
			if !ok {
				return rule{}, ErrInvalid
			}
			return rule{exists: &b}, nil
		case name == "anything-but":
			match, err := anythingBut(operand)
			return rule{match: match}, err
		case operators[name] != nil:
			match, err := operators[name](operand)
			return rule{match: match}, err
		}
	}
	return rule{}, ErrInvalid
}

// literal matches what is equal; numbers by their value.
func literal(want any) (func(any) bool, error) {
	switch want := want.(type) {
	case string, bool, nil:
		return func(v any) bool { return v == want }, nil
	case json.Number:
		n, ok := number(want)
		if !ok {
			return nil, ErrInvalid
		}
		return func(v any) bool { got, ok := number(v); return ok && got.Cmp(n) == 0 }, nil
	}
	return nil, ErrInvalid
}

// affix matches strings that begin or end with one, regardless of case if the
// operand says so.
func affix(operand any, has func(s, affix string) bool) (func(any) bool, error) {
	if object, ok := operand.(map[string]any); ok && len(object) == 1 {
		want, ok := object["equals-ignore-case"].(string)
		if !ok || want == "" {
			return nil, ErrInvalid
		}
		want = fold(want)
		return func(v any) bool { s, ok := v.(string); return ok && has(fold(s), want) }, nil
	}
	want, ok := operand.(string)
	if !ok || want == "" {
		return nil, ErrInvalid
	}
	return func(v any) bool { s, ok := v.(string); return ok && has(s, want) }, nil
}

func equalsIgnoreCase(operand any) (func(any) bool, error) {
	want, ok := operand.(string)
	if !ok {
		return nil, ErrInvalid
	}
	want = fold(want)
	return func(v any) bool { s, ok := v.(string); return ok && fold(s) == want }, nil
}

// anythingBut matches what none of its operands matches: literals, or the operands
// of one operator.
func anythingBut(operand any) (func(any) bool, error) {
	parse := literal
	if object, ok := operand.(map[string]any); ok {
		if len(object) != 1 {
			return nil, ErrInvalid
		}
		for name, of := range object {
			switch name {
			case "prefix", "suffix", "equals-ignore-case", "wildcard":
				parse, operand = operators[name], of
			default:
				return nil, ErrInvalid
			}
		}
	}
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	return noneOf(list, parse)
}

func noneOf(list []any, parse func(any) (func(any) bool, error)) (func(any) bool, error) {
	if len(list) == 0 || len(list) > MaxRules {
		return nil, ErrInvalid
	}
	var matches []func(any) bool
	for _, v := range list {
		match, err := parse(v)
		if err != nil {
			return nil, err
		}
		matches = append(matches, match)
	}
	return func(v any) bool {
		for _, match := range matches {
			if match(v) {
				return false
			}
		}
		return true
	}, nil
}

// maxNumeric bounds the numbers of a numeric rule, as the service does.
var maxNumeric = big.NewRat(5_000_000_000, 1)

// maxDigits bounds the length of a number that is looked at.
const maxDigits = 64

// number returns the value of a JSON number that is not excessively long.
func number(v any) (*big.Rat, bool) {
	text, ok := v.(json.Number)
	if !ok || len(text) > maxDigits {
		return nil, false
	}
	if _, exponent, found := strings.Cut(strings.ToLower(string(text)), "e"); found && len(strings.TrimLeft(exponent, "+-")) > 3 {
		return nil, false
	}
	return new(big.Rat).SetString(string(text))
}

// numeric matches numbers by one or two comparisons.
func numeric(operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return nil, ErrInvalid
	}
	var tests []func(int) bool
	var bounds []*big.Rat
	for i := 0; i < len(list); i += 2 {
		op, _ := list[i].(string)
		bound, ok := number(list[i+1])
		test := comparisons[op]
		if !ok || test == nil || new(big.Rat).Abs(bound).Cmp(maxNumeric) > 0 {
			return nil, ErrInvalid
		}
		tests, bounds = append(tests, test), append(bounds, bound)
	}
	if len(tests) == 2 && !isRange(list[0].(string), list[2].(string), bounds) {
		return nil, ErrInvalid
	}
	return func(v any) bool {
		n, ok := number(v)
		if !ok || new(big.Rat).Abs(n).Cmp(maxNumeric) > 0 {
			return false
		}
		for i, test := range tests {
			if !test(n.Cmp(bounds[i])) {
				return false
			}
		}
		return true
	}, nil
}

var comparisons = map[string]func(order int) bool{
	"=":  func(order int) bool { return order == 0 },
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

// isRange reports whether two comparisons are a lower and an upper bound that is
// greater.
func isRange(first, second string, bounds []*big.Rat) bool {
	return first[0] == '>' && second[0] == '<' && bounds[0].Cmp(bounds[1]) < 0
}

// cidr matches texts that are addresses within a block.
func cidr(operand any) (func(any) bool, error) {
	text, _ := operand.(string)
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, ErrInvalid
	}
	return func(v any) bool {
		s, ok := v.(string)
		if !ok || len(s) > maxDigits {
			return false
		}
		addr, err := netip.ParseAddr(s)
		return err == nil && block.Contains(addr)
	}, nil
}
