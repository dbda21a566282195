package jsontok

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// plain returns the index of the first byte of s from i on that a JSON string
// cannot hold as it is (a quote, a backslash or a control character), or len(s).
// It looks at eight bytes at a time.
func plain[T ~string | ~[]byte](s T, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// The top bit of each byte that is zero (of quote and slash) or below a
		// space. A borrow can only spoil bytes above the first hit.
		hit := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & tops
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return i
		}
	}
	return i
}

// scanString reads the string whose opening quote is next. Without escapes the
// result is a part of the input, else it is d.text.
func (d *Decoder) scanString() []byte {
	start := d.pos + 1
	end := plain(d.data, start)
	if end < len(d.data) && d.data[end] == '\\' {
		return d.scanEscaped(start, end)
	}
	if !d.closeString(end) {
		return nil
	}
	d.last = start
	return d.data[start:end:end]
}

// scanEscaped reads the rest of the string that began at start, from its first
// backslash on.
func (d *Decoder) scanEscaped(start, slash int) []byte {
	d.last = -1
	text := append(d.text[:0], d.data[start:slash]...)
	for end := slash; ; {
		if end >= len(d.data) || d.data[end] != '\\' {
			d.text = text
			if !d.closeString(end) {
				return nil
			}
			return text
		}
		r, size := unescape(d.data[end:])
		if size == 0 {
			d.syntax(end, "a wrong escape")
			return nil
		}
		text = utf8.AppendRune(text, r)
		from := end + size
		end = plain(d.data, from)
		text = append(text, d.data[from:end]...)
	}
}

// closeString consumes the closing quote, which has to be at end.
func (d *Decoder) closeString(end int) bool {
	switch {
	case end >= len(d.data):
		d.syntax(end, "a string does not end")
		return false
	case d.data[end] != '"':
		d.syntax(end, "a control character in a string")
		return false
	}
	d.pos = end + 1
	return true
}

// unescape returns the character of the escape sequence at the start of b, which
// begins with a backslash, and the number of bytes it takes: 0 if it is wrong.
func unescape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unescapeHex(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := unescapeHex(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unescapeHex reads \uXXXX.
func unescapeHex(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
