package expr

import (
	"fmt"
	"testing"
)

// Requests share the tree of a text, and each has its own names and values.
func TestCacheKeepsPlaceholders(t *testing.T) {
	item := readMap(t, `{"a":{"N":"1"},"b":{"N":"2"}}`)
	for i, name := range []string{"a", "b", "a"} {
		value := fmt.Sprintf(`{":v":{"N":"%d"}}`, i%2+1)
		p := mustParams(t, []Name{{"#n", name}}, value)
		c, err := ParseCondition(ConditionExpression, "#n = :v", p)
		if err != nil || !c.Eval(item) || c.Paths()[0][0].Name != name {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		u, err := ParseUpdate("SET #n = :v, c.d.e.#n[0].#n = :v", p)
		if err != nil || fmt.Sprint(u.Targets()) != fmt.Sprintf("[[%s] [c, d, e, %[1]s, [0], %[1]s]]", name) {
			t.Errorf("%s: %v, %v", name, u, err)
		}
		r, err := ParseProjection("#n", p)
		if err != nil || r.TopLevel()[0] != name {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		if err := p.CheckUsed(); err != nil {
			t.Error(err)
		}
	}
	_, err := ParseCondition(ConditionExpression, "#n = :v", nil)
	checkError(t, err, "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #n")
}

// What fails without placeholders fails for every request, in its own words.
func TestCacheKeepsErrors(t *testing.T) {
	for range 2 {
		for _, kind := range []Kind{ConditionExpression, FilterExpression} {
			_, err := ParseCondition(kind, "a = a", nil)
			checkError(t, err, "Invalid "+kind.String()+": The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]")
		}
		_, err := ParseProjection("a, a", nil)
		checkError(t, err, "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]")
	}
}

// A slot holds one text; others that fall into it take its place.
func TestCacheEviction(t *testing.T) {
	for round := range 2 {
		for i := range 3 * cacheSlots {
			r, err := ParseProjection(fmt.Sprintf("p%d", i), nil)
			if err != nil || r.TopLevel()[0] != fmt.Sprintf("p%d", i) {
				t.Fatalf("round %d: p%d: %v, %v", round, i, r, err)
			}
		}
	}
}
