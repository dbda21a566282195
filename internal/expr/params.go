package expr

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// Name is one of a request's ExpressionAttributeNames.
type Name struct {
	Placeholder string // "#n"
	Attribute   string // "count"
}

// Params are the ExpressionAttributeNames and ExpressionAttributeValues of one
// request. They remember which of them its expressions used. A nil *Params has
// none.
type Params struct {
	names      []Name
	values     attr.Map
	usedNames  bits
	usedValues bits
}

// NewParams returns the parameters of a request. It takes over names, which it
// sorts. A nil slice or map stands for an absent parameter: one that is present
// must not be empty, and its keys must be "#" or ":" followed by letters,
// digits and underscores. Neither is a key without bounds, nor are all together.
func NewParams(names []Name, values attr.Map) (*Params, error) {
	p := &Params{names: names, values: values}
	if names != nil && len(names) == 0 {
		return nil, Error(textNamesEmpty)
	}
	size := 0
	for _, n := range names {
		size += len(n.Placeholder) + len(n.Attribute)
		switch {
		case len(n.Placeholder) > maxPlaceholder:
			return nil, errorf(textNamesLong, len(n.Placeholder))
		case !isPlaceholder(n.Placeholder, '#'):
			return nil, errorf(textNamesKey, n.Placeholder)
		case n.Attribute == "":
			return nil, errorf(textNamesNothing, n.Placeholder)
		}
	}
	if size > maxSubstitutions {
		return nil, Error(textNamesSize)
	}
	if values != nil && len(values) == 0 {
		return nil, Error(textValuesEmpty)
	}
	for _, v := range values {
		switch {
		case len(v.Name) > maxPlaceholder:
			return nil, Error(textValuesLong)
		case !isPlaceholder(v.Name, ':'):
			return nil, errorf(textValuesKey, v.Name)
		}
	}
	switch n := values.Size(); {
	case n > maxSubstitutions:
		return nil, Error(textValuesSize)
	case size+n > maxSubstitutions:
		return nil, Error(textTogetherSize)
	}
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.Placeholder, b.Placeholder) })
	return p, nil
}

func isPlaceholder(s string, mark byte) bool {
	return len(s) > 1 && s[0] == mark && span(s, 1, isWord) == len(s)
}

// name returns the attribute that a placeholder stands for.
func (p *Params) name(placeholder string) (string, bool) {
	if p == nil {
		return "", false
	}
	i, ok := slices.BinarySearchFunc(p.names, placeholder, func(n Name, s string) int {
		return strings.Compare(n.Placeholder, s)
	})
	if !ok {
		return "", false
	}
	p.usedNames.set(i)
	return p.names[i].Attribute, true
}

// value returns the value that a placeholder stands for.
func (p *Params) value(placeholder string) (attr.Value, bool) {
	if p == nil {
		return attr.Value{}, false
	}
	i, ok := slices.BinarySearchFunc(p.values, placeholder, func(a attr.Attr, s string) int {
		return strings.Compare(a.Name, s)
	})
	if !ok {
		return attr.Value{}, false
	}
	p.usedValues.set(i)
	return p.values[i].Value, true
}

// CheckUsed refuses names, then values, that no expression parsed with p has
// named. It comes after all of the request's expressions.
func (p *Params) CheckUsed() error {
	if p == nil {
		return nil
	}
	var unused []string
	for i := range p.names {
		if !p.usedNames.has(i) {
			unused = append(unused, p.names[i].Placeholder)
		}
	}
	if unused != nil {
		return errorf(textNamesUnused, strings.Join(unused, ", "))
	}
	for i := range p.values {
		if !p.usedValues.has(i) {
			unused = append(unused, p.values[i].Name)
		}
	}
	if unused != nil {
		return errorf(textValuesUnused, strings.Join(unused, ", "))
	}
	return nil
}

// bits is a set of small numbers; most requests need only its first word.
type bits struct {
	first uint64
	rest  []uint64
}

func (b *bits) set(i int) {
	if i < 64 {
		b.first |= 1 << i
		return
	}
	word := i/64 - 1
	for len(b.rest) <= word {
		b.rest = append(b.rest, 0)
	}
	b.rest[word] |= 1 << (i % 64)
}

func (b *bits) has(i int) bool {
	if i < 64 {
		return b.first&(1<<i) != 0
	}
	word := i/64 - 1
	return word < len(b.rest) && b.rest[word]&(1<<(i%64)) != 0
}
