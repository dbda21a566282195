// Package pattern decides whether an event matches a filter pattern, in the
// language that event source mappings and pipes share with EventBridge.
//
//	p, err := pattern.Parse(`{"body":{"kind":["order",{"prefix":"refund-"}]}}`)
//	if p.Match(event) { ... }
//
// A pattern is an object like the event that it matches, in which each leaf is a
// list of rules, one of which the event's value must satisfy: a literal, or an
// object that names an operator (rule.go). All members of an object must match;
// of the patterns in a list called $or, one. Where the event has an array, one of
// its elements has to match.
//
// It is pure, and bounded by the size of the pattern: at most MaxLength bytes,
// MaxDepth levels and MaxRules rules. Events are what encoding/json decodes into
// an any with UseNumber.
package pattern
