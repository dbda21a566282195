package conformance

import (
	"fmt"
	"strings"
)

// line is a logical line of a file: what is open in braces or brackets at the
// end of a line of text goes on in the next.
type line struct {
	number int
	text   string
}

// scan divides a file into logical lines, without comments and empty lines. The
// text of "with body" is taken as it stands.
func scan(text string) ([]line, error) {
	var lines []line
	open := false // the last line goes on
	for i, s := range strings.Split(text, "\n") {
		s = strings.TrimSpace(s)
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		if open {
			lines[len(lines)-1].text += " " + s
		} else {
			lines = append(lines, line{i + 1, s})
		}
		last := lines[len(lines)-1]
		open = goesOn(last.text)
		if open && (isDirective(s, "case") || isDirective(s, "end")) {
			return nil, fmt.Errorf("%d: a brace or bracket is not closed", last.number)
		}
	}
	if open {
		return nil, fmt.Errorf("%d: a brace or bracket is not closed", lines[len(lines)-1].number)
	}
	return lines, nil
}

// goesOn reports whether JSON has begun in a line and not ended.
func goesOn(s string) bool {
	if !hasJSON(s) {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth > 0
}

// hasJSON reports whether a line has JSON, rather than prose.
func hasJSON(s string) bool {
	switch word, rest, _ := strings.Cut(s, " "); word {
	case "=>":
		return strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "and {")
	case "case", "doc", "with", "for", "|", "wait":
		return false
	}
	return true
}

func isDirective(s, word string) bool {
	rest, ok := strings.CutPrefix(s, word)
	return ok && (rest == "" || rest[0] == ' ')
}
