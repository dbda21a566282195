package attr

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// genValue draws values of every kind that nest up to that many levels.
func genValue(levels int) *rapid.Generator[Value] {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "\"\\\n", "é𝄞"}), rapid.String())
	bytes := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
	few := func(g *rapid.Generator[string]) *rapid.Generator[[]string] { return rapid.SliceOfN(g, 1, 20) }
	kinds := []*rapid.Generator[Value]{
		rapid.Map(text, S),
		rapid.Map(genNumber(), N),
		rapid.Map(bytes, B),
		rapid.Map(rapid.Bool(), Bool),
		rapid.Just(Null()),
		rapid.Map(few(text), StringSet),
		rapid.Map(rapid.SliceOfN(genNumber(), 1, 20), NumberSet),
		rapid.Map(few(bytes), BinarySet),
	}
	if levels > 1 {
		kinds = append(kinds,
			rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[Value] { return genValue(levels - 1) }), 0, 20), L),
			rapid.Map(rapid.Deferred(func() *rapid.Generator[Map] { return genMap(levels - 1) }), M))
	}
	return rapid.OneOf(kinds...)
}

func genMap(levels int) *rapid.Generator[Map] {
	attr := rapid.Custom(func(t *rapid.T) Attr {
		return Attr{rapid.StringN(1, 3, -1).Draw(t, "name"), genValue(levels).Draw(t, "value")}
	})
	return rapid.Map(rapid.SliceOfN(attr, 0, 40), func(attrs []Attr) Map { return NewMap(attrs) })
}

func TestNewMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "ab", ""})).Draw(t, "names")
		last := map[string]int{}
		var attrs []Attr
		for i, name := range names {
			last[name] = i
			attrs = append(attrs, Attr{name, N(IntNumber(int64(i)))})
		}
		m := NewMap(attrs)
		if !sorted(m) || len(m) != len(last) {
			t.Fatalf("%s", m.AppendJSON(nil))
		}
		for name, i := range last {
			if v, ok := m.Get(name); !ok || !v.Equal(N(IntNumber(int64(i)))) {
				t.Fatalf("%q is %s, want %d", name, v.AppendJSON(nil), i)
			}
		}
	})
}

func TestWithAndWithoutCopy(t *testing.T) {
	m := NewMap([]Attr{{"b", S("1")}, {"d", S("2")}})
	before := slices.Clone(m)
	for _, c := range []struct {
		got  Map
		want string
	}{
		{m.With("a", Null()), `{"a":{"NULL":true},"b":{"S":"1"},"d":{"S":"2"}}`},
		{m.With("c", Null()), `{"b":{"S":"1"},"c":{"NULL":true},"d":{"S":"2"}}`},
		{m.With("e", Null()), `{"b":{"S":"1"},"d":{"S":"2"},"e":{"NULL":true}}`},
		{m.With("b", Null()), `{"b":{"NULL":true},"d":{"S":"2"}}`},
		{m.Without("b"), `{"d":{"S":"2"}}`},
		{m.Without("d"), `{"b":{"S":"1"}}`},
		{m.Without("c"), `{"b":{"S":"1"},"d":{"S":"2"}}`},
		{Map(nil).With("a", Null()).Without("a"), `{}`},
	} {
		if got := string(c.got.AppendJSON(nil)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	if !m.Equal(before) {
		t.Errorf("m became %s", m.AppendJSON(nil))
	}
}

func TestSetsAreSets(t *testing.T) {
	one, two, ten := IntNumber(1), IntNumber(2), IntNumber(10)
	for _, c := range []struct {
		a, b  Value
		equal bool
	}{
		{StringSet([]string{"b", "a", "b"}), StringSet([]string{"a", "b"}), true},
		{NumberSet([]Number{ten, two, one, two}), NumberSet([]Number{one, two, ten}), true},
		{BinarySet([]string{"\xff", "a"}), BinarySet([]string{"a", "\xff"}), true},
		{StringSet([]string{"a"}), BinarySet([]string{"a"}), false},
		{StringSet([]string{"a"}), StringSet([]string{"a", "b"}), false},
		{L([]Value{S("a"), S("b")}), L([]Value{S("b"), S("a")}), false},
		{L([]Value{S("a")}), StringSet([]string{"a"}), false},
		{S("1"), N(one), false},
		{Bool(true), Bool(false), false},
		{L(nil), L([]Value{}), true},
		{M(nil), L(nil), false},
		{Value{}, Null(), false},
		{M(Map{{"a", S("x")}}), M(Map{{"a", S("x")}}), true},
		{M(Map{{"a", S("x")}}), M(Map{{"b", S("x")}}), false},
	} {
		if c.a.Equal(c.b) != c.equal || c.b.Equal(c.a) != c.equal {
			t.Errorf("%s and %s: equal is not %v", c.a.AppendJSON(nil), c.b.AppendJSON(nil), c.equal)
		}
	}
	if got := string(NumberSet([]Number{ten, two, one}).AppendJSON(nil)); got != `{"NS":["1","2","10"]}` {
		t.Errorf("a number set is written as %s", got)
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b Value
		want int
		ok   bool
	}{
		{S("a"), S("b"), -1, true},
		{S("b"), S("ab"), 1, true},
		{S("Z"), S("a"), -1, true},
		{S("\uffff"), S("\U00010000"), -1, true}, // UTF-8, unlike UTF-16
		{N(IntNumber(10)), N(IntNumber(9)), 1, true},
		{N(IntNumber(-10)), N(IntNumber(-9)), -1, true},
		{B("\x7f"), B("\x80"), -1, true},
		{B(""), B(""), 0, true},
		{S("1"), N(IntNumber(1)), 0, false},
		{S("a"), B("a"), 0, false},
		{Bool(true), Bool(true), 0, false},
		{Null(), Null(), 0, false},
		{L(nil), L(nil), 0, false},
		{Value{}, Value{}, 0, false},
	} {
		if got, ok := Compare(c.a, c.b); got != c.want || ok != c.ok {
			t.Errorf("%s and %s: %d, %v", c.a.AppendJSON(nil), c.b.AppendJSON(nil), got, ok)
		}
	}
}

func TestDepth(t *testing.T) {
	v := S("leaf")
	for want := 1; want < 5; want++ {
		if v.Depth() != want || (Map{{"a", v}}).Depth() != want {
			t.Errorf("%s: %d", v.AppendJSON(nil), v.Depth())
		}
		v = M(Map{{"l", L([]Value{Null()})}, {"n", v}})
		if want == 1 {
			v = L([]Value{S("leaf"), Null()})
		}
	}
	if (Map{}).Depth() != 0 || M(nil).Depth() != 1 || StringSet([]string{"a"}).Depth() != 1 {
		t.Error("empty maps and sets")
	}
}

func TestKindNames(t *testing.T) {
	for kind, want := range []string{"", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", ""} {
		if got := Kind(kind).String(); got != want {
			t.Errorf("%d: %q", kind, got)
		}
		if kind > 0 && want != "" && kindOf([]byte(want)) != Kind(kind) {
			t.Errorf("%s is read as another kind", want)
		}
	}
}
