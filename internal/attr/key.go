package attr

import "errors"

// The bytes that give key strings and binaries their end and their order: a zero
// byte of the content becomes escape 0xff, and escape terminator ends it.
const (
	keyEscape     = 0x00
	keyEscapedNul = 0xff
	keyTerminator = 0x01
)

// The first byte of the key of a number that is not negative is keyZero plus its
// exponent in base 100, counted from minCentimalExponent; for a number below zero
// all bytes are complemented.
const (
	keyZero             = 0x80
	minCentimalExponent = (minExponent + 1) / 2 // -64
	maxCentimals        = maxDigits/2 + 1       // 38 digits can lie across 20 pairs
)

var errBadKey = errors.New("attr: malformed key bytes")

// AppendKey appends the key bytes of v, which MUST be a string, a number or a
// binary; nothing is appended for other kinds. See Key bytes in the package
// comment.
func AppendKey(dst []byte, v Value) []byte {
	switch v.kind {
	case KindS, KindB:
		return append(AppendKeyPrefix(dst, v.text), keyEscape, keyTerminator)
	case KindN:
		return appendNumberKey(dst, v.Num())
	}
	return dst
}

// AppendKeyPrefix appends the bytes with which the keys of all strings, or all
// binaries, begin that begin with prefix.
func AppendKeyPrefix(dst []byte, prefix string) []byte {
	start := 0
	for i := range len(prefix) {
		if prefix[i] == keyEscape {
			dst = append(dst, prefix[start:i+1]...)
			dst = append(dst, keyEscapedNul)
			start = i + 1
		}
	}
	return append(dst, prefix[start:]...)
}

// DecodeKey reads the value of that kind at the start of b, and returns the bytes
// after it. Its errors say that b holds no key as AppendKey writes them.
func DecodeKey(b []byte, k Kind) (v Value, rest []byte, err error) {
	switch k {
	case KindS, KindB:
		text, rest, ok := decodeTextKey(b)
		if ok {
			return Value{kind: k, text: text}, rest, nil
		}
	case KindN:
		n, rest, ok := decodeNumberKey(b)
		if ok {
			return N(n), rest, nil
		}
	}
	return Value{}, nil, errBadKey
}

func decodeTextKey(b []byte) (text string, rest []byte, ok bool) {
	var unescaped []byte
	start := 0
	for i := 0; i+1 < len(b); i++ {
		if b[i] != keyEscape {
			continue
		}
		switch b[i+1] {
		case keyTerminator:
			if unescaped == nil {
				return string(b[start:i]), b[i+2:], true
			}
			return string(append(unescaped, b[start:i]...)), b[i+2:], true
		case keyEscapedNul:
			unescaped = append(unescaped, b[start:i+1]...)
			i++
			start = i + 1
		default:
			return "", nil, false
		}
	}
	return "", nil, false
}

// appendNumberKey writes the first byte, then each base-100 digit plus one, then a
// zero byte.
func appendNumberKey(dst []byte, n Number) []byte {
	d, ok := scanDecimal(n.text)
	if !ok || d.check() != nil {
		return dst
	}
	if d.n == 0 {
		return append(dst, keyZero, 0)
	}
	flip := byte(0)
	if d.neg {
		flip = 0xff
	}
	// Pairs begin at the point, so an odd exponent puts one zero before the
	// first digit.
	odd := d.exp & 1
	exponent := (d.exp + odd) / 2
	dst = append(dst, byte(keyZero+exponent-minCentimalExponent)^flip)
	for i := -odd; i < d.n; i += 2 {
		centimal := byte(0)
		if i >= 0 {
			centimal = d.digits[i] * 10
		}
		if i+1 < d.n {
			centimal += d.digits[i+1]
		}
		dst = append(dst, (centimal+1)^flip)
	}
	return append(dst, flip)
}

func decodeNumberKey(b []byte) (n Number, rest []byte, ok bool) {
	if len(b) < 2 {
		return Number{}, nil, false
	}
	flip := byte(0)
	if b[0] < keyZero {
		flip = 0xff
	}
	d := decimal{neg: flip != 0, exp: 2 * (int(b[0]^flip) - keyZero + minCentimalExponent)}
	if b[0] == keyZero && b[1] == 0 {
		return Number{"0"}, b[2:], true
	}
	seen, last := 0, byte(0)
	for i := 1; i < len(b) && i <= 1+maxCentimals; i++ {
		c := b[i] ^ flip
		if c == 0 {
			if i == 1 || last == 0 || d.check() != nil {
				return Number{}, nil, false
			}
			return d.number(), b[i+1:], true
		}
		last = c - 1
		if last > 99 || i == 1 && last == 0 {
			return Number{}, nil, false
		}
		if i == 1 && last < 10 {
			d.exp--
		} else {
			d.put(seen, last/10)
			seen++
		}
		d.put(seen, last%10)
		seen++
	}
	return Number{}, nil, false
}
