package attr

import (
	"strconv"
	"strings"
)

// Limits of a Number (Developer Guide, "Supported data types and naming rules"):
// the digits it keeps, and the decimal exponents of its first digit.
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// Number is an exact decimal of up to 38 significant digits, zero or of a
// magnitude from 1E-130 to 9.9999999999999999999999999999999999999E+125. It is kept
// as its canonical text: plain digits without an exponent, with a point only
// before a fraction, without superfluous zeros, and never "-0". Thus two Numbers
// are equal if their texts are. The zero Number is not a number.
type Number struct{ text string }

// String returns the canonical text of n.
func (n Number) String() string { return n.text }

// ParseNumber reads a number in any form that the service takes: an optional
// sign, digits with an optional point before, among or after them, and an optional
// exponent. The errors are ErrNotNumeric, which names the text unless that is
// empty, ErrOverflow, ErrUnderflow and ErrPrecision. The work is one pass over the
// text and the memory is bounded, whatever the exponent says.
//
// The result may share the memory of text.
func ParseNumber(text string) (Number, error) {
	if canonical(text) && len(text) <= maxDigits {
		return Number{text}, nil
	}
	d, ok := scanDecimal(text)
	if !ok {
		if text == "" {
			return Number{}, ErrNotNumeric
		}
		return Number{}, ErrNotNumeric + ": " + Error(text)
	}
	err := d.check()
	if d.n == 0 { // the service judges zero by the exponent with which it is written
		err = d.checkRange(d.exp)
	}
	if err != nil {
		return Number{}, err
	}
	return d.number(), nil
}

// IntNumber returns i as a Number.
func IntNumber(i int64) Number { return Number{strconv.FormatInt(i, 10)} }

// Int64 returns n as an int64, and whether it is one.
func (n Number) Int64() (int64, bool) {
	if len(n.text) > len("-9223372036854775808") {
		return 0, false
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	return i, err == nil
}

// Neg returns n with its sign reversed.
func (n Number) Neg() Number {
	switch {
	case n.text == "" || n.text == "0":
		return n
	case n.text[0] == '-':
		return Number{n.text[1:]}
	}
	return Number{"-" + n.text}
}

// Cmp compares the values: -1 if n is less than m, 0 if they are equal, 1 if n is
// greater. The canonical text makes it a comparison of texts.
func (n Number) Cmp(m Number) int {
	a, negA := strings.CutPrefix(n.text, "-")
	b, negB := strings.CutPrefix(m.text, "-")
	switch {
	case negA && negB:
		return cmpMagnitude(b, a)
	case negA:
		return -1
	case negB:
		return 1
	}
	return cmpMagnitude(a, b)
}

func cmpMagnitude(a, b string) int {
	switch la, lb := wholeDigits(a), wholeDigits(b); {
	case la < lb:
		return -1
	case la > lb:
		return 1
	}
	return strings.Compare(a, b)
}

// wholeDigits returns the number of digits before the point.
func wholeDigits[T string | []byte](magnitude T) int {
	for i := range len(magnitude) {
		if magnitude[i] == '.' {
			return i
		}
	}
	return len(magnitude)
}

// canonical reports whether text has the form of a Number's text. It does not
// judge the limits, which hold for any text of up to 38 bytes of that form.
func canonical[T string | []byte](text T) bool {
	i := 0
	if len(text) > 0 && text[0] == '-' {
		i++
	}
	first, point := i, -1
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c-'0' <= 9:
		case c == '.' && point < 0 && i > first:
			point = i
		default:
			return false
		}
	}
	switch {
	case i == first:
		return false
	case point < 0:
		return text[first] != '0' || i == 1 // a lone "0", without a sign
	}
	return text[i-1] != '0' && text[i-1] != '.' && (text[first] != '0' || point == first+1)
}
