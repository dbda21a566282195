// Package lambdaapi holds the shapes, enums, error codes, routes and constraints
// of the Lambda API that concern functions, their invocation and event source
// mappings, generated from its model. Package api says how they are mapped to Go.
package lambdaapi

//go:generate go run ../apigen -model ../models/lambda.json -package lambdaapi
