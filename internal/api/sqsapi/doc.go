// Package sqsapi holds the shapes, enums, error codes and constraints of the
// SQS API, generated from its model. Package api says how they are
// mapped to Go.
package sqsapi

//go:generate go run ../apigen -model ../models/sqs.json -package sqsapi
