package jsontok

import (
	"errors"
	"fmt"
)

// SyntaxError says that the input is not JSON, or nests deeper than MaxDepth.
type SyntaxError struct {
	Offset int    // of the offending byte
	Reason string // for people
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("JSON syntax at offset %d: %s", e.Offset, e.Reason)
}

// TypeError says that a value is of another type than the reader wants, is no
// integer in the range of int64 (Want is Integer), or no base64 (Want is Base64).
type TypeError struct {
	Want, Got Kind
	Offset    int    // of the value's first byte, which also tells true from false
	Type      string // that the reader has for it: see Name
	Field     bool   // it is a member of a structure: see Decoder.Field
}

// Error implements error.
func (e *TypeError) Error() string {
	return fmt.Sprintf("JSON type at offset %d: %v instead of %v", e.Offset, e.Got, e.Want)
}

// Fail makes err the sticky error, unless there is one already or err is nil.
func (d *Decoder) Fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Name tells a *TypeError of the value just read what the reader calls its type.
// It does nothing after another error, or after none.
func (d *Decoder) Name(typ string) {
	var e *TypeError
	if d.err != nil && errors.As(d.err, &e) && e.Type == "" {
		e.Type = typ
	}
}

// Field tells that the next value is a member of a structure, not of a map.
func (d *Decoder) Field() {
	d.peek()
	d.field = d.pos
}

// Err returns the sticky error.
func (d *Decoder) Err() error { return d.err }

// Note keeps err if it is the first one noted. Reading goes on.
func (d *Decoder) Note(err error) {
	if d.noted == nil {
		d.noted = err
	}
}

// Noted returns the first error given to Note.
func (d *Decoder) Noted() error { return d.noted }

// Renote replaces what was noted: a reader that knows where a value stands
// adds the place to the complaint.
func (d *Decoder) Renote(err error) { d.noted = err }

// End returns the sticky error, which it sets if anything but white space is left
// of the input.
func (d *Decoder) End() error {
	if d.err == nil {
		if d.peek(); d.pos < len(d.data) {
			d.syntax(d.pos, "text follows the value")
		}
	}
	return d.err
}

func (d *Decoder) syntax(offset int, reason string) {
	d.Fail(&SyntaxError{Offset: offset, Reason: reason})
}
