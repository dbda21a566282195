package pipeline

import (
	"bytes"

	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// passes reports whether a record passes the filters of a mapping: one of them
// has to match, if there are any.
func passes(filters []*pattern.Pattern, record []byte) bool {
	if len(filters) == 0 {
		return true
	}
	event, err := pattern.Decode(record)
	if err != nil {
		return false
	}
	for _, p := range filters {
		if p.Match(event) {
			return true
		}
	}
	return false
}

// passesMessage is passes for the record of a message. A filter for the members of
// the body needs one that is a JSON object, and a filter for its text one that is
// not.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
func passesMessage(filters []*pattern.Pattern, record []byte, body string) bool {
	if len(filters) == 0 {
		return true
	}
	event, err := pattern.Decode(record)
	message, ok := event.(map[string]any)
	if err != nil || !ok {
		return false
	}
	var object any
	if text := bytes.TrimSpace([]byte(body)); len(text) > 0 && text[0] == '{' {
		object, _ = pattern.Decode(text)
	}
	for _, p := range filters {
		below, leaf := p.Member("body")
		switch {
		case below != nil && object == nil, leaf && object != nil:
			continue
		case below != nil:
			message["body"] = object
		default:
			message["body"] = body
		}
		if p.Match(event) {
			return true
		}
	}
	return false
}
