package conformance

import (
	"regexp"
	"sync"
)

// pattern compiles an expression when it is first needed: the program that has this
// package serves more often than it checks.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
