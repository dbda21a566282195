// Package expr is DynamoDB's expression language: condition, filter, key
// condition, projection and update expressions. It is pure: it knows items and
// values (package attr), and no store, table or clock.
//
// # Use
//
// A request's placeholders become one Params; every expression of the request
// is parsed against it, in the order in which the service looks at them
// (update, condition, key condition, filter, projection); CheckUsed then
// refuses placeholders that no expression named.
//
//	p, err := expr.NewParams(names, values)
//	u, err := expr.ParseUpdate("ADD #n :one", p)
//	c, err := expr.ParseCondition(expr.ConditionExpression, "attribute_exists(pk)", p)
//	err = p.CheckUsed()
//	if c.Eval(item) {
//		item, err = u.Apply(item)
//	}
//
// # Stages
//
// Source text becomes tokens (lex.go), tokens a tree (ast.go, parse_*.go).
// The tree depends on the text alone, so it is kept in a small process-wide
// cache. Binding (bind.go) puts the request's names and values in place of the
// placeholders, the checks (check_*.go) refuse what can be refused without an
// item, and evaluation (eval_*.go) then has only the errors that depend on the
// item. Every text that the service answers is in errors.go.
//
// The parameters that came before expressions (Expected, AttributeUpdates and so
// on) become trees too, without a text: a Comparison or AttributeUpdate is checked
// on its own, and NewCondition, NewUpdate, NewKeyCondition and NewProjection
// (build.go) make of them what the parsers return.
//
// # Concurrency
//
// A Params belongs to one request and one goroutine. Conditions, key
// conditions, projections and updates are immutable and may be shared. They
// never change an item that they are given; results share its parts.
//
// # Limits
//
// An expression has at most 4096 bytes, which also bounds the parser's
// recursion; 300 operators; 100 operands of IN; document paths 32 deep; list
// indexes up to 2147483647. A placeholder has at most 255 bytes, and all of a request
// have 2 MB together with what they stand for. They are those of the service's quotas page.
package expr
