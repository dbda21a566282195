package api

import (
	"context"
	"fmt"

	"github.com/levee-io/levee/internal/jsontok"
)

// Namespace isolates the resources of one account in one region. No operation
// sees another namespace's tables or queues.
type Namespace struct {
	Account string // 12 digits
	Region  string // such as us-east-1
}

// Caller is who sent a request and how it reached the server.
type Caller struct {
	Namespace
	// AccessKey is the access key id that signed the request.
	AccessKey string
	// BaseURL is scheme and host as the client addressed the server, without a
	// trailing slash; queue URLs start with it.
	BaseURL string
	// RequestID is the id that the response will carry.
	RequestID string
	// Remote is the address and port of the client, nil for one in this process.
	Remote fmt.Stringer
}

// Input is a request shape.
type Input interface {
	// ReadJSON fills the zero shape. Errors are the decoder's: sticky ones are
	// serialization errors, noted ones are validation errors.
	ReadJSON(*jsontok.Decoder)
	// Validate reports each constraint of the model that the shape violates.
	Validate(*Violations)
}

// Output is a response shape.
type Output interface {
	AppendJSON(dst []byte) []byte
}

// Sized is an Output that may be large.
type Sized interface {
	// JSONSize estimates how many bytes AppendJSON will append; it had better be too
	// many than too few.
	JSONSize() int
}

// Class is the kind of capacity that an operation consumes.
type Class uint8

// The classes.
const (
	Control Class = iota // none; table and queue administration
	Read
	Write
)

// Operation is one row of the operation table.
type Operation struct {
	// Target is the X-Amz-Target prefix of the service, such as "DynamoDB_20120810".
	Target string
	// Route is how requests address the operation, for a service of REST JSON,
	// where Target is only a name.
	Route Route
	// Name is the operation's name, such as "PutItem".
	Name string
	// Class is the capacity that it consumes.
	Class Class
	// Values says how the operation words what is wrong with attribute values.
	Values ValueCheck
	// Body refuses a body before it is read into the shape, for an operation that
	// the service reads in a way of its own; nil for all others.
	Body func(body []byte) error
	// Doc is one line for docs/compatibility.md and the console: what is
	// supported and what deviates.
	Doc string
	// New returns an empty request. It is nil, like Handle, for an operation
	// that is known but not implemented.
	New func() Input
	// Handle runs the operation: exactly one of the results is non-nil. A
	// request is handed over: the handler may keep parts of it.
	Handle func(context.Context, *Caller, Input) (Output, error)
}

// Checking returns the row of an operation that checks attribute values so.
func (op Operation) Checking(c ValueCheck) Operation {
	op.Values = c
	return op
}

// Reading returns the row of an operation whose bodies are checked so.
func (op Operation) Reading(check func(body []byte) error) Operation {
	op.Body = check
	return op
}

// At returns the row of an operation that is addressed so.
func (op Operation) At(r Route) Operation {
	op.Route = r
	return op
}

// Op makes a row from a typed handler.
func Op[I any, O any, PI interface {
	*I
	Input
}, PO interface {
	*O
	Output
}](target, name string, class Class, doc string, handle func(context.Context, *Caller, *I) (*O, error)) Operation {
	return Operation{
		Target: target, Name: name, Class: class, Doc: doc,
		New: func() Input { return PI(new(I)) },
		Handle: func(ctx context.Context, c *Caller, in Input) (Output, error) {
			out, err := handle(ctx, c, (*I)(in.(PI)))
			if err != nil {
				return nil, err
			}
			return PO(out), nil
		},
	}
}
