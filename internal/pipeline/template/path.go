package template

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// MaxSteps is how many members and elements a path goes through at most.
const MaxSteps = 32

// Path names a value in an event: $, then members by .name, elements by [n], and
// all elements by [*].
type Path struct{ steps []step }

// step is a member, or an element.
type step struct {
	member  string // "" for an element
	element int    // -1: all
}

var errPath = errors.New("invalid JSON path")

// ParsePath reads a path. Names have letters, digits, dashes, underscores and
// slashes.
func ParsePath(text string) (*Path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, errPath
	}
	p := new(Path)
	for rest != "" {
		var s step
		var err error
		switch rest[0] {
		case '.':
			s, rest, err = parseMember(rest[1:])
		case '[':
			if len(p.steps) == 0 {
				return nil, errPath
			}
			s, rest, err = parseElement(rest[1:])
		default:
			err = errPath
		}
		if p.steps = append(p.steps, s); err != nil || len(p.steps) > MaxSteps {
			return nil, errPath
		}
	}
	return p, nil
}

func parseMember(text string) (step, string, error) {
	n := 0
	for n < len(text) && isNameByte(text[n]) {
		n++
	}
	if n == 0 {
		return step{}, "", errPath
	}
	return step{member: text[:n]}, text[n:], nil
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '/'
}

func parseElement(text string) (step, string, error) {
	index, rest, ok := strings.Cut(text, "]")
	if !ok {
		return step{}, "", errPath
	}
	if index == "*" {
		return step{element: -1}, rest, nil
	}
	n, err := strconv.ParseUint(index, 10, 31)
	if err != nil {
		return step{}, "", errPath
	}
	return step{element: int(n)}, rest, nil
}

// follow returns the value at steps below another, nil if there is none. With [*]
// it is the list of those that the elements have.
func (e *Event) follow(value json.RawMessage, steps []step) json.RawMessage {
	for i, s := range steps {
		switch {
		case value == nil:
			return nil
		case s.member != "":
			value = e.object(value)[s.member]
		case s.element < 0:
			list := e.list(value)
			if list == nil {
				return nil
			}
			return e.each(list, steps[i+1:])
		default:
			list := e.list(value)
			if s.element >= len(list) {
				return nil
			}
			value = list[s.element]
		}
	}
	return value
}

// each returns the list of what elements have at steps.
func (e *Event) each(list []json.RawMessage, steps []step) json.RawMessage {
	b := json.RawMessage("[")
	for _, one := range list {
		found := e.follow(one, steps)
		if found == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		if b = append(b, found...); len(b) > MaxOutput {
			return nil
		}
	}
	return append(b, ']')
}
