package expr

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/attr"
)

// drawValue draws a value with few names and numbers, so that paths meet it.
func drawValue(depth int) *rapid.Generator[attr.Value] {
	return rapid.Custom(func(t *rapid.T) attr.Value {
		kinds := []string{"N", "S", "SS", "NS"}
		if depth > 0 {
			kinds = append(kinds, "L", "L", "M", "M")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "N":
			return attr.N(attr.IntNumber(rapid.Int64Range(0, 3).Draw(t, "n")))
		case "S":
			return attr.S(rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "s"))
		case "SS":
			return attr.StringSet(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID).Draw(t, "ss"))
		case "NS":
			return attr.NumberSet([]attr.Number{attr.IntNumber(rapid.Int64Range(0, 3).Draw(t, "ns"))})
		case "L":
			return attr.L(rapid.SliceOfN(drawValue(depth-1), 0, 4).Draw(t, "l"))
		default:
			return attr.M(drawMap(depth-1).Draw(t, "m"))
		}
	})
}

func drawMap(depth int) *rapid.Generator[attr.Map] {
	return rapid.Custom(func(t *rapid.T) attr.Map {
		var attrs []attr.Attr
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID).Draw(t, "names") {
			attrs = append(attrs, attr.Attr{Name: name, Value: drawValue(depth).Draw(t, name)})
		}
		return attr.NewMap(attrs)
	})
}

func drawPath(t *rapid.T) string {
	path := rapid.SampledFrom([]string{"a", "b", "c", "e"}).Draw(t, "top")
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{".a", ".b", "[0]", "[1]", "[2]", "[9]"}), 0, 2)
	return path + strings.Join(steps.Draw(t, "steps"), "")
}

// drawUpdate draws an update with one action per section at most, and its
// values.
func drawUpdate(t *rapid.T) (string, attr.Map) {
	values := attr.NewMap([]attr.Attr{
		{Name: ":n", Value: attr.N(attr.IntNumber(1))},
		{Name: ":v", Value: drawValue(2).Draw(t, ":v")},
		{Name: ":ss", Value: attr.StringSet([]string{"x", "q"})},
	})
	var src []string
	for _, format := range rapid.Permutation([]string{"SET %s = :v", "SET %s = %s", "REMOVE %s, %s", "ADD %s :n", "ADD %s :ss", "DELETE %s :ss"}).Draw(t, "sections") {
		verb := format[:3]
		if rapid.Bool().Draw(t, "used") && !slices.ContainsFunc(src, func(s string) bool { return s[:3] == verb }) {
			args := []any{drawPath(t), drawPath(t)}
			src = append(src, fmt.Sprintf(format, args[:strings.Count(format, "%s")]...))
		}
	}
	if src == nil {
		src = []string{"SET a = :v"}
	}
	return strings.Join(src, " "), values
}

// An update leaves the item that it is given alone; every attribute that it does
// not name stays; and its result does not depend on the order of its sections.
func TestUpdateProperties(t *testing.T) {
	applied := 0
	rapid.Check(t, func(t *rapid.T) {
		item := drawMap(3).Draw(t, "item")
		src, values := drawUpdate(t)
		p, err := NewParams(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		u, err := ParseUpdate(src, p)
		if err != nil {
			return // paths that overlap or conflict
		}
		before := show(item)
		after, err := u.Apply(item)
		if show(item) != before {
			t.Fatalf("%s changed %s to %s", src, before, show(item))
		}
		if err != nil {
			return
		}
		applied++
		touched := u.TopLevel()
		for _, m := range []attr.Map{item, after} {
			for _, a := range m {
				old, _ := item.Get(a.Name)
				now, _ := after.Get(a.Name)
				if !slices.Contains(touched, a.Name) && !old.Equal(now) {
					t.Fatalf("%s changed %s of %s", src, a.Name, before)
				}
			}
		}
		if !after.Equal(applyOneByOne(t, u, item)) {
			t.Fatalf("%s of %s: %s", src, before, show(after))
		}
	})
	if applied == 0 {
		t.Error("no update was applied")
	}
}

// applyOneByOne is a second opinion: it makes the changes one at a time. What is
// beyond the end of a list is appended in order, which moves nothing; removals
// come last and from the end, so that none moves the target of another.
func applyOneByOne(t *rapid.T, u *Update, item attr.Map) attr.Map {
	changes, err := u.changes(item, nil)
	if err != nil {
		t.Fatal(err)
	}
	result := attr.M(item)
	for _, c := range changes {
		_, found := c.path.find(item)
		last := len(c.path) - 1
		switch {
		case c.value.IsZero():
		case !found && c.path[last].IsIndex():
			list, _ := c.path[:last].find(result.Map())
			longer := attr.L(append(slices.Clone(list.Elems()), c.value))
			result = applyOne(result, c.path[:last], change{value: longer})
		default:
			result = applyOne(result, c.path, c)
		}
	}
	for _, c := range slices.Backward(changes) {
		if _, found := c.path.find(item); c.remove && found {
			result = applyOne(result, c.path, c)
		}
	}
	return result.Map()
}

// applyOne makes one change whose parents exist.
func applyOne(v attr.Value, rest Path, c change) attr.Value {
	if len(rest) == 0 {
		return c.value
	}
	s := rest[0]
	if !s.IsIndex() {
		old, _ := v.Map().Get(s.Name)
		child := applyOne(old, rest[1:], c)
		if child.IsZero() {
			return attr.M(v.Map().Without(s.Name))
		}
		return attr.M(v.Map().With(s.Name, child))
	}
	elems := slices.Clone(v.Elems())
	elems[s.Index] = applyOne(elems[s.Index], rest[1:], c)
	return attr.L(slices.DeleteFunc(elems, attr.Value.IsZero))
}

// Bound expressions are shared by goroutines, as are the trees in the cache.
func TestConcurrentUse(t *testing.T) {
	item := readMap(t, fuzzItem)
	c, err := ParseCondition(ConditionExpression, "#n = n OR size(l) > :n", fuzzParams(t))
	if err == nil {
		t.Fatal("n was compared with itself")
	}
	c, err = ParseCondition(ConditionExpression, "#n <> pk OR size(l) > :n", fuzzParams(t))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				u, err := ParseUpdate(fmt.Sprintf("SET a%d = #n + :n REMOVE l[0]", (g+i)%1500), fuzzParams(t))
				if err != nil {
					t.Error(err)
					return
				}
				if after, err := u.Apply(item); err != nil || len(after) != len(item)+1 {
					t.Errorf("%v, %v", show(after), err)
				}
				if !c.Eval(item) {
					t.Error("false")
				}
			}
		})
	}
	wg.Wait()
}
