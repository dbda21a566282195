// Package streamsapi holds the shapes, enums, error codes and constraints of the
// DynamoDB Streams API, generated from its model. Package api says how they are
// mapped to Go.
package streamsapi

//go:generate go run ../apigen -model ../models/dynamodb-streams.json -package streamsapi
