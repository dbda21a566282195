package conformance

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// kinds are the matchers that look at a value alone; re and absent are apart.
var kinds = map[string]func(got any) bool{
	"any":    func(any) bool { return true },
	"string": func(got any) bool { s, ok := got.(string); return ok && s != "" },
	"number": func(got any) bool { return text(patternNumber, got) },
	"bool":   func(got any) bool { return got == true || got == false || got == "true" || got == "false" },
	"uuid":   func(got any) bool { return text(patternUUID, got) },
	"arn":    func(got any) bool { s, ok := got.(string); return ok && strings.HasPrefix(s, "arn:aws") },
	"list":   func(got any) bool { _, ok := got.([]any); return ok },
	"object": func(got any) bool { _, ok := got.(map[string]any); return ok },
}

// What <number>, <uuid>, <word> and <any> stand for in texts.
const (
	patternNumber = `-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?`
	patternUUID   = `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`
	patternWord   = `[^ ]+`
	patternAny    = `(?s:.*)`
)

// text reports whether a string or number has a form.
func text(pattern string, got any) bool {
	s := fmt.Sprint(got)
	return regexp.MustCompile("^" + pattern + "$").MatchString(s)
}

// comparison is of one expected value with one answer.
type comparison struct {
	vars   vars // gets what matchers capture
	strict bool // numbers are numbers; in XML they are text
	diffs  []string
}

func (c *comparison) differ(path, format string, args ...any) {
	if path == "" {
		path = "answer"
	}
	c.diffs = append(c.diffs, strings.TrimPrefix(path, ".")+": "+fmt.Sprintf(format, args...))
}

// match compares a value with an expected one.
func (c *comparison) match(path string, want node, got any) {
	switch want := want.(type) {
	case *object:
		c.object(path, want, got)
	case *list:
		c.list(path, want, got)
	case *matcher:
		c.matcher(path, want, got)
	case string:
		s, err := c.vars.fill(want)
		if err != nil {
			c.differ(path, "%v", err)
		} else if s != got {
			c.differ(path, "want %q, have %s", s, show(got))
		}
	case json.Number:
		if !c.equalNumber(want, got) {
			c.differ(path, "want %s, have %s", want, show(got))
		}
	default: // nil and bool
		if want != got && (c.strict || fmt.Sprint(want) != got) {
			c.differ(path, "want %v, have %s", want, show(got))
		}
	}
}

func (c *comparison) equalNumber(want json.Number, got any) bool {
	n, ok := got.(json.Number)
	if s, isText := got.(string); isText && !c.strict {
		n, ok = json.Number(s), true
	}
	if !ok {
		return false
	}
	a, okA := new(big.Rat).SetString(string(want))
	b, okB := new(big.Rat).SetString(string(n))
	return okA && okB && a.Cmp(b) == 0
}

func (c *comparison) object(path string, want *object, got any) {
	have, ok := got.(map[string]any)
	if !ok {
		c.differ(path, "want an object, have %s", show(got))
		return
	}
	named := map[string]bool{}
	for _, m := range want.members {
		name, err := c.vars.fill(m.name)
		if err != nil {
			c.differ(path, "%v", err)
		}
		named[name] = true
		value, ok := have[name]
		switch {
		case absent(m.value) && ok:
			c.differ(path+"."+name, "want none, have %s", show(value))
		case absent(m.value):
		case !ok:
			c.differ(path+"."+name, "is missing")
		default:
			c.match(path+"."+name, m.value, value)
		}
	}
	if want.open {
		return
	}
	for name, value := range have {
		if !named[name] {
			c.differ(path+"."+name, "is not expected: %s", show(value))
		}
	}
}

func (c *comparison) list(path string, want *list, got any) {
	have, ok := got.([]any)
	if !ok {
		c.differ(path, "want a list, have %s", show(got))
		return
	}
	if len(have) != len(want.items) && !want.open || len(have) < len(want.items) {
		c.differ(path, "want %d elements, have %d: %s", len(want.items), len(have), show(got))
		return
	}
	if want.open || want.unordered {
		c.anyOrder(path, want, have)
		return
	}
	for i, item := range want.items {
		c.match(fmt.Sprintf("%s[%d]", path, i), item, have[i])
	}
}

// anyOrder gives each expected element the first one that fits and is free.
func (c *comparison) anyOrder(path string, want *list, have []any) {
	taken := make([]bool, len(have))
next:
	for i, item := range want.items {
		var first []string
		for j, value := range have {
			if taken[j] {
				continue
			}
			try := &comparison{vars: c.vars, strict: c.strict}
			try.match(fmt.Sprintf("%s[%d]", path, j), item, value)
			if len(try.diffs) == 0 {
				taken[j] = true
				continue next
			}
			if first == nil {
				first = try.diffs
			}
		}
		c.differ(path, "nothing fits expected element %d (%s)", i, strings.Join(first, "; "))
	}
}

func (c *comparison) matcher(path string, m *matcher, got any) {
	if m.kind == "re" {
		if s, ok := got.(string); !ok || !m.re.MatchString(s) {
			c.differ(path, "want %s, have %s", m.re, show(got))
		}
		return
	}
	if is := kinds[m.kind]; is == nil || !is(got) {
		c.differ(path, "want <%s>, have %s", m.kind, show(got))
		return
	}
	if m.capture != "" {
		c.vars[m.capture] = fmt.Sprint(got)
	}
}

// show is a value as a difference shows it.
func show(got any) string {
	b, err := json.Marshal(got)
	if err != nil {
		return fmt.Sprint(got)
	}
	s := string(b)
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return s
}

var placeholder = pattern(`<(any|number|uuid|word)>`)

// fits reports whether a text is as a pattern says, in which <any>, <number>,
// <uuid> and <word> stand for what is not known.
func fits(pattern, got string) bool {
	var re strings.Builder
	last := 0
	for _, at := range placeholder().FindAllStringSubmatchIndex(pattern, -1) {
		re.WriteString(regexp.QuoteMeta(pattern[last:at[0]]))
		re.WriteString(map[string]string{
			"any": patternAny, "number": patternNumber, "uuid": patternUUID, "word": patternWord,
		}[pattern[at[2]:at[3]]])
		last = at[1]
	}
	if last == 0 {
		return pattern == got
	}
	re.WriteString(regexp.QuoteMeta(pattern[last:]))
	return regexp.MustCompile("^" + re.String() + "$").MatchString(got)
}
