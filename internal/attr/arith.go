package attr

import "strconv"

// Add returns n+m, exactly. Where the sum has more than 38 significant digits, as
// 1E50+1 has, the service does not round: it answers ErrOverflow, as it does for a
// sum beyond the range. A difference too close to zero is ErrUnderflow.
func (n Number) Add(m Number) (Number, error) {
	a, scaleA, okA := n.small()
	b, scaleB, okB := m.small()
	if okA && okB && rescale(&a, &scaleA, scaleB) && rescale(&b, &scaleB, scaleA) {
		return scaled(a+b, scaleA), nil
	}
	return addDecimals(n, m)
}

// Sub returns n-m under the rules of Add.
func (n Number) Sub(m Number) (Number, error) { return n.Add(m.Neg()) }

// smallDigits is the number of digits of which the sum of two is an int64.
const smallDigits = 18

var powers = [smallDigits + 1]int64{1}

func init() {
	for i := 1; i < len(powers); i++ {
		powers[i] = powers[i-1] * 10
	}
}

// small returns n as value / 10^scale, if it has few enough digits.
func (n Number) small() (value int64, scale int, ok bool) {
	text := n.text
	neg := text != "" && text[0] == '-'
	if neg {
		text = text[1:]
	}
	if text == "" || len(text) > smallDigits {
		return 0, 0, false
	}
	for i := range len(text) {
		if text[i] == '.' {
			scale = len(text) - 1 - i
			continue
		}
		value = value*10 + int64(text[i]-'0')
	}
	if neg {
		value = -value
	}
	return value, scale, true
}

// rescale raises the scale of a value to at least that one, if the value then
// still has few enough digits.
func rescale(value *int64, scale *int, to int) bool {
	if *scale >= to {
		return true
	}
	power := powers[to-*scale]
	if limit := powers[smallDigits] / power; *value >= limit || *value <= -limit {
		return false
	}
	*value *= power
	*scale = to
	return true
}

// scaled returns value / 10^scale.
func scaled(value int64, scale int) Number {
	for scale > 0 && value%10 == 0 {
		value /= 10
		scale--
	}
	if scale == 0 {
		return IntNumber(value)
	}
	var buf [2 * smallDigits]byte
	text := buf[:0]
	if value < 0 {
		text = append(text, '-')
		value = -value
	}
	text = strconv.AppendInt(text, value/powers[scale], 10)
	text = append(text, '.')
	for fraction := value % powers[scale]; scale > 0; {
		scale--
		text = append(text, '0'+byte(fraction/powers[scale]))
		fraction %= powers[scale]
	}
	return Number{string(text)}
}

// The digits of all numbers lie at powers of ten from maxExponent down to
// minExponent-maxDigits+1. A column holds one digit position of a sum; the first
// is for the carry.
const columns = 1 + maxExponent - minExponent + maxDigits

// addDecimals adds any two numbers, digit by digit.
func addDecimals(n, m Number) (Number, error) {
	a, okA := scanDecimal(n.text)
	b, okB := scanDecimal(m.text)
	if !okA || !okB {
		return Number{}, ErrNotNumeric
	}
	var sum [columns]int8
	a.addTo(&sum)
	b.addTo(&sum)
	neg := normalize(&sum)
	d := decimal{neg: neg, exp: maxExponent + 2}
	seen := 0
	for _, digit := range sum {
		if seen == 0 && digit == 0 {
			d.exp--
			continue
		}
		d.put(seen, byte(digit))
		seen++
	}
	if d.excess {
		return Number{}, ErrOverflow
	}
	if err := d.check(); err != nil {
		return Number{}, err
	}
	return d.number(), nil
}

// addTo adds the digits of d, negative ones of a negative number, to the columns.
func (d *decimal) addTo(sum *[columns]int8) {
	first := maxExponent + 2 - d.exp // the column of d's first digit
	for i, digit := range d.digits[:d.n] {
		if d.neg {
			sum[first+i] -= int8(digit)
		} else {
			sum[first+i] += int8(digit)
		}
	}
}

// normalize makes each column a digit and reports whether the sum is negative.
func normalize(sum *[columns]int8) (neg bool) {
	for _, c := range sum {
		if c != 0 {
			neg = c < 0
			break
		}
	}
	carry := int8(0)
	for i := len(sum) - 1; i >= 0; i-- {
		c := sum[i]
		if neg {
			c = -c
		}
		c += carry
		carry = 0
		switch {
		case c < 0:
			c, carry = c+10, -1
		case c > 9:
			c, carry = c-10, 1
		}
		sum[i] = c
	}
	return neg
}
