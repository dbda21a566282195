package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/attr"
)

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// all parses src as every kind of expression and calls check with the errors.
func all(src string, check func(kind Kind, err error)) {
	for _, kind := range []Kind{ConditionExpression, FilterExpression, KeyConditionExpression, ProjectionExpression, UpdateExpression} {
		_, err := parseCached(kind, src)
		check(kind, err)
	}
}

func TestEmpty(t *testing.T) {
	for _, src := range []string{"", " ", "\t\r\n "} {
		all(src, func(kind Kind, err error) {
			checkError(t, err, "Invalid "+kind.String()+": The expression can not be empty;")
		})
	}
}

// The size comes before everything else, even a million parentheses.
func TestSize(t *testing.T) {
	for _, n := range []int{maxBytes + 1, 1 << 20} {
		all(strings.Repeat("(", n), func(kind Kind, err error) {
			checkError(t, err, fmt.Sprintf("Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %d", kind, n))
		})
	}
	if _, err := ParseProjection(strings.Repeat("x", maxBytes), nil); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

// Every way to nest goes as deep as the size allows.
func TestNesting(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{strings.Repeat("(", 4096), `Syntax error; token: "<EOF>", near: "("`},
		{strings.Repeat("(", 2046) + "a<b" + strings.Repeat(")", 2046), "The expression has redundant parentheses;"},
		{strings.Repeat("not ", 1000) + "a<b", "The expression contains too many operators; operator count: 301"},
		{"a < " + strings.Repeat("f(", 1355) + "b" + strings.Repeat(")", 1355), "Invalid function name; function: f"},
		{"a < " + strings.Repeat("size(", 680) + "b" + strings.Repeat(")", 680), "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"a<b " + strings.Repeat("or (a<b ", 454) + strings.Repeat(")", 454), "The expression contains too many operators; operator count: 301"},
		{"a" + strings.Repeat("[0]", 1300) + " = b", "The document path has too many nesting elements; nesting levels: 1301"},
	} {
		_, err := ParseCondition(ConditionExpression, test.src, nil)
		checkError(t, err, "Invalid ConditionExpression: "+test.want)
	}
	deep := strings.Repeat("if_not_exists(a,", 227) + "b" + strings.Repeat(")", 227)
	if _, err := ParseUpdate("SET c = "+deep, nil); err != nil {
		t.Errorf("nested if_not_exists: %v", err)
	}
}

func TestOperators(t *testing.T) {
	n := 149 // comparisons after the first, each with an OR
	src := "a<b " + strings.Repeat("or (a<b ", n) + strings.Repeat(")", n)
	if _, err := ParseCondition(ConditionExpression, src, nil); err != nil {
		t.Errorf("299 operators: %v", err)
	}
	if _, err := ParseCondition(ConditionExpression, "not "+src, nil); err != nil {
		t.Errorf("300 operators: %v", err)
	}
	_, err := ParseCondition(ConditionExpression, "not not "+src, nil)
	checkError(t, err, "Invalid ConditionExpression: The expression contains too many operators; operator count: 301")

	// In updates functions count too.
	sums := func(n int) string { return strings.Repeat(",a=b+c", n) }
	_, err = ParseUpdate("SET a=b"+sums(200)+strings.Repeat(",a=if_not_exists(b,c)", 101), nil)
	checkError(t, err, "Invalid UpdateExpression: The expression contains too many operators; operator count: 301")
	_, err = ParseUpdate("SET a=b"+sums(200)+strings.Repeat(",a=if_not_exists(b,c)", 100), nil)
	checkError(t, err, "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]")
}

func TestOperandsOfIn(t *testing.T) {
	list := func(n int) string { return "a IN (b" + strings.Repeat(", b", n-1) + ")" }
	if _, err := ParseCondition(FilterExpression, list(100), nil); err != nil {
		t.Errorf("100 operands: %v", err)
	}
	_, err := ParseCondition(FilterExpression, list(101), nil)
	checkError(t, err, "Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101")
}

// A projection has as many paths as fit, and the check for overlaps finds the
// first pair of the text among them.
func TestManyPaths(t *testing.T) {
	var paths []string
	for i := range 500 {
		paths = append(paths, fmt.Sprintf("p%d[%d]", i%7, i))
	}
	src := strings.Join(paths, ",")
	if _, err := ParseProjection(src, nil); err != nil {
		t.Fatal(err)
	}
	_, err := ParseProjection(src+",p3[3].x,p2", nil)
	checkError(t, err, "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [p3, [3]], path two: [p3, [3], x]")
	_, err = ParseProjection(src+",p5.x,p4.y", nil)
	checkError(t, err, "Invalid ProjectionExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [p5, [5]], path two: [p5, x]")
}

func TestEmptyParams(t *testing.T) {
	_, err := NewParams([]Name{}, attr.Map{})
	checkError(t, err, "ExpressionAttributeNames must not be empty")
	_, err = NewParams(nil, attr.Map{})
	checkError(t, err, "ExpressionAttributeValues must not be empty")
	p, err := NewParams(nil, nil)
	if err != nil || p.CheckUsed() != nil {
		t.Errorf("absent: %v", err)
	}
}

// More placeholders than one word of bits has room for.
func TestManyPlaceholders(t *testing.T) {
	var names []Name
	var paths []string
	for i := range 200 {
		names = append(names, Name{fmt.Sprintf("#n%03d", i), fmt.Sprint("attribute", i)})
		paths = append(paths, names[i].Placeholder)
	}
	p, err := NewParams(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseProjection(strings.Join(paths[:199], ","), p); err != nil {
		t.Fatal(err)
	}
	checkError(t, p.CheckUsed(), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n199}")
	if _, err := ParseProjection("#n199", p); err != nil || p.CheckUsed() != nil {
		t.Errorf("all used: %v, %v", err, p.CheckUsed())
	}
}

func TestKeyChecks(t *testing.T) {
	u, err := ParseUpdate("SET b.c = a.d ADD e[1] :n", mustParams(t, nil, `{":n":{"N":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.CheckKeys("a", "c", "n"); err != nil {
		t.Error(err)
	}
	checkError(t, u.CheckKeys("x", "e"), "One or more parameter values were invalid: Cannot update attribute e. This attribute is part of the key")
	checkError(t, u.CheckScalar("IndexKey", "a"), "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: a")
	c, err := ParseCondition(FilterExpression, "size(a.b) < c", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFilter("b"); err != nil || c.CheckScalar("Key", "b") != nil {
		t.Error(err)
	}
	checkError(t, c.CheckFilter("x", "c"), "Filter Expression can only contain non-primary key attributes: Primary key attribute: c")
	checkError(t, c.CheckScalar("Key", "a"), "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: a")
	if got := fmt.Sprint(c.Paths(), c.Names("a"), c.Names("b"), u.Targets()); got != "[[a, b] [c]] true false [[b, c] [e, [1]]]" {
		t.Error(got)
	}
}

// An update that would nest values deeper than the service stores is refused.
func TestUpdateTooDeep(t *testing.T) {
	inner := strings.Repeat(`{"L":[`, attr.MaxDepth-1) + `{"S":"x"}` + strings.Repeat(`]}`, attr.MaxDepth-1)
	item := readMap(t, `{"deep":`+inner+`,"m":{"M":{}}}`)
	u, err := ParseUpdate("SET flat = deep", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Apply(item); err != nil {
		t.Error(err)
	}
	if u, err = ParseUpdate("SET m.x = deep", nil); err != nil {
		t.Fatal(err)
	}
	_, err = u.Apply(item)
	checkError(t, err, string(attr.ErrTooDeep))
}

func TestReserved(t *testing.T) {
	if n := len(reserved); n != 573 {
		t.Errorf("%d reserved words", n)
	}
	longest := 0
	for w := range reserved {
		longest = max(longest, len(w))
		if !isReserved(w) || !isReserved(strings.ToLower(w)) || isReserved(w+"_") {
			t.Errorf("%s", w)
		}
	}
	if longest != longestReserved {
		t.Errorf("the longest word has %d bytes", longest)
	}
}

func mustParams(t testing.TB, names []Name, values string) *Params {
	t.Helper()
	var m attr.Map
	if values != "" {
		m = readMap(t, values)
	}
	p, err := NewParams(names, m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What an update makes of an attribute is known where the request alone says it.
func TestAssigned(t *testing.T) {
	values := attr.NewMap([]attr.Attr{{Name: ":n", Value: attr.N(attr.IntNumber(1))}, {Name: ":l", Value: attr.L(nil)}, {Name: ":s", Value: attr.S("x")}})
	p, err := NewParams(nil, values)
	if err != nil {
		t.Fatal(err)
	}
	u, err := ParseUpdate("SET a = :s, b = c + :n, d = list_append(e, :l), f = g, h = if_not_exists(i, :s), j.k = :s REMOVE l ADD m :n", p)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]attr.Kind{"a": attr.KindS, "b": attr.KindN, "d": attr.KindL, "f": 0, "h": 0, "j": 0, "l": 0, "m": attr.KindN, "z": 0} {
		kind, v := u.Assigned(name)
		if kind != want || (name == "a") != (v.Str() == "x") {
			t.Errorf("%s is assigned %v %q, want %v", name, kind, v.Str(), want)
		}
	}
}
