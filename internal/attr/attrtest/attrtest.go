// Package attrtest writes attribute values in tests as the JSON of the wire.
package attrtest

import (
	"testing"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// Map returns the map of a JSON object such as {"id":{"S":"a"}}. Anything that the
// service would refuse fails the test.
func Map(tb testing.TB, json string) attr.Map {
	tb.Helper()
	return read(tb, json, attr.ReadMap)
}

// Value returns the value of a JSON object such as {"S":"a"}, under the same rule.
func Value(tb testing.TB, json string) attr.Value {
	tb.Helper()
	return read(tb, json, attr.ReadValue)
}

// MustParse is Map where there is no test at hand, as in a table of a package's
// tests. It panics.
func MustParse(json string) attr.Map {
	var d jsontok.Decoder
	d.Reset([]byte(json))
	m := attr.ReadMap(&d)
	if err := problem(&d); err != nil {
		panic("attrtest: " + err.Error() + ": " + json)
	}
	return m
}

func read[T any](tb testing.TB, json string, read func(*jsontok.Decoder) T) T {
	tb.Helper()
	var d jsontok.Decoder
	d.Reset([]byte(json))
	t := read(&d)
	if err := problem(&d); err != nil {
		tb.Fatalf("%v: %s", err, json)
	}
	return t
}

func problem(d *jsontok.Decoder) error {
	if err := d.End(); err != nil {
		return err
	}
	return d.Noted()
}
