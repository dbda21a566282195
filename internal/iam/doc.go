// Package iam decides what a policy document allows: the JSON policy language
// of IAM, as a pure function of documents and a request. It knows no store, no
// operation and no clock.
//
//	policy, err := iam.Parse(text, iam.ResourcePolicy)
//	decision := iam.Decide(identity, policy, &iam.Request{
//		Principal: iam.User("111122223333", "shop"),
//		Action:    "dynamodb:GetItem",
//		Resource:  "arn:aws:dynamodb:us-east-1:111122223333:table/Orders",
//		Owner:     "111122223333",
//	})
//
// Parse reads a document once, bounded in size and nesting; a Policy is
// immutable and safe for concurrent use. Evaluate says what one policy says of
// one request, Decide what all of them come to: an explicit deny wins; within an
// account either the identity's policies or the resource's must allow; across
// accounts both must.
//
// Supported is the whole grammar: Principal and NotPrincipal, Action and
// NotAction, Resource and NotResource with wildcards, every condition operator
// with IfExists, ForAllValues and ForAnyValue, and policy variables with
// defaults. What a request does not say of itself (Request.Context) is absent.
//
// Sources: IAM User Guide, "IAM JSON policy elements reference" and "Policy
// evaluation logic".
package iam
