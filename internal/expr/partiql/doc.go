// Package partiql is the part of PartiQL that DynamoDB has. Like package expr it
// is pure: it knows items and values, and no store, table or clock.
//
// # Use
//
// Parse takes the text of a statement and the request's parameters and returns
// what the statement says: its verb, its table, and the condition, update, item or
// projection in the form of package expr, which evaluates them. What a WHERE means
// for the key of a table is asked afterwards, when the table is known:
//
//	s, err := partiql.Parse("UPDATE Music SET Awards = ? WHERE Artist = ?", params)
//	pins := s.Pin([]string{"Artist"})          // a write: the item that it names
//	branches, ok := s.Branches("Artist", "")   // a read: the partitions that it needs
//
// # Stages
//
// Source text becomes tokens (lex.go), tokens a tree of the whole language
// (parse_*.go), and the tree what DynamoDB makes of it: values (literal.go),
// conditions (condition.go), updates (update.go), columns and tables (source.go).
// So, as in the service, whatever is not well formed is found before anything that
// DynamoDB has no use for. Every text that the service answers is in errors.go.
//
// # Concurrency
//
// A Statement belongs to one request and one goroutine. What it returns of package
// expr is immutable.
//
// # Limits
//
// A statement has at most 8192 characters, which the model of the operations says,
// and nests at most maxNesting levels deep. A literal nests up to 31 levels, IN
// takes 100 values, and one SELECT reads at most MaxBranches ranges of keys.
package partiql
