package iam

import (
	"errors"
	"strings"
)

// pattern is a text with wildcards and policy variables, compiled.
type pattern struct {
	glyphs []glyph
	// parts are the text between variables and the variables themselves; nil
	// where there are none and glyphs are all there is.
	parts []part
}

// glyph is one byte to match, or a wildcard.
type glyph struct {
	kind glyphKind
	b    byte
}

type glyphKind uint8

const (
	literal glyphKind = iota
	anyOne            // ?
	anyRun            // *
)

// part is a run of glyphs, or a variable.
type part struct {
	glyphs   []glyph
	variable string // lower case; "" for a run of glyphs
	preset   string
	hasValue bool // whether there is a preset
}

// parsePattern compiles text. Without variables, "${" means itself.
func parsePattern(text string, variables bool) (pattern, error) {
	var parts []part
	for variables {
		before, rest, ok := strings.Cut(text, "${")
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return pattern{}, errors.New("a policy variable is not closed")
		}
		parts = append(parts, part{glyphs: wild(before)})
		if name == "*" || name == "?" || name == "$" {
			parts = append(parts, part{glyphs: plain(name)})
		} else {
			v, err := parseVariable(name)
			if err != nil {
				return pattern{}, err
			}
			parts = append(parts, v)
		}
		text = after
	}
	if parts == nil {
		return pattern{glyphs: wild(text)}, nil
	}
	return pattern{parts: append(parts, part{glyphs: wild(text)})}, nil
}

// parseVariable reads what stands between the braces: key, or key, 'preset'.
func parseVariable(text string) (part, error) {
	name, preset, has := strings.Cut(text, ",")
	v := part{variable: strings.ToLower(strings.TrimSpace(name)), hasValue: has}
	if v.variable == "" {
		return v, errors.New("a policy variable has no name")
	}
	if has {
		preset = strings.TrimSpace(preset)
		if len(preset) < 2 || preset[0] != '\'' || preset[len(preset)-1] != '\'' {
			return v, errors.New("the default of a policy variable must be in single quotes")
		}
		v.preset = preset[1 : len(preset)-1]
	}
	return v, nil
}

func wild(text string) []glyph {
	list := make([]glyph, len(text))
	for i := range len(text) {
		switch text[i] {
		case '*':
			list[i].kind = anyRun
		case '?':
			list[i].kind = anyOne
		default:
			list[i].b = text[i]
		}
	}
	return list
}

func plain(text string) []glyph {
	list := make([]glyph, len(text))
	for i := range len(text) {
		list[i].b = text[i]
	}
	return list
}

// foldCase makes a pattern without variables lower case.
func (p *pattern) foldCase() {
	for i := range p.glyphs {
		if b := p.glyphs[i].b; b >= 'A' && b <= 'Z' {
			p.glyphs[i].b = b | 0x20
		}
	}
}

// resolve puts the values of the variables in. It returns false if one has none.
func (p *pattern) resolve(r *Request) ([]glyph, bool) {
	if p.parts == nil {
		return p.glyphs, true
	}
	var list []glyph
	for i := range p.parts {
		v := &p.parts[i]
		if v.variable == "" {
			list = append(list, v.glyphs...)
			continue
		}
		values := r.values(v.variable)
		switch {
		case len(values) == 1:
			list = append(list, plain(values[0])...)
		case v.hasValue:
			list = append(list, plain(v.preset)...)
		default:
			return nil, false
		}
	}
	return list, true
}

// match reports whether the whole text fits the pattern.
func (p *pattern) match(text string, r *Request) bool {
	list, ok := p.resolve(r)
	return ok && matchGlyphs(list, text)
}

// text returns the pattern as it was written, with the variables resolved and
// wildcards standing for themselves.
func (p *pattern) text(r *Request) (string, bool) {
	list, ok := p.resolve(r)
	if !ok {
		return "", false
	}
	b := make([]byte, len(list))
	for i, g := range list {
		switch g.kind {
		case anyRun:
			b[i] = '*'
		case anyOne:
			b[i] = '?'
		default:
			b[i] = g.b
		}
	}
	return string(b), true
}

// matchGlyphs matches in time proportional to the product of the lengths at
// worst: only the last run is ever tried again.
func matchGlyphs(list []glyph, text string) bool {
	i, j := 0, 0
	run, mark := -1, 0
	for j < len(text) {
		switch {
		case i < len(list) && list[i].kind == anyRun:
			run, mark = i, j
			i++
		case i < len(list) && (list[i].kind == anyOne || list[i].b == text[j]):
			i++
			j++
		case run >= 0:
			mark++
			i, j = run+1, mark
		default:
			return false
		}
	}
	for i < len(list) && list[i].kind == anyRun {
		i++
	}
	return i == len(list)
}
