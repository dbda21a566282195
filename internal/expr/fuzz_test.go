package expr

import (
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/attr"
)

const fuzzItem = `{"pk":{"S":"k"},"n":{"N":"5"},"s":{"S":"hello"},"ss":{"SS":["a","b"]},"l":{"L":[{"N":"0"},{"M":{"x":{"S":"y"}}}]},"m":{"M":{"x":{"N":"1"},"y":{"L":[]}}}}`

func fuzzParams(t testing.TB) *Params {
	names := []Name{{"#n", "n"}, {"#m", "m"}, {"#l", "l"}}
	return mustParams(t, names, `{":n":{"N":"1"},":s":{"S":"x"},":ss":{"SS":["a"]},":l":{"L":[]},":m":{"M":{}},":b":{"B":"YQ=="}}`)
}

// fuzz runs parse on any source. It must refuse it in the words for its kind, or
// return something that can be used on an item without changing it.
func fuzz(f *testing.F, kind Kind, seeds []string, use func(t *testing.T, src string, item attr.Map) error) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		item := readMap(t, fuzzItem)
		err := use(t, src, item)
		if err != nil && !strings.HasPrefix(err.Error(), "Invalid "+kind.String()+": ") {
			t.Errorf("%q: %v", src, err)
		}
		if err == nil {
			if _, again := parse(kind, src); again != nil {
				t.Errorf("%q: parsed, and then %v", src, again)
			}
		}
		if !item.Equal(readMap(t, fuzzItem)) {
			t.Errorf("%q: the item changed to %s", src, show(item))
		}
	})
}

func FuzzCondition(f *testing.F) {
	seeds := []string{
		"attribute_not_exists(pk)", "#n = :n AND (NOT s <> :s OR size(l) BETWEEN :n AND n)",
		"a.b[3].#m in (:l, c, ((:s)))", "begins_with(s, :s) and contains(:ss, #n)", "((a = b))", "attribute_type(a, :s)",
	}
	fuzz(f, FilterExpression, seeds, func(t *testing.T, src string, item attr.Map) error {
		c, err := ParseCondition(FilterExpression, src, fuzzParams(t))
		if err != nil {
			return err
		}
		if c.Eval(item) != c.Eval(item) {
			t.Errorf("%q: two answers", src)
		}
		c.Eval(nil)
		return nil
	})
}

func FuzzKeyCondition(f *testing.F) {
	seeds := []string{"pk = :s", "pk = :s AND n BETWEEN :n AND :n", ":n < #n and pk = :s", "begins_with(s, :s)"}
	fuzz(f, KeyConditionExpression, seeds, func(t *testing.T, src string, _ attr.Map) error {
		k, err := ParseKeyCondition(src, fuzzParams(t))
		if err != nil {
			return err
		}
		r, err := k.Bind([]KeyAttr{{"pk", attr.KindS}}, []KeyAttr{{"n", attr.KindN}})
		if err == nil && (r.Partition[0].Kind() != attr.KindS || (r.Op == KeyAny) != r.Value.IsZero() || (r.Op == KeyBetween) == r.Upper.IsZero()) {
			t.Errorf("%q: %+v", src, r)
		}
		if err := k.Check(); err != nil && !strings.Contains(err.Error(), "KeyCondition") {
			t.Errorf("%q: %v", src, err)
		}
		return nil
	})
}

func FuzzProjection(f *testing.F) {
	seeds := []string{"pk", "#n, m.x, l[1].x, l[0]", "a.b, a[1]", "#m.#l[0]"}
	fuzz(f, ProjectionExpression, seeds, func(t *testing.T, src string, item attr.Map) error {
		r, err := ParseProjection(src, fuzzParams(t))
		if err != nil {
			return err
		}
		for _, a := range r.Apply(item) {
			if _, ok := item.Get(a.Name); !ok {
				t.Errorf("%q: invented %s", src, a.Name)
			}
		}
		return nil
	})
}

func FuzzUpdate(f *testing.F) {
	seeds := []string{
		"ADD #n :n", "SET a = if_not_exists(b, :s), m.x = n + :n REMOVE l[0], m.y DELETE ss :ss",
		"SET l[7] = :s, l[3] = :n", "set a = (b - (c))", "SET l = list_append(l, :l)",
	}
	fuzz(f, UpdateExpression, seeds, func(t *testing.T, src string, item attr.Map) error {
		u, err := ParseUpdate(src, fuzzParams(t))
		if err != nil {
			return err
		}
		after, err := u.Apply(item)
		for i := 1; i < len(after); i++ {
			if after[i-1].Name >= after[i].Name {
				t.Errorf("%q: unsorted %s", src, show(after))
			}
		}
		if err == nil {
			u.Project(after)
		}
		if _, err := u.Create(nil); err == nil {
			u.Project(nil)
		}
		return nil
	})
}

func FuzzSearchCondition(f *testing.F) {
	seeds := []string{
		"pk = :s AND n BETWEEN :n AND :n", "#n = :n OR NOT (s <> :s)", "s IN (:s, :s)", "begins_with(s, :s) AND attribute_exists(n)", ":s = pk", "a.b = :s", "attribute_not_exists(n)",
	}
	fuzz(f, SearchConditionExpression, seeds, func(t *testing.T, src string, item attr.Map) error {
		c, err := ParseSearchCondition(src, fuzzParams(t))
		if err != nil {
			return err
		}
		if c.Eval(item) != c.Eval(item) {
			t.Errorf("%q: two answers", src)
		}
		if equal, all := c.Equal(); all {
			holds := true
			for _, eq := range equal {
				v, ok := item.Get(eq.Name)
				holds = holds && ok && v.Equal(eq.Value)
			}
			if holds != c.Eval(item) {
				t.Errorf("%q: %v, but its equalities say %v", src, c.Eval(item), holds)
			}
		}
		if c.CheckPartition("pk") == nil {
			c.Eval(nil)
		}
		_ = c.CheckKinds("n", attr.KindN)
		return nil
	})
}
