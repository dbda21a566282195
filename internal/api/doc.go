// Package api holds what the engines and the wire share and nothing else: the
// shapes of requests and responses, the typed error, the operation table and
// the identity of a caller.
//
// The shapes live in one sub-package a service (dynamodbapi, streamsapi,
// sqsapi), generated from the service models in models/ by apigen:
//
//	go generate ./internal/api/...
//
// A scalar member is an Opt, because the services tell an absent member from
// an empty one; a list is a slice (nil when absent); a structure is a pointer;
// a map is a Map, which keeps the order of the request. Attribute values are
// those of package attr.
//
// An input shape reads itself from JSON (ReadJSON) and checks the constraints
// that the model states (Validate); an output shape appends itself as JSON
// (AppendJSON). Neither uses reflection.
package api
