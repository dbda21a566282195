package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// The index of these tests has a partition key of two attributes and a sort key
// of two (Developer Guide, "Multi-attribute keys pattern").
const matchesTable = `{"TableName":"matches","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"cup","AttributeType":"S"},
		{"AttributeName":"region","AttributeType":"S"},{"AttributeName":"round","AttributeType":"N"},{"AttributeName":"court","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
	"GlobalSecondaryIndexes":[` + matchesIndex + `]}`

const matchesIndex = `{"IndexName":"byCup","KeySchema":[{"AttributeName":"cup","KeyType":"HASH"},{"AttributeName":"region","KeyType":"HASH"},
	{"AttributeName":"round","KeyType":"RANGE"},{"AttributeName":"court","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}`

// newMatches returns an engine with matches of the cup C in regions E and W.
func newMatches(t *testing.T) *harness {
	h := newEngine(t)
	h.mustDo("CreateTable", matchesTable)
	h.putMatches()
	return h
}

func (h *harness) putMatches() {
	for _, item := range []string{
		`{"id":{"S":"a"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"10"},"court":{"S":"x"},"more":{"S":"more"}}`,
		`{"id":{"S":"b"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"9"},"court":{"S":"y"}}`,
		`{"id":{"S":"c"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"10"},"court":{"S":"w"}}`,
		`{"id":{"S":"d"},"cup":{"S":"C"},"region":{"S":"W"},"round":{"N":"10"},"court":{"S":"x"}}`,
		`{"id":{"S":"e"},"cup":{"S":"CE"},"region":{"S":"E"},"round":{"N":"10"},"court":{"S":"x"}}`,
		`{"id":{"S":"f"},"cup":{"S":"C"},"round":{"N":"10"},"court":{"S":"x"}}`,
		`{"id":{"S":"g"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"10"}}`,
	} {
		h.put("matches", item)
	}
}

func TestQueryByKeyOfSeveralAttributes(t *testing.T) {
	h := newMatches(t)
	for _, c := range []struct{ condition, values, want string }{
		{"cup = :c AND #r = :e", `":c":{"S":"C"},":e":{"S":"E"}`, "b c a"},
		{"#r = :e AND cup = :c AND round = :n", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"}`, "c a"},
		{"cup = :c AND #r = :e AND round < :n", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"}`, "b"},
		{"cup = :c AND #r = :e AND round = :n AND court > :x", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"},":x":{"S":"w"}`, "a"},
		{"cup = :c AND #r = :e AND round = :n AND begins_with(court, :x)", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"},":x":{"S":"w"}`, "c"},
		{"cup = :c AND #r = :e AND round = :n AND court BETWEEN :x AND :c", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"},":x":{"S":"A"}`, ""},
	} {
		f := h.read("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"`+c.condition+`","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{`+c.values+`}}`)
		if got := f.column("id"); got != c.want {
			t.Errorf("%s: found %q, want %q", c.condition, got, c.want)
		}
	}
	f := h.read("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditions":{"cup":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"C"}]},
		"region":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"E"}]},"round":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"10"}]}}}`)
	if got := f.column("id"); got != "c a" {
		t.Errorf("KeyConditions found %q", got)
	}
	if len(f.Items[0]) != 5 {
		t.Errorf("projected %v, want all key attributes and no other", f.Items[0])
	}
}

func TestQueryMustDemandKeyFromTheLeft(t *testing.T) {
	h := newMatches(t)
	for _, c := range []struct{ condition, values, want string }{
		{"cup = :c", `":c":{"S":"C"}`, "Query condition missed key schema element: region"},
		{"cup = :c AND round = :n", `":c":{"S":"C"},":n":{"N":"10"}`, "Query condition missed key schema element: region"},
		{"cup = :c AND #r > :e", `":c":{"S":"C"},":e":{"S":"E"}`, "Query key condition not supported"},
		{"cup = :c AND #r = :e AND court = :e", `":c":{"S":"C"},":e":{"S":"E"}`, "Query condition missed key schema element: round"},
		{"cup = :c AND #r = :e AND round > :n AND court = :e", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"}`, "Query key condition not supported"},
	} {
		names := ""
		if strings.Contains(c.condition, "#r") {
			names = `"ExpressionAttributeNames":{"#r":"region"},`
		}
		h.refused("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"`+c.condition+`",`+names+`"ExpressionAttributeValues":{`+c.values+`}}`, c.want)
	}
}

func TestPagesOfKeyOfSeveralAttributes(t *testing.T) {
	h := newMatches(t)
	for _, op := range []string{
		`{"TableName":"matches","IndexName":"byCup","Limit":1,"KeyConditionExpression":"cup = :c AND #r = :e AND round >= :n","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"9"}}`,
		`{"TableName":"matches","IndexName":"byCup","Limit":1,"ScanIndexForward":false,"KeyConditionExpression":"cup = :c AND #r = :e","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":e":{"S":"E"}}`,
	} {
		got := ""
		for start := ""; ; {
			f := h.read("Query", op+start+"}")
			got += f.column("id")
			if f.LastEvaluatedKey == nil {
				break
			}
			start = `,"ExclusiveStartKey":` + string(f.LastEvaluatedKey)
		}
		if got != "bca" && got != "acb" {
			t.Errorf("pages: %q", got)
		}
	}
	f := h.read("Scan", `{"TableName":"matches","IndexName":"byCup"}`)
	if f.Count != 5 {
		t.Errorf("the index holds %d items, want the 5 with all of its key", f.Count)
	}
	start := func(court string) string {
		return fmt.Sprintf(`"ExclusiveStartKey":{"id":{"S":"a"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"10"},"court":{"S":%q}}`, court)
	}
	h.refused("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"cup = :c AND #r = :e AND round = :n AND court < :x","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"},":x":{"S":"x"}},`+start("x")+`}`,
		"The provided starting key does not match the range key predicate")
	h.refused("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"cup = :c AND #r = :x","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":x":{"S":"W"}},`+start("x")+`}`,
		"The provided starting key is outside query boundaries based on provided conditions")
}

// Of items from before the index, those that it cannot take are left out.
func TestIndexOfSeveralAttributesIsFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", `{"TableName":"matches","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
		h.putMatches()
		h.put("matches", `{"id":{"S":"h"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"S":"10"},"court":{"S":"x"}}`)
		h.mustDo("UpdateTable", `{"TableName":"matches","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"cup","AttributeType":"S"},
			{"AttributeName":"region","AttributeType":"S"},{"AttributeName":"round","AttributeType":"N"},{"AttributeName":"court","AttributeType":"S"}],
			"GlobalSecondaryIndexUpdates":[{"Create":`+matchesIndex+`}]}`)
		synctest.Wait()
		h.restart()
		f := h.read("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"cup = :c AND #r = :e","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":e":{"S":"E"}}}`)
		if got := f.column("id"); got != "b c a" {
			t.Errorf("found %q", got)
		}
	})
}
