package attr

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	nines      = strings.Repeat("9", maxDigits)
	largest    = nines + strings.Repeat("0", maxExponent+1-maxDigits)
	tiniest    = "0." + strings.Repeat("0", -minExponent-1) + "1"
	afterPoint = strings.Repeat("0", 50)
)

func number(tb testing.TB, text string) Number {
	tb.Helper()
	n, err := ParseNumber(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return n
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+0": "0", "0.000": "0", "0e125": "0", "-0E-130": "0", "000": "0", ".0": "0",
		"5": "5", "+5": "5", "-5": "-5", "005": "5", "5.": "5", ".5": "0.5", "-.5": "-0.5", "0001.2300": "1.23",
		"1.0": "1", "100": "100", "1e5": "100000", "1E+5": "100000", "15e-1": "1.5", "1.5E2": "150", "-17.4E37": "-174" + strings.Repeat("0", 36),
		"0.00001e5": "1", "1230e-5": "0.0123", "1e0": "1", "12.5e1": "125", "12.345e1": "123.45",
		"1e125": "1" + strings.Repeat("0", 125), "1E-130": tiniest, "-1e-130": "-" + tiniest,
		"9.9999999999999999999999999999999999999E+125": largest,
		nines: nines, nines + "0000": nines + "0000", "0." + nines: "0." + nines,
		"1" + afterPoint + "e-50": "1", "0." + afterPoint + "1e51": "1",
		"3.1415926535897932384626433832795028841": "3.1415926535897932384626433832795028841",
	} {
		if n, err := ParseNumber(text); err != nil || n.String() != want {
			t.Errorf("%s: %s, %v, want %s", text, n, err, want)
		}
	}
}

func TestParseNumberRefuses(t *testing.T) {
	notNumeric := func(text string) Error { return "The parameter cannot be converted to a numeric value: " + Error(text) }
	for text, want := range map[string]Error{
		"":  "The parameter cannot be converted to a numeric value",
		"b": notNumeric("b"), " 1": notNumeric(" 1"), "1 ": notNumeric("1 "), "NaN": notNumeric("NaN"), "Infinity": notNumeric("Infinity"),
		"-": notNumeric("-"), ".": notNumeric("."), "e5": notNumeric("e5"), "1e": notNumeric("1e"), "1e+": notNumeric("1e+"), "1e5.0": notNumeric("1e5.0"),
		"--1": notNumeric("--1"), "1.2.3": notNumeric("1.2.3"), "1,5": notNumeric("1,5"), "0x1": notNumeric("0x1"), "1_000": notNumeric("1_000"), "٣": notNumeric("٣"),

		"123456789012345678901234567890123456789":    "Attempting to store more than 38 significant digits in a Number",
		"-1.23456789012345678901234567890123456789":  "Attempting to store more than 38 significant digits in a Number",
		"314159265358979323846264338327950288419e30": "Attempting to store more than 38 significant digits in a Number",

		"1e126":        "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"-11e125":      "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"1e999999999":  "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"1e-131":       "Number underflow. Attempting to store a number with magnitude smaller than supported range",
		"-0.9e-130":    "Number underflow. Attempting to store a number with magnitude smaller than supported range",
		"1e-999999999": "Number underflow. Attempting to store a number with magnitude smaller than supported range",

		"0e126":                 ErrOverflow,
		"0e-131":                ErrUnderflow,
		"1e99999999999":         ErrOverflow,
		"1e-99999999999":        ErrUnderflow,
		"1e9223372036854775807": ErrOverflow,
		"1e9223372036854775808": ErrNotNumeric + ": 1e9223372036854775808",
		"1" + largest:           ErrOverflow,
	} {
		if n, err := ParseNumber(text); !errors.Is(err, want) {
			t.Errorf("%s: %s, %v, want %v", text, n, err, want)
		}
	}
}

func TestParseNumberIsBounded(t *testing.T) {
	long := strings.Repeat("7", 1<<20)
	zeros := strings.Repeat("0", 1<<20)
	for text, want := range map[string]error{
		long: ErrOverflow, "0." + long: ErrPrecision, "0." + zeros + "1": ErrUnderflow,
		"1e" + long: ErrNotNumeric + ": 1e" + Error(long), zeros + "1": nil, "1." + zeros: nil, "1" + zeros + "e-1048576": nil,
	} {
		if allocs := testing.AllocsPerRun(1, func() {
			if _, err := ParseNumber(text); err != want {
				t.Errorf("%.10s...: %v, want %v", text, err, want)
			}
		}); allocs > 2 {
			t.Errorf("%.10s...: %v allocations", text, allocs)
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, i := range []int64{0, 1, -1, 42, 1<<63 - 1, -1 << 63} {
		n := IntNumber(i)
		if back, ok := n.Int64(); !ok || back != i || n != number(t, n.String()) {
			t.Errorf("%d: %s, %d, %v", i, n, back, ok)
		}
	}
	for _, text := range []string{"1.5", "9223372036854775808", "-9223372036854775809", "1e100", "1e-5"} {
		if i, ok := number(t, text).Int64(); ok {
			t.Errorf("%s is the int64 %d", text, i)
		}
	}
	if _, ok := (Number{}).Int64(); ok {
		t.Error("the zero Number is an int64")
	}
}

// genNumber draws numbers of all sizes, with a taste for those that are close.
func genNumber() *rapid.Generator[Number] {
	digits := rapid.StringMatching(`[1-9][0-9]{0,37}|[1-9]|[1-9]0{1,10}[1-9]`)
	return rapid.Custom(func(t *rapid.T) Number {
		if rapid.IntRange(0, 9).Draw(t, "class") == 0 {
			return Number{"0"}
		}
		text := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + "0." + digits.Draw(t, "digits")
		exp := rapid.OneOf(rapid.IntRange(-3, 20), rapid.IntRange(minExponent+1, maxExponent+1)).Draw(t, "exp")
		n, err := ParseNumber(text + "e" + IntNumber(int64(exp)).String())
		if err != nil {
			t.Fatalf("%se%d: %v", text, exp, err)
		}
		return n
	})
}

func ratOf(n Number) *big.Rat {
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic("not a number: " + n.String())
	}
	return r
}

func TestNumberProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genNumber().Draw(t, "a"), genNumber().Draw(t, "b")
		if !canonical(a.String()) {
			t.Fatalf("%s is not canonical", a)
		}
		if again, err := ParseNumber(a.String()); err != nil || again != a {
			t.Fatalf("%s parsed again is %s, %v", a, again, err)
		}
		want := ratOf(a).Cmp(ratOf(b))
		if got := a.Cmp(b); got != want {
			t.Fatalf("%s Cmp %s: %d, want %d", a, b, got, want)
		}
		keyA, keyB := AppendKey(nil, N(a)), AppendKey(nil, N(b))
		if got := bytes.Compare(keyA, keyB); got != want {
			t.Fatalf("keys of %s and %s: %x and %x", a, b, keyA, keyB)
		}
		v, rest, err := DecodeKey(append(keyA, keyB...), KindN)
		if err != nil || v.Num() != a || !bytes.Equal(rest, keyB) {
			t.Fatalf("key of %s decodes to %s, %v", a, v.Num(), err)
		}
	})
}

func TestAddSubAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genNumber().Draw(t, "a"), genNumber().Draw(t, "b")
		sum, err := a.Add(b)
		checkSum(t, sum, err, new(big.Rat).Add(ratOf(a), ratOf(b)))
		sum, err = a.Sub(b)
		checkSum(t, sum, err, new(big.Rat).Sub(ratOf(a), ratOf(b)))
	})
}

// checkSum judges a sum by what ParseNumber says of the exact one.
func checkSum(t *rapid.T, got Number, err error, exact *big.Rat) {
	text := exact.FloatString(columns)
	if exact.Sign() == 0 {
		text = "0" // its zeros would count
	}
	want, wantErr := ParseNumber(text)
	if wantErr == ErrPrecision {
		wantErr = ErrOverflow
	}
	if got != want || !errors.Is(err, wantErr) {
		t.Fatalf("%s, %v, want %s, %v", got, err, want, wantErr)
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		a, b, sum string
		err       error
	}{
		{"1", "2", "3", nil},
		{"-1", "1", "0", nil},
		{"0.1", "0.2", "0.3", nil},
		{"99.5", "0.5", "100", nil},
		{"12.5", "-0.75", "11.75", nil},
		{"-0.5", "0.25", "-0.25", nil},
		{"999999999999999999", "1", "1000000000000000000", nil},
		{"999999999999999999", "0.1", "999999999999999999.1", nil},
		{"1", "10000000000000000000000", "10000000000000000000001", nil},
		{"-1", "10000000000000000000000", "9999999999999999999999", nil},
		{nines, "1", "1" + strings.Repeat("0", maxDigits), nil},
		{"1e37", "0.1", "", ErrOverflow}, // 39 digits
		{"1e50", "1", "", ErrOverflow},
		{"1e50", "-1", "", ErrOverflow},
		{"9e125", "9e124", "99" + strings.Repeat("0", 124), nil},
		{"9e125", "9e125", "", ErrOverflow},
		{"-9e125", "-1e125", "", ErrOverflow},
		{largest, "-" + largest, "0", nil},
		{"1.5e-130", "-1e-130", "", ErrUnderflow},
		{"1e125", "1e-130", "", ErrOverflow},
	} {
		sum, err := number(t, c.a).Add(number(t, c.b))
		if sum.String() != c.sum || err != c.err {
			t.Errorf("%s + %s: %s, %v, want %s, %v", c.a, c.b, sum, err, c.sum, c.err)
		}
	}
	if _, err := (Number{}).Add(IntNumber(1)); err == nil {
		t.Error("the zero Number was added")
	}
}

func TestNeg(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "1.5": "-1.5", "-7": "7"} {
		if got := number(t, text).Neg(); got.String() != want {
			t.Errorf("-(%s): %s, want %s", text, got, want)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, text := range []string{"", "0", "-0.0", "1e5", ".5", "5.", "+1.50E-3", "1e126", "1E-131", nines + "9", largest, "NaN", "1e99999999999999999999", "--1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNumber(text)
		if err != nil {
			var known Error
			if !errors.As(err, &known) || n != (Number{}) {
				t.Fatalf("%s, %v", n, err)
			}
			return
		}
		if again, err := ParseNumber(n.String()); !canonical(n.String()) || err != nil || again != n {
			t.Fatalf("%s parsed again: %s, %v", n, again, err)
		}
		if len(text) < 100 && !strings.ContainsAny(text, "eE") {
			if exact, ok := new(big.Rat).SetString(text); !ok || exact.Cmp(ratOf(n)) != 0 {
				t.Fatalf("%s became %s", text, n)
			}
		}
		if v, rest, err := DecodeKey(AppendKey(nil, N(n)), KindN); err != nil || len(rest) > 0 || v.Num() != n {
			t.Fatalf("key of %s: %s, %v", n, v.Num(), err)
		}
		if sum, err := n.Add(n.Neg()); err != nil || sum.String() != "0" {
			t.Fatalf("%s minus itself: %s, %v", n, sum, err)
		}
	})
}
