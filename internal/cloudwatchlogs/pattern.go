package cloudwatchlogs

import (
	"bytes"
	"strings"
)

// pattern is a filter pattern of terms. All of the terms must be in an event, none of
// those behind a minus, and if there are any behind a question mark, one of them.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
type pattern struct{ all, none, any [][]byte }

// parsePattern reads a pattern. Those of JSON, of columns and of regular expressions
// are refused.
func parsePattern(text string) (p pattern, err error) {
	rest := strings.TrimSpace(text)
	if rest != "" && strings.ContainsRune("{[%", rune(rest[0])) {
		return p, invalid("Invalid filter pattern: only terms and phrases are supported.")
	}
	for rest != "" {
		list := &p.all
		switch rest[0] {
		case '-':
			list, rest = &p.none, rest[1:]
		case '?':
			list, rest = &p.any, rest[1:]
		}
		var term string
		if strings.HasPrefix(rest, `"`) {
			var closed bool
			if term, rest, closed = strings.Cut(rest[1:], `"`); !closed {
				return p, invalid("Invalid filter pattern: a quotation mark is missing.")
			}
		} else if i := strings.IndexByte(rest, ' '); i >= 0 {
			term, rest = rest[:i], rest[i:]
		} else {
			term, rest = rest, ""
		}
		if term == "" {
			return p, invalid("Invalid filter pattern: a term is missing.")
		}
		*list = append(*list, []byte(term))
		rest = strings.TrimLeft(rest, " ")
	}
	return p, nil
}

func (p *pattern) matches(line []byte) bool {
	for _, term := range p.all {
		if !bytes.Contains(line, term) {
			return false
		}
	}
	for _, term := range p.none {
		if bytes.Contains(line, term) {
			return false
		}
	}
	for _, term := range p.any {
		if bytes.Contains(line, term) {
			return true
		}
	}
	return len(p.any) == 0
}
