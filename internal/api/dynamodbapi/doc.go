// Package dynamodbapi holds the shapes, enums, error codes and constraints of the
// DynamoDB API, generated from its model, and the words that some operations have
// for violations of those (reword.go). Package api says how they are mapped to Go.
package dynamodbapi

//go:generate go run ../apigen -model ../models/dynamodb.json -package dynamodbapi
