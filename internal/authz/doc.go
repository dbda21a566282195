// Package authz stands between the wire and the engines where access keys are
// configured, and lets pass what the policies allow.
//
//	guard := authz.New(authz.Options{Identities: ..., ResourcePolicy: ...})
//	operations = guard.Wrap(operations)
//
// For each request it works out the demands: which action on which resource, as
// the service defines them (Service Authorization Reference, "Actions, resources,
// and condition keys" of DynamoDB and SQS). TransactWriteItems, for one, demands
// the action of each of its items, a Query of an index demands the index. Package
// iam decides each demand from the policies of the caller and that of the
// resource. The first that is refused is the error.
//
// What conditions ask of items (dynamodb:LeadingKeys, dynamodb:Attributes and so on)
// is worked out only when a policy asks, from the request alone: its accesses. Of a
// request of many items a condition sees the values of all. What cannot be told of a
// request, because it is malformed or its table is not there, is refused.
//
// A resource may be of another account. If both sides allow it, the operation runs
// in the namespace of that account; resources of several accounts in one request
// are refused.
//
// Nothing here is locked while an operation runs. Guard.parsed is a cache of
// parsed resource policies, dropped whole when it is full.
package authz
