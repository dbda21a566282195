package jsontok

import (
	"math"
	"strconv"
)

// Int reads a number that is an integer in the range of int64, in whatever form
// it is written: 5, 5.0 and 0.5e1 are the same. Others are a *TypeError.
func (d *Decoder) Int() int64 {
	at, text := d.number()
	if d.err != nil {
		return 0
	}
	n, ok := integer(text)
	if !ok {
		d.Fail(&TypeError{Want: Integer, Got: Number, Offset: at})
		return 0
	}
	return n
}

// Float reads a number as the nearest float64. One beyond its range is a
// *TypeError.
func (d *Decoder) Float() float64 {
	at, text := d.number()
	if d.err != nil {
		return 0
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		d.Fail(&TypeError{Want: Number, Got: Number, Offset: at})
		return 0
	}
	return f
}

// number reads a number and returns its offset and its text.
func (d *Decoder) number() (int, []byte) {
	if !d.want(Number) {
		return 0, nil
	}
	at := d.pos
	d.scanNumber()
	return at, d.data[at:d.pos]
}

// scanNumber consumes the number that begins at d.pos.
func (d *Decoder) scanNumber() {
	i := d.pos
	if d.data[i] == '-' {
		i++
	}
	whole := d.digits(i)
	if whole > i+1 && d.data[i] == '0' {
		whole = i // no leading zeros
	}
	ok := whole > i
	if i = whole; ok && i < len(d.data) && d.data[i] == '.' {
		end := d.digits(i + 1)
		ok, i = end > i+1, end
	}
	if ok && i < len(d.data) && d.data[i]|0x20 == 'e' {
		if i++; i < len(d.data) && (d.data[i] == '+' || d.data[i] == '-') {
			i++
		}
		end := d.digits(i)
		ok, i = end > i, end
	}
	if !ok {
		d.syntax(i, "a wrong number")
		return
	}
	d.pos = i
}

// digits returns the end of the run of digits that begins at i.
func (d *Decoder) digits(i int) int {
	for i < len(d.data) && d.data[i]-'0' <= 9 {
		i++
	}
	return i
}

// integer returns the value of a well-formed number if that is an int64. It
// reads the text once and allocates nothing, however long it is.
func integer(text []byte) (n int64, ok bool) {
	var (
		neg      = text[0] == '-'
		value    uint64 // the digits up to the last one that is not 0
		zeros    int    // the zeros after them
		exponent int
		fraction bool
	)
	if neg {
		text = text[1:]
	}
	for i, c := range text {
		if c == '.' {
			fraction = true
			continue
		}
		if c|0x20 == 'e' {
			exponent += exponentOf(text[i+1:])
			break
		}
		if fraction {
			exponent--
		}
		if c == '0' {
			zeros++
			continue
		}
		if value, ok = shift(value, zeros+1); !ok || value > math.MaxUint64-9 {
			return 0, false
		}
		value += uint64(c - '0')
		zeros = 0
	}
	if value == 0 {
		return 0, true
	}
	if value, ok = shift(value, zeros+exponent); !ok {
		return 0, false
	}
	if neg {
		return -int64(value), value <= 1<<63
	}
	return int64(value), value <= math.MaxInt64
}

// shift returns value times ten to the power of by, unless by is negative or the
// product overflows.
func shift(value uint64, by int) (uint64, bool) {
	if by < 0 {
		return 0, false
	}
	for ; value != 0 && by > 0; by-- {
		if value > math.MaxUint64/10 {
			return 0, false
		}
		value *= 10
	}
	return value, true
}

// exponentOf reads an exponent. One beyond what the length of any input could
// make up for is cut.
func exponentOf(text []byte) int {
	neg := text[0] == '-'
	if neg || text[0] == '+' {
		text = text[1:]
	}
	n := 0
	for _, c := range text {
		if n = n*10 + int(c-'0'); n > 1<<40 {
			n = 1 << 40
		}
	}
	if neg {
		return -n
	}
	return n
}
