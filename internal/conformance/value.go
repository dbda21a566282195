package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// node is a value of a file: nil, bool, json.Number, string, *object, *list or
// *matcher. Texts may have variables in them.
type node any

// object is a JSON object. Its members keep their order, and may stand twice.
type object struct {
	members []member
	open    bool // others may stand beside the expected ones
}

type member struct {
	name  string
	value node
}

// list is a JSON array.
type list struct {
	items     []node
	open      bool // others may stand beside the expected ones
	unordered bool
}

// matcher stands in an expectation for values that are not known.
type matcher struct {
	kind    string
	re      *regexp.Regexp // of kind re
	capture string         // the variable that gets the value, or ""
}

// absent is a member that a request must not have, whatever the defaults are, or
// that an answer must not have.
func absent(n node) bool {
	m, ok := n.(*matcher)
	return ok && m.kind == "absent"
}

// get returns a member.
func (o *object) get(name string) (node, bool) {
	for _, m := range o.members {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// withDefaults returns the object with the members of defaults that it lacks.
func (o *object) withDefaults(defaults *object) *object {
	if defaults == nil {
		return o
	}
	full := &object{members: append([]member(nil), o.members...), open: o.open}
	for _, m := range defaults.members {
		if _, ok := o.get(m.name); !ok {
			full.members = append(full.members, m)
		}
	}
	return full
}

// appendJSON writes a value of a request.
func appendJSON(b *bytes.Buffer, n node, v vars) error {
	switch n := n.(type) {
	case *object:
		return appendObject(b, n, v)
	case *list:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := appendJSON(b, item, v); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case json.Number:
		b.WriteString(string(n)) // as it was written: it may be none
		return nil
	case string:
		s, err := v.fill(n)
		if err != nil {
			return err
		}
		appendString(b, s)
		return nil
	case *matcher:
		return fmt.Errorf("a request has a matcher, <%s>", n.kind)
	}
	text, err := json.Marshal(n)
	b.Write(text)
	return err
}

func appendObject(b *bytes.Buffer, o *object, v vars) error {
	b.WriteByte('{')
	first := true
	for _, m := range o.members {
		if absent(m.value) {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		name, err := v.fill(m.name)
		if err != nil {
			return err
		}
		appendString(b, name)
		b.WriteByte(':')
		if err := appendJSON(b, m.value, v); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// appendString writes a string without the escapes that are for HTML.
func appendString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string in a buffer always goes
	b.Truncate(b.Len() - 1)
}
