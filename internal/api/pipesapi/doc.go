// Package pipesapi holds the shapes, enums, error codes, routes and constraints of
// the EventBridge Pipes API that concern queues, streams of tables and functions,
// generated from its model. Package api says how they are mapped to Go.
package pipesapi

//go:generate go run ../apigen -model ../models/pipes.json -package pipesapi
