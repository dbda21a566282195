package api

import (
	"fmt"

	"github.com/levee-io/levee/internal/attr"
)

// Fault says whose mistake an Error is.
type Fault uint8

// The two sides.
const (
	Client Fault = iota // HTTP 4xx
	Server              // HTTP 5xx
)

// Error is the one error that an engine returns to a client. Any other error
// that reaches the wire is unexpected: it is logged and answered as an internal
// server error that says nothing.
type Error struct {
	// Code is the error's shape name in the service model, such as
	// "ResourceNotFoundException". The wire adds the namespace and, for SQS, the
	// legacy code.
	Code string
	// Message is the text for the client.
	Message string
	// Fault is Client unless said otherwise.
	Fault Fault
	// Status is the HTTP status; 0 means 400 or 500 by Fault.
	Status int
	// Reasons are the cancellation reasons of a TransactionCanceledException, one
	// for each action in the order of the request.
	Reasons []CancellationReason
	// Item is the item that failed a condition, where the request asked for it.
	Item attr.Item
	// Throttling says what was exceeded, for the throttling errors.
	Throttling []ThrottlingReason
}

// CancellationReason says why one action of a transaction failed. Code is
// "None" for an action that did not.
type CancellationReason struct {
	Code    string
	Message string
	Item    attr.Item
}

// ThrottlingReason names a limit that was exceeded and the ARN of the table or
// index that has it.
type ThrottlingReason struct {
	Reason   string
	Resource string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Errorf returns a client error.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Validation returns the ValidationException of DynamoDB.
func Validation(format string, args ...any) *Error {
	return Errorf("ValidationException", format, args...)
}
