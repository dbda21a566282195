package expr

import (
	"testing"

	"github.com/levee-io/levee/internal/attr"
)

func BenchmarkParse(b *testing.B) {
	for _, src := range []string{"attribute_not_exists(pk)", "#n = :n AND size(l) > :n"} {
		b.Run(src, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(ConditionExpression, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What one request pays: its parameters, the tree from the cache, binding.
func BenchmarkRequest(b *testing.B) {
	one := attr.NewMap([]attr.Attr{{Name: ":one", Value: attr.N(attr.IntNumber(1))}})
	b.Run("attribute_not_exists(pk)", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseCondition(ConditionExpression, "attribute_not_exists(pk)", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ADD #n :one", func(b *testing.B) {
		b.ReportAllocs()
		names := []Name{{"#n", "n"}}
		for b.Loop() {
			p, err := NewParams(names, one)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := ParseUpdate("ADD #n :one", p); err != nil {
				b.Fatal(err)
			}
			if err := p.CheckUsed(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pk = :pk AND begins_with(sk, :sk)", func(b *testing.B) {
		b.ReportAllocs()
		values := attr.NewMap([]attr.Attr{{Name: ":pk", Value: attr.S("p")}, {Name: ":sk", Value: attr.S("s")}})
		for b.Loop() {
			p, err := NewParams(nil, values)
			if err != nil {
				b.Fatal(err)
			}
			k, err := ParseKeyCondition("pk = :pk AND begins_with(sk, :sk)", p)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := k.Bind([]KeyAttr{{"pk", attr.KindS}}, []KeyAttr{{"sk", attr.KindS}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	item := readMap(b, fuzzItem)
	for _, src := range []string{"ADD #n :n", "SET s = :s, m.x = n + :n REMOVE l[0]"} {
		b.Run(src, func(b *testing.B) {
			u, err := ParseUpdate(src, fuzzParams(b))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := u.Apply(item); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	item := readMap(b, fuzzItem)
	c, err := ParseCondition(ConditionExpression, "#n = :n OR attribute_exists(m.x) AND size(s) > :n", fuzzParams(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Eval(item)
	}
}

// A request that names nothing new costs little memory. A regression here is a
// regression of every write.
func TestAllocations(t *testing.T) {
	one := attr.NewMap([]attr.Attr{{Name: ":one", Value: attr.N(attr.IntNumber(1))}})
	names := []Name{{"#n", "n"}}
	for _, test := range []struct {
		what string
		max  float64
		do   func() error
	}{
		{"a condition without placeholders", 0, func() error {
			_, err := ParseCondition(ConditionExpression, "attribute_not_exists(pk)", nil)
			return err
		}},
		{"a counter", 2, func() error {
			p, err := NewParams(names, one)
			if err == nil {
				_, err = ParseUpdate("ADD #n :one", p)
			}
			return err
		}},
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if err := test.do(); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > test.max {
			t.Errorf("%s: %v allocations, want %v", test.what, allocs, test.max)
		}
	}
}
