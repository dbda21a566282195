package dynamodb

import (
	"bytes"
	"fmt"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// searchMembers are the members that a search must have, and what the service's
// reader calls their types.
var searchMembers = []struct{ name, want string }{
	{"TableName", "a string"}, {"IndexName", "a string"}, {"SearchVector", "a sequence"}, {"TopK", "i32"},
}

// checkSearchBody refuses the body of a SearchVectors for what the service's reader
// of such bodies complains of before any constraint: a member of another type, null
// included, or one that is missing (observed in 2026).
func checkSearchBody(body []byte) error {
	var d jsontok.Decoder
	d.Reset(body)
	if d.Kind() != jsontok.Object || !d.Object() {
		return nil // which the shape's own reader complains of
	}
	var present [4]bool
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		name := string(key)
		kind := d.Kind()
		raw := d.Raw()
		for i, m := range searchMembers {
			if m.name != name || d.Err() != nil {
				continue
			}
			present[i] = true
			if got := unexpected(kind, raw, m.want); got != "" {
				return &api.Error{Code: "SerializationException", Message: "invalid type: " + got + ", expected " + m.want + placeIn(body, d.Offset())}
			}
		}
	}
	whole := d.Err() == nil // or the shape's own reader complains
	for i, m := range searchMembers {
		if whole && !present[i] {
			return api.Validation("missing field `%s`%s", m.name, placeIn(body, d.Offset()))
		}
	}
	return nil
}

// unexpected names a value that is not of the type that is wanted, "" if it is.
func unexpected(kind jsontok.Kind, raw []byte, want string) string {
	whole := !bytes.ContainsAny(raw, ".eE")
	switch kind {
	case jsontok.Null:
		return "null"
	case jsontok.Bool:
		return fmt.Sprintf("boolean `%s`", raw)
	case jsontok.String:
		if want != "a string" {
			return "string " + string(raw)
		}
	case jsontok.Number:
		switch {
		case !whole:
			return fmt.Sprintf("floating point `%s`", raw)
		case want != "i32":
			return fmt.Sprintf("integer `%s`", raw)
		}
	case jsontok.Object:
		return "map"
	case jsontok.Array:
		if want != "a sequence" {
			return "sequence"
		}
	}
	return ""
}

// placeIn says where the reader was, which had read that much of a text.
func placeIn(body []byte, offset int) string {
	read := body[:offset]
	return fmt.Sprintf(" at line %d column %d", 1+bytes.Count(read, []byte{'\n'}), len(read)-1-bytes.LastIndexByte(read, '\n'))
}
