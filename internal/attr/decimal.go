package attr

import "math"

// decimal is a number taken apart: 0.d1d2d3... times ten to the power of exp.
type decimal struct {
	neg    bool
	excess bool            // it has more than maxDigits significant digits
	n      int             // digits in use; neither the first nor the last is 0; none: zero
	exp    int             // of zero: as it is written
	digits [maxDigits]byte // 0 to 9; zeros from n on
}

// scanDecimal takes a text apart. ok is false if it is no number.
func scanDecimal(text string) (d decimal, ok bool) {
	i := 0
	if text != "" && (text[0] == '+' || text[0] == '-') {
		d.neg = text[0] == '-'
		i++
	}
	some, point := false, false // digits, a point
	seen := 0                   // digits from the first that is not 0 on
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c-'0' > 9 {
			break
		}
		some = true
		if c == '0' && seen == 0 {
			if point {
				d.exp--
			}
			continue
		}
		d.put(seen, c-'0')
		seen++
		if !point {
			d.exp++
		}
	}
	if i < len(text) {
		exp, ok := scanExponent(text[i:])
		if !ok {
			return d, false
		}
		d.exp += exp
	}
	if d.n == 0 {
		d.neg = false
	}
	return d, some
}

// put sets the digit at index i; those between n and i are zeros.
func (d *decimal) put(i int, digit byte) {
	switch {
	case digit == 0:
	case i >= maxDigits:
		d.excess = true
	default:
		d.digits[i] = digit
		d.n = i + 1
	}
}

// scanExponent reads an exponent with its E, of 64 bits at most. One beyond what the
// length of any text could make up for is cut.
func scanExponent(text string) (exp int, ok bool) {
	const limit = 1 << 40
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	i, neg := 1, false
	if i < len(text) && (text[i] == '+' || text[i] == '-') {
		neg = text[i] == '-'
		i++
	}
	if i == len(text) {
		return 0, false
	}
	for ; i < len(text); i++ {
		digit := int(text[i] - '0')
		if digit > 9 || exp > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		exp = exp*10 + digit
	}
	if exp = min(exp, limit); neg {
		exp = -exp
	}
	return exp, true
}

// check returns the service's complaint about a number outside its limits.
func (d *decimal) check() error {
	if d.n == 0 {
		return nil
	}
	return d.checkRange(d.exp - 1)
}

// checkRange checks the exponent of the first digit, and the digits.
func (d *decimal) checkRange(first int) error {
	switch {
	case first > maxExponent:
		return ErrOverflow
	case first < minExponent:
		return ErrUnderflow
	case d.excess:
		return ErrPrecision
	}
	return nil
}

// number returns the canonical Number. The limits have been checked.
func (d *decimal) number() Number {
	if d.n == 0 {
		return Number{"0"}
	}
	var buf [1 + 2 - minExponent + maxDigits]byte
	text := buf[:0]
	if d.neg {
		text = append(text, '-')
	}
	if d.exp <= 0 {
		text = append(text, '0', '.')
	}
	for range -d.exp {
		text = append(text, '0')
	}
	for i := range max(d.exp, d.n) {
		if i == d.exp && i > 0 {
			text = append(text, '.')
		}
		digit := byte(0)
		if i < d.n {
			digit = d.digits[i]
		}
		text = append(text, '0'+digit)
	}
	return Number{string(text)}
}
