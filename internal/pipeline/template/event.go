package template

import (
	"bytes"
	"encoding/json"
)

// Event is what a template is filled from.
type Event struct {
	text    json.RawMessage
	encoded string // the member that may hold encoded JSON; "" if there is none

	parsed bool
	inner  json.RawMessage // what that member holds, if it is JSON

	// What was taken apart already, by where its text begins: a template may ask for
	// many values of one object.
	objects map[*byte]map[string]json.RawMessage
	lists   map[*byte][]json.RawMessage
}

// NewEvent returns the event of a JSON text. encoded names the member whose text
// may be JSON itself; it may be "".
func NewEvent(text []byte, encoded string) *Event { return &Event{text: text, encoded: encoded} }

// JSON returns the text of the event.
func (e *Event) JSON() []byte { return e.text }

// Find returns the JSON of the value at a path, nil if there is none.
func (e *Event) Find(p *Path) json.RawMessage {
	if len(p.steps) > 1 && e.encoded != "" && p.steps[0].member == e.encoded {
		if inner := e.decoded(); inner != nil {
			return e.follow(inner, p.steps[1:])
		}
	}
	return e.follow(e.text, p.steps)
}

// Text returns the value at a path as text: a string without quotes, and anything
// else in JSON. It reports whether there is a value.
func (e *Event) Text(p *Path) (string, bool) {
	value := e.Find(p)
	if value == nil || string(value) == "null" {
		return "", false
	}
	return plain(value), true
}

// decoded returns what the encoded member holds, nil unless it is an object or a
// list.
func (e *Event) decoded() json.RawMessage {
	if e.parsed {
		return e.inner
	}
	e.parsed = true
	var text string
	if json.Unmarshal(e.follow(e.text, []step{{member: e.encoded}}), &text) != nil {
		return nil
	}
	inner := bytes.TrimSpace([]byte(text))
	if len(inner) > 0 && (inner[0] == '{' || inner[0] == '[') && json.Valid(inner) {
		e.inner = inner
	}
	return e.inner
}

// object takes an object apart; it is nil if the value is none.
func (e *Event) object(value json.RawMessage) map[string]json.RawMessage {
	if len(value) == 0 {
		return nil
	}
	if known, ok := e.objects[&value[0]]; ok {
		return known
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		object = nil
	}
	if e.objects == nil {
		e.objects = map[*byte]map[string]json.RawMessage{}
	}
	e.objects[&value[0]] = object
	return object
}

// list takes a list apart; it is nil if the value is none.
func (e *Event) list(value json.RawMessage) []json.RawMessage {
	if len(value) == 0 {
		return nil
	}
	if known, ok := e.lists[&value[0]]; ok {
		return known
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		list = nil
	}
	if e.lists == nil {
		e.lists = map[*byte][]json.RawMessage{}
	}
	e.lists[&value[0]] = list
	return list
}

// whole returns the event with its encoded member decoded.
func (e *Event) whole() json.RawMessage {
	if e.encoded == "" {
		return e.text
	}
	inner := e.decoded()
	if inner == nil {
		return e.text
	}
	return replaced(e.text, e.encoded, inner)
}

// replaced returns an object with another value for a member.
func replaced(object json.RawMessage, name string, value json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return object
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return object
		}
		var old json.RawMessage
		if d.Decode(&old) != nil {
			return object
		}
		if key == name {
			end := int(d.InputOffset())
			return bytes.Join([][]byte{object[:end-len(old)], value, object[end:]}, nil)
		}
	}
	return object
}

// plain returns a value as text.
func plain(value json.RawMessage) string {
	var text string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
