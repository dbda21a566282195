package attr

import (
	"strings"
	"testing"
)

// TestNumberSize holds sizes measured at the service's item limit.
func TestNumberSize(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "-0": 1,
		"1": 2, "12": 2, "123": 3, "1234": 3, "123456": 4, "12345678901234567890123456789012345678": 20,
		"0042": 2, "100": 2, "1010": 3, "1E125": 2,
		"0.0000001": 2, "1E-100": 2, "0.15": 2,
		"1.5": 3, "15": 2, "1.2": 3, "1.200": 3, "1.234": 4, "3.14159": 5, "100.5": 4,
		"-42": 3,
	} {
		if got := N(number(t, text)).Size(); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	one := N(IntNumber(1))
	for _, c := range []struct {
		v    Value
		want int
	}{
		{S(""), 0},
		{S("é"), 2},
		{B("\x00\x01\x02"), 3},
		{Bool(false), 1},
		{Null(), 1},
		{StringSet([]string{"a", "bcd"}), 4},
		{NumberSet([]Number{IntNumber(1), IntNumber(123)}), 5},
		{BinarySet([]string{"ab"}), 2},
		{L(nil), 3},
		{M(nil), 3},
		{L([]Value{one, S("xy")}), 3 + 2 + 2 + 1 + 1},
		{M(Map{{"ab", S("xyz")}}), 3 + 2 + 3 + 1},
		{M(Map{{"l", L([]Value{L(nil)})}}), 3 + 1 + 1 + 3 + 1 + 3},
	} {
		m := Map{{"name", c.v}}
		if got := c.v.Size(); got != c.want || m.Size() != 4+c.want {
			t.Errorf("%s: %d, in an item %d, want %d", c.v.AppendJSON(nil), got, m.Size(), c.want)
		}
		checkSizeEncoded(t, m)
	}
	checkSizeEncoded(t, Map{})
	checkSizeEncoded(t, Map{{"a", S(strings.Repeat("x", 400<<10))}})
}

func checkSizeEncoded(t testing.TB, m Map) {
	t.Helper()
	if got, err := SizeEncoded(AppendMap(nil, m)); got != m.Size() || err != nil {
		t.Errorf("%s: encoded %d, %v, decoded %d", m.AppendJSON(nil), got, err, m.Size())
	}
}
