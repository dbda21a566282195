package api

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// ErrTooManyElements says that a list or map of a request exceeds MaxElements.
var ErrTooManyElements = errors.New("api: too many elements")

// maxViolations is how many violations one error names.
const maxViolations = 10

// Violations collects the constraints of the model that a request violates. The
// zero value is ready for use.
type Violations struct {
	texts []string
	// missing is the name of the first required member that is absent.
	missing string
}

// Path is where in the request a value stands. It lives on the stack of the
// checks and is spelled out only for a violation.
type Path struct {
	up   *Path
	name string
	pos  int // of a list's element, from 1; 0 for a named member
}

// Member returns the path of a named member.
func (p *Path) Member(name string) Path { return Path{up: p, name: name} }

// Element returns the path of a list's element, counted from 0.
func (p *Path) Element(i int) Path { return Path{up: p, pos: i + 1} }

func (p *Path) text() string {
	var parts []string
	for ; p != nil; p = p.up {
		switch {
		case p.pos > 0:
			parts = append(parts, strconv.Itoa(p.pos)+".member")
		case p.name != "":
			parts = append(parts, p.name)
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

// Err returns the ValidationException that names the violations, or nil.
func (v *Violations) Err() error {
	n := len(v.texts)
	if n == 0 {
		return nil
	}
	noun := "error"
	if n > 1 {
		noun = "errors"
	}
	return Validation("%d validation %s detected: %s", n, noun, strings.Join(v.texts, "; "))
}

// Missing returns the name of the first required member that is absent, or "".
// SQS reports that one only, in words of its own.
func (v *Violations) Missing() string { return v.missing }

func (v *Violations) add(p Path, value, constraint string) {
	if len(v.texts) == maxViolations {
		return
	}
	v.texts = append(v.texts, "Value "+value+" at '"+p.text()+"' failed to satisfy constraint: "+constraint)
}

// Required reports an absent member.
func (v *Violations) Required(present bool, p Path) {
	if present {
		return
	}
	if v.missing == "" {
		v.missing = p.name
	}
	v.add(p, "null", "Member must not be null")
}

// Length checks the length of a string in characters; max < 0 means no bound.
func (v *Violations) Length(o Opt[string], minLen, maxLen int, p Path) {
	if !o.OK {
		return
	}
	n := len(o.V)
	if n > minLen || maxLen >= 0 && n > maxLen {
		n = utf8.RuneCountInString(o.V)
	}
	v.bounds(n, minLen, maxLen, o.V, p)
}

func (v *Violations) bounds(n, minLen, maxLen int, shown string, p Path) {
	if n < minLen {
		v.add(p, quote(shown), "Member must have length greater than or equal to "+strconv.Itoa(minLen))
	}
	if maxLen >= 0 && n > maxLen {
		v.add(p, quote(shown), "Member must have length less than or equal to "+strconv.Itoa(maxLen))
	}
}

// Count checks the number of elements of a list or map.
func (v *Violations) Count(n, minLen, maxLen int, shown any, p Path) {
	if n < minLen || maxLen >= 0 && n > maxLen {
		v.bounds(n, minLen, maxLen, fmt.Sprint(shown), p)
	}
}

// Enum checks that a string is one of a set.
func (v *Violations) Enum(o Opt[string], set []string, p Path) {
	if o.OK && !slices.Contains(set, o.V) {
		v.add(p, quote(o.V), "Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]")
	}
}

// Range checks the bounds of a number; nil means no bound.
func (v *Violations) Range(o Opt[int64], minValue, maxValue *int64, p Path) {
	if !o.OK {
		return
	}
	shown := quote(strconv.FormatInt(o.V, 10))
	if minValue != nil && o.V < *minValue {
		v.add(p, shown, "Member must have value greater than or equal to "+strconv.FormatInt(*minValue, 10))
	}
	if maxValue != nil && o.V > *maxValue {
		v.add(p, shown, "Member must have value less than or equal to "+strconv.FormatInt(*maxValue, 10))
	}
}

// Match checks that the whole of a string matches a pattern.
func (v *Violations) Match(o Opt[string], pattern *Pattern, p Path) {
	if o.OK && !pattern.match(o.V) {
		v.add(p, quote(o.V), "Member must satisfy regular expression pattern: "+pattern.text)
	}
}

// Pattern is a regular expression of the model, compiled when first needed.
type Pattern struct {
	text    string
	compile func() *regexp.Regexp
}

// NewPattern returns the pattern of a text, which must match as a whole.
func NewPattern(text string) *Pattern {
	return &Pattern{text: text, compile: sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:` + text + `)$`)
	})}
}

func (p *Pattern) match(s string) bool {
	if p.text == `[a-zA-Z0-9_.-]+` {
		return isName(s)
	}
	return p.compile().MatchString(s)
}

// isName matches the pattern of table and index names without an engine.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-') {
			return false
		}
	}
	return s != ""
}

func quote(s string) string { return "'" + s + "'" }
