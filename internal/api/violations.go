package api

import (
	"errors"
	"fmt"
	"reflect"
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
	// missing is the path name of the first required member that is absent.
	missing string
	// alone tells that the one text is not worded as a violation.
	alone bool
}

// Path is where in the request a value stands. It lives on the stack of the
// checks and is spelled out only for a violation.
type Path struct {
	up     *Path
	name   string
	pos    int  // of a list's element, from 1; 0 for a named member
	valued bool // the value of a map, named by its key
}

// Member returns the path of a named member.
func (p *Path) Member(name string) Path { return Path{up: p, name: name} }

// Value returns the path of a map's value.
func (p *Path) Value(key string) Path { return Path{up: p, name: key + ".member", valued: true} }

// Element returns the path of a list's element, counted from 0.
func (p *Path) Element(i int) Path { return Path{up: p, pos: i + 1} }

// appendText spells the path out. It copies the names, or all paths would be allocated,
// since the compiler could not tell that none outlives its check.
func (p *Path) appendText(b []byte) []byte {
	if p == nil {
		return b
	}
	b = p.up.appendText(b)
	if len(b) > 0 && (p.pos > 0 || p.name != "") {
		b = append(b, '.')
	}
	if p.pos > 0 {
		return append(strconv.AppendInt(b, int64(p.pos), 10), ".member"...)
	}
	return append(b, p.name...)
}

// Err returns the ValidationException that names the violations, or nil.
func (v *Violations) Err() error {
	n := len(v.texts)
	switch {
	case n == 0:
		return nil
	case v.alone:
		return Validation("%s", v.texts[0])
	}
	noun := "error"
	if n > 1 {
		noun = "errors"
	}
	return Validation("%d validation %s detected: %s", n, noun, strings.Join(v.texts, "; "))
}

// Missing returns the name, as the model has it, of the first required member that
// is absent, or "". SQS reports that one only, in words of its own.
func (v *Violations) Missing() string {
	if v.missing == "" {
		return ""
	}
	return strings.ToUpper(v.missing[:1]) + v.missing[1:]
}

func (v *Violations) add(p Path, value, constraint string) {
	if len(v.texts) < maxViolations { // or the path would be spelled out for nothing
		v.Say("Value " + value + " at '" + string(p.appendText(nil)) + "' failed to satisfy constraint: " + constraint)
	}
}

// Reset forgets all violations.
func (v *Violations) Reset() { *v = Violations{} }

// Whole reports whether there are violations, and no required member is missing.
func (v *Violations) Whole() bool { return len(v.texts) > 0 && v.missing == "" }

// Alone has Err name the one violation by its text only.
func (v *Violations) Alone() { v.alone = true }

// Say adds a violation in words of its own.
func (v *Violations) Say(text string) {
	if len(v.texts) < maxViolations {
		v.texts = append(v.texts, text)
	}
}

// Unshown reports the violation of a member, named as in requests, without showing
// its value.
func (v *Violations) Unshown(member, constraint string) {
	v.Say("Value at '" + member + "' failed to satisfy constraint: " + constraint)
}

// OneOf is Enum with a text of its own. It reports whether the string is wrong.
func (v *Violations) OneOf(o Opt[string], set []string, text string) bool {
	wrong := o.OK && !slices.Contains(set, o.V)
	if wrong {
		v.Say(text)
	}
	return wrong
}

// Required reports an absent member.
func (v *Violations) Required(present bool, p Path) {
	if present {
		return
	}
	if v.missing == "" {
		v.missing = strings.Clone(p.name)
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

// Count checks the number of elements of a list or map. The service reports a
// list that is the value of a map at the path of the map, with both its bounds.
func (v *Violations) Count(n, minLen, maxLen int, shown any, p Path) {
	if n >= minLen && (maxLen < 0 || n <= maxLen) {
		return
	}
	if p.valued && maxLen >= 0 {
		v.add(*p.up, quote("{"+strings.TrimSuffix(p.name, ".member")+"="+elements(shown)+"}"), fmt.Sprintf("Map value must satisfy constraint: "+
			"[Member must have length less than or equal to %d, Member must have length greater than or equal to %d]", maxLen, minLen))
		return
	}
	v.bounds(n, minLen, maxLen, elements(shown), p)
}

// elements shows a list or map in the service's manner. A structure is shown by
// its name; the service adds what it holds, in a form of its own.
func elements(shown any) string {
	v := reflect.ValueOf(shown)
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(shown)
	}
	if v.Len() == 0 && strings.HasPrefix(v.Type().Elem().Name(), "Entry[") {
		return "{}" // a map
	}
	var parts []string
	for i := range v.Len() {
		switch e := v.Index(i); e.Kind() {
		case reflect.String:
			parts = append(parts, e.String())
		default:
			name, _, _ := strings.Cut(e.Type().Name(), "[")
			parts = append(parts, name)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
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
	if o.OK && !pattern.Matches(o.V) {
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

// Matches reports whether the whole of a string matches.
func (p *Pattern) Matches(s string) bool {
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
