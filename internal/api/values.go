package api

import (
	"errors"
	"fmt"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// ReadValue reads an attribute value.
func ReadValue(d *jsontok.Decoder) attr.Value {
	if d.Null() {
		return attr.Value{}
	}
	d.Field()
	return attr.ReadValue(d)
}

// ReadParameter reads the parameter of a statement. What is wrong with it is not
// noted but said by the value (see attr.Refused), in the words of the older layer,
// because it fails the statement that has it and no other.
func ReadParameter(d *jsontok.Decoder) attr.Value {
	before := d.Noted()
	d.Renote(nil)
	v := ReadValue(d)
	noted := d.Noted()
	d.Renote(before)
	var bad *attr.ValueError
	if errors.As(noted, &bad) {
		return attr.Refused(bad.Older)
	}
	return v
}

// BeginApart begins an element of a list that keeps what is wrong with an attribute value
// in it. That is not noted, because it is the error of this element: what is wrong with
// the ones before it in any other way comes first. EndApart wants what it returns.
func BeginApart(d *jsontok.Decoder) (before error) {
	before = d.Noted()
	d.Renote(nil)
	return before
}

// EndApart ends such an element and returns what is wrong with a value in it.
func EndApart(d *jsontok.Decoder, before error) (refused error) {
	refused = d.Noted()
	d.Renote(before)
	return refused
}

// ReadMap reads a map of attribute values; nil when null.
func ReadMap(d *jsontok.Decoder) attr.Map {
	if d.Null() {
		return nil
	}
	return attr.ReadMap(d)
}

// ReadItem reads a map of attribute values as an item.
func ReadItem(d *jsontok.Decoder) attr.Item {
	if d.Null() {
		return attr.Item{}
	}
	return attr.ItemOf(attr.ReadMap(d))
}

// ReadExpressionValues reads ExpressionAttributeValues, whose invalid values the
// older layer reports with the placeholder that has them: see ValueCheck.
func ReadExpressionValues(d *jsontok.Decoder) attr.Map {
	return readMap(d, attr.ReadPlaceholders, func(bad *attr.ValueError) string {
		return fmt.Sprintf("ExpressionAttributeValues contains invalid value: %s for key %s", bad.Older, bad.Key)
	})
}

// ReadStartKey reads ExclusiveStartKey, whose invalid values the older layer
// reports as such.
func ReadStartKey(d *jsontok.Decoder) attr.Map {
	return readMap(d, attr.ReadMap, func(bad *attr.ValueError) string {
		return "The provided starting key is invalid: " + string(bad.Older)
	})
}

// readMap reads a map of whose invalid values the older layer says more.
func readMap(d *jsontok.Decoder, read func(*jsontok.Decoder) attr.Map, older func(*attr.ValueError) string) attr.Map {
	if d.Null() {
		return nil
	}
	before := d.Noted()
	d.Renote(nil)
	m := read(d)
	var bad *attr.ValueError
	switch placed := errors.As(d.Noted(), &bad); {
	case placed && before == nil:
		d.Renote(&placedError{bad, older(bad)})
	case placed:
		d.Renote(&secondError{before, &placedError{bad, older(bad)}})
	case before != nil:
		d.Renote(before)
	}
	return m
}

// placedError is a complaint about a value of which the older layer says where it
// stands.
type placedError struct {
	*attr.ValueError
	older string
}

// Unwrap returns the complaint about the value.
func (e *placedError) Unwrap() error { return e.ValueError }

// secondError is a complaint that was noted after another, which counts.
type secondError struct {
	error
	second *placedError
}

// Unwrap returns the first complaint.
func (e *secondError) Unwrap() error { return e.error }

// ValueCheck says how an operation words what is wrong with an attribute value of
// its request. The service checks values in one of two layers.
type ValueCheck uint8

// The ways, as observed from the service in 2026.
const (
	// CheckOlder is the older layer: it names the placeholder of an expression's
	// value.
	CheckOlder ValueCheck = iota
	// CheckCurrent is the current layer.
	CheckCurrent
	// CheckEnveloped is the current layer, whose complaints count as violated
	// constraints.
	CheckEnveloped
)

// InExpression returns that part of what EndApart returned that is about a value of an
// expression; nil: there is none.
func InExpression(refused error) error {
	if refused == nil {
		return nil
	}
	var second *secondError
	var placed *placedError
	switch {
	case errors.As(refused, &second):
		return second.second
	case errors.As(refused, &placed):
		return placed
	}
	return nil
}

// Refusal makes the error of what was noted while the request was read.
func (c ValueCheck) Refusal(noted error) error {
	var typed *Error
	var bad *attr.ValueError
	var placed *placedError
	switch {
	case errors.As(noted, &typed):
		return typed
	case !errors.As(noted, &bad):
		return Validation("%s", noted)
	case c == CheckEnveloped:
		return Enveloped(Validation("%s", bad.Err))
	case c == CheckCurrent:
		return Validation("%s", bad.Err)
	case errors.As(noted, &placed):
		return Validation("%s", placed.older)
	}
	return Validation("%s", bad.Older)
}

// Enveloped words a ValidationException as a violated constraint, which is how some
// operations report all that they find wrong before they look at their table. It
// leaves any other error alone.
func Enveloped(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != "ValidationException" {
		return err
	}
	return Validation("1 validation error detected: %s", e.Message)
}
