package expr

import "unicode/utf8"

// tokenKind is the kind of a token. The five expression languages share one
// set of tokens, so a keyword of one is no attribute name in another.
type tokenKind uint8

const (
	tokEOF     tokenKind = iota
	tokUnknown           // one character that begins no token
	tokName              // a letter, then letters, digits and underscores
	tokHash              // #name
	tokColon             // :value
	tokIndex             // digits
	tokDot
	tokComma
	tokOpen
	tokClose
	tokOpenIndex
	tokCloseIndex
	tokPlus
	tokMinus
	tokEq
	tokNe
	tokLt
	tokLe
	tokGt
	tokGe
	tokAnd
	tokOr
	tokNot
	tokIn
	tokBetween
	tokSet
	tokRemove
	tokAdd
	tokDelete
)

// token is a span of the source.
type token struct {
	kind       tokenKind
	start, end int32
}

// Character classes of the bytes that may continue a word.
const (
	isLetter = 1 << iota
	isDigit
	isUnderscore
	isSpace

	isWord = isLetter | isDigit | isUnderscore
)

var class = func() (c [256]uint8) {
	for b := range c {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
			c[b] = isLetter
		case '0' <= b && b <= '9':
			c[b] = isDigit
		case b == '_':
			c[b] = isUnderscore
		case b == ' ', b == '\t', b == '\r', b == '\n':
			c[b] = isSpace
		}
	}
	return c
}()

var punctuation = [256]tokenKind{
	'.': tokDot, ',': tokComma, '(': tokOpen, ')': tokClose,
	'[': tokOpenIndex, ']': tokCloseIndex, '+': tokPlus, '-': tokMinus,
	'=': tokEq, '<': tokLt, '>': tokGt,
}

// lex returns the first token of src at or after the byte offset from.
func lex(src string, from int32) token {
	i := int(from)
	for i < len(src) && class[src[i]] == isSpace {
		i++
	}
	if i == len(src) {
		return token{tokEOF, int32(i), int32(i)}
	}
	switch b := src[i]; {
	case class[b] == isLetter:
		end := span(src, i+1, isWord)
		return token{keyword(src[i:end]), int32(i), int32(end)}
	case class[b] == isDigit:
		return token{tokIndex, int32(i), int32(span(src, i+1, isDigit))}
	case b == '#' || b == ':':
		return lexPlaceholder(src, i)
	case punctuation[b] != 0:
		return lexPunctuation(src, i)
	}
	_, n := utf8.DecodeRuneInString(src[i:])
	return token{tokUnknown, int32(i), int32(i + n)}
}

// span returns the end of the run of bytes of the given classes at i.
func span(src string, i int, classes uint8) int {
	for i < len(src) && class[src[i]]&classes != 0 {
		i++
	}
	return i
}

// lexPlaceholder reads #name or :value. A lone mark is an unknown token.
func lexPlaceholder(src string, i int) token {
	end := span(src, i+1, isWord)
	kind := tokHash
	if src[i] == ':' {
		kind = tokColon
	}
	if end == i+1 {
		kind = tokUnknown
	}
	return token{kind, int32(i), int32(end)}
}

func lexPunctuation(src string, i int) token {
	if i+1 < len(src) {
		switch src[i : i+2] {
		case "<>":
			return token{tokNe, int32(i), int32(i + 2)}
		case "<=":
			return token{tokLe, int32(i), int32(i + 2)}
		case ">=":
			return token{tokGe, int32(i), int32(i + 2)}
		}
	}
	return token{punctuation[src[i]], int32(i), int32(i + 1)}
}

// keyword returns the kind of a word: keywords are known in any case.
func keyword(word string) tokenKind {
	for _, k := range keywordsOfLength(len(word)) {
		if equalFold(word, k.word) {
			return k.kind
		}
	}
	return tokName
}

type keywordToken struct {
	word string
	kind tokenKind
}

var keywords = [...][]keywordToken{
	2: {{"OR", tokOr}, {"IN", tokIn}},
	3: {{"SET", tokSet}, {"ADD", tokAdd}, {"AND", tokAnd}, {"NOT", tokNot}},
	6: {{"REMOVE", tokRemove}, {"DELETE", tokDelete}},
	7: {{"BETWEEN", tokBetween}},
}

func keywordsOfLength(n int) []keywordToken {
	if n < len(keywords) {
		return keywords[n]
	}
	return nil
}

// equalFold reports whether word, made of word characters, is upper in any
// case. Only letters differ from their other case by the bit 0x20.
func equalFold(word, upper string) bool {
	for i := range len(upper) {
		if word[i]&^0x20 != upper[i] {
			return false
		}
	}
	return true
}
