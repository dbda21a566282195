package api

import (
	"context"
	"slices"
)

// Handler runs an operation, as Operation.Handle does.
type Handler = func(context.Context, *Caller, Input) (Output, error)

// Wrap returns a copy of an operation table with around each handler what wrap makes of
// it. Operations that are not implemented stay as they are.
func Wrap(table []Operation, wrap func(op *Operation, handle Handler) Handler) []Operation {
	table = slices.Clone(table)
	for i := range table {
		if op := &table[i]; op.Handle != nil {
			op.Handle = wrap(op, op.Handle)
		}
	}
	return table
}
