package jsontok

const hexDigits = "0123456789abcdef"

// AppendString appends s, which MUST be UTF-8, as a JSON string. It escapes what
// JSON requires and nothing else.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for start := 0; ; {
		end := plain(s, start)
		dst = append(dst, s[start:end]...)
		if end == len(s) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, s[end])
		start = end + 1
	}
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// AppendBase64 appends b as a JSON string of standard padded base64.
func AppendBase64[T ~string | ~[]byte](dst []byte, b T) []byte {
	dst = append(dst, '"')
	for ; len(b) >= 3; b = b[3:] {
		w := uint(b[0])<<16 | uint(b[1])<<8 | uint(b[2])
		dst = append(dst, base64Digits[w>>18], base64Digits[w>>12&63], base64Digits[w>>6&63], base64Digits[w&63])
	}
	switch len(b) {
	case 1:
		w := uint(b[0])
		dst = append(dst, base64Digits[w>>2], base64Digits[w<<4&63], '=', '=')
	case 2:
		w := uint(b[0])<<8 | uint(b[1])
		dst = append(dst, base64Digits[w>>10], base64Digits[w>>4&63], base64Digits[w<<2&63], '=')
	}
	return append(dst, '"')
}
