package partiql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd     tokenKind = iota
	tokName              // an identifier; its text is the name
	tokQuoted            // an identifier in double quotes
	tokKeyword           // its text is in upper case
	tokString            // its text is the string
	tokNumber            // its text as it stands
	tokMark              // an operator or a bracket; ? too
)

// place is where a token stands.
type place struct{ line, column, length int }

type token struct {
	kind tokenKind
	text string
	at   place
	// tight tells that the token begins where the one before it ends.
	tight bool
}

// is reports whether the token is that mark or keyword.
func (t token) is(text string) bool {
	return (t.kind == tokMark || t.kind == tokKeyword) && t.text == text
}

// scanner takes a statement apart into tokens.
type scanner struct {
	src    string
	at     int // bytes
	line   int
	column int // of at, in characters
	tokens []token
}

// scan returns the tokens of a statement; the last is a tokEnd.
func scan(src string) ([]token, error) {
	s := scanner{src: src, line: 1, column: 1, tokens: make([]token, 0, len(src)/4+2)}
	for {
		begun := s.at
		if !s.skip() {
			return nil, malformed("")
		}
		start, at := s.at, place{line: s.line, column: s.column}
		kind, text, ok := s.next()
		if !ok {
			return nil, malformed("")
		}
		at.length = utf8.RuneCountInString(s.src[start:s.at])
		s.tokens = append(s.tokens, token{kind, text, at, start == begun && start > 0})
		if kind == tokEnd {
			return s.tokens, nil
		}
	}
}

func (s *scanner) rest() string { return s.src[s.at:] }

// advance moves over n bytes.
func (s *scanner) advance(n int) {
	for _, r := range s.src[s.at : s.at+n] {
		s.column++
		if r == '\n' {
			s.line, s.column = s.line+1, 1
		}
	}
	s.at += n
}

// skip moves over spaces and comments. A comment may not end.
func (s *scanner) skip() bool {
	for s.at < len(s.src) {
		rest := s.rest()
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			s.advance(1)
		case strings.HasPrefix(rest, "--"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				s.advance(end)
			} else {
				s.advance(len(rest))
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return false
			}
			s.advance(end + 4)
		default:
			return true
		}
	}
	return true
}

// next reads one token; it is not ok where none begins.
func (s *scanner) next() (kind tokenKind, text string, ok bool) {
	if s.at == len(s.src) {
		return tokEnd, "", true
	}
	rest := s.rest()
	switch c := rest[0]; {
	case c == '\'':
		text, ok = s.quoted('\'')
		return tokString, text, ok
	case c == '"':
		text, ok = s.quoted('"')
		return tokQuoted, text, ok
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]) && !s.inPath():
		text, ok = s.number()
		return tokNumber, text, ok
	case isNameStart(c):
		kind, text = s.word()
		return kind, text, true
	}
	text, ok = s.mark()
	return tokMark, text, ok
}

// inPath reports whether the dot that comes is one of a path.
func (s *scanner) inPath() bool {
	if len(s.tokens) == 0 {
		return false
	}
	last := s.tokens[len(s.tokens)-1]
	return last.kind == tokName || last.kind == tokQuoted || last.is("]")
}

// quoted reads text between quotes; one within it is doubled.
func (s *scanner) quoted(quote byte) (string, bool) {
	rest := s.rest()
	for i := 1; i < len(rest); i++ {
		if rest[i] != quote {
			continue
		}
		if i+1 < len(rest) && rest[i+1] == quote {
			i++
			continue
		}
		one := string(quote)
		s.advance(i + 1)
		return strings.ReplaceAll(rest[1:i], one+one, one), true
	}
	return "", false
}

// number reads a number. Exponents are those that Java's decimals have.
func (s *scanner) number() (string, bool) {
	rest := s.rest()
	n := countDigits(rest)
	fraction := 0
	if n < len(rest) && rest[n] == '.' {
		fraction = countDigits(rest[n+1:])
		n += 1 + fraction
	}
	exponent := int64(0)
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		start := n + 1
		n = start
		if n < len(rest) && (rest[n] == '+' || rest[n] == '-') {
			n++
		}
		n += countDigits(rest[n:])
		var err error
		if exponent, err = strconv.ParseInt(rest[start:n], 10, 32); err != nil {
			return "", false
		}
	}
	if scale := int64(fraction) - exponent; scale > math.MaxInt32 || scale < math.MinInt32 {
		return "", false
	}
	if n < len(rest) && isNamePart(rest[n]) {
		return "", false
	}
	s.advance(n)
	return rest[:n], true
}

func countDigits(s string) (n int) {
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// word reads a name or a keyword.
func (s *scanner) word() (tokenKind, string) {
	rest, n := s.rest(), 1
	for n < len(rest) && isNamePart(rest[n]) {
		n++
	}
	s.advance(n)
	if upper := strings.ToUpper(rest[:n]); isKeyword(upper) {
		return tokKeyword, upper
	}
	return tokName, rest[:n]
}

// marks are the operators and brackets, longer ones first.
var marks = []string{
	"<<", ">>", "<=", ">=", "<>", "!=", "||",
	"<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "?",
}

func (s *scanner) mark() (string, bool) {
	rest := s.rest()
	for _, m := range marks {
		if strings.HasPrefix(rest, m) {
			s.advance(len(m))
			return m, true
		}
	}
	return "", false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$'
}

func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) }
