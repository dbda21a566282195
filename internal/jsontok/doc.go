// Package jsontok reads and writes JSON token by token, without reflection and
// without a tree in between.
//
// A Decoder walks over a byte slice that the caller keeps unchanged meanwhile.
// The reader of a structure is a loop:
//
//	if d.Object() {
//		for {
//			key, ok := d.Key()
//			if !ok {
//				break
//			}
//			switch {
//			case d.Null(): // a null member is an absent one
//			case string(key) == "TableName":
//				in.TableName = d.String()
//			default:
//				d.Skip()
//			}
//		}
//	}
//
// # Errors
//
// The first error sticks: from then on every method returns a zero value at
// once, so loops end and a reader checks Err (or End) only once. Text that is not
// JSON (RFC 8259) is a *SyntaxError; a value of another type than the one asked
// for is a *TypeError. Apart from them, Note keeps the first complaint about the
// meaning of a well-formed document, and reading goes on: a service reports a
// malformed document before it looks at any value.
//
// # Strictness
//
// Documents MUST be valid UTF-8, and escaped surrogates MUST come in pairs: all
// else is a syntax error, since replacing it would store something other than what
// was sent. Duplicate names in an object are the caller's matter. Objects and
// arrays nest up to MaxDepth; no method recurses.
package jsontok
