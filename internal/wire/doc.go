// Package wire speaks the protocols of the services: it turns HTTP requests
// into the shapes of package api, runs operations and writes what they return.
// It knows no engine and no store.
//
// An Endpoint serves every service on one port. Requests are told apart by
// their X-Amz-Target header, as "DynamoDB_20120810.PutItem". One without that
// header may be of the query protocol, which SQS spoke before JSON: query.go has
// it, and only reading and writing differ. Lambda speaks REST JSON, where method and
// path name the operation: rest.go. Endpoint.Serve does
// not depend on a transport; three adapters bring it requests and pass one test
// suite:
//
//   - Endpoint.ServeHTTP, for embedding in any net/http server;
//   - Server, a lean HTTP/1.1 server, for the binary: requests as SDKs send them are read
//     and answered in a loop of its own (ordinary_conn.go), all others by fasthttp;
//   - Client, which an SDK in the same process uses as its HTTP client.
//
// # A request
//
// Serve takes the steps of the services in their order, since a request that is
// wrong in two ways gets the first one's error: method and content type, JSON
// syntax, target, signature, JSON types, the constraints of the model, invalid
// attribute values, and then the engine.
//
// # Who is calling
//
// The signature (AWS Signature Version 4, in the Authorization header or the
// query string) is always parsed. The region of its scope and the account of its
// access key are the namespace that the request sees. Without Options.Keys any
// key is accepted and the account follows from the key id: one of 12 digits is
// the account itself, a real AKIA or ASIA key carries its account, and of any
// other one the account is a stable hash. With Options.Keys the signature is
// verified and the account is the configured one.
//
// # Errors
//
// Engines return *api.Error; errors.go has what a code is called on the wire.
// Any other error, and any panic, is logged with the id of its request and
// answered as an internal error that says nothing else.
//
// # A client that goes away
//
// The context that an operation gets ends when its client disconnects, so that a
// long poll does not take messages for nobody. net/http sees to that itself. For
// Server, a request's connection is read in the background from the moment the
// context's Done is first asked for until the operation returns; requests that
// never wait pay nothing. The context also ends when the Endpoint closes.
//
// # Locks
//
// Endpoint.gate is held for reading during each request, and for writing by
// Close. No lock of this package is held while another is taken, except that
// gate spans everything that a request does.
package wire
