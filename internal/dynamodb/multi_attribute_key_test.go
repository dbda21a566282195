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
		{"cup = :c AND #r = :e AND court = :e", `":c":{"S":"C"},":e":{"S":"E"}`, "RANGE key attributes round must have equality conditions specified in the query because a condition is present on key attribute court"},
		{"cup = :c AND #r = :e AND round > :n AND court = :e", `":c":{"S":"C"},":e":{"S":"E"},":n":{"N":"10"}`, "RANGE key attributes round must have equality conditions specified in the query because a condition is present on key attribute court"},
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

// An index with as many attributes as there can be, of all types: its entries are
// in the order of the sort key's attributes, each by its type.
func TestKeyOfEightAttributes(t *testing.T) {
	h := newEngine(t)
	const elements = `{"AttributeName":"h1","KeyType":"HASH"},{"AttributeName":"h2","KeyType":"HASH"},{"AttributeName":"h3","KeyType":"HASH"},{"AttributeName":"h4","KeyType":"HASH"},` +
		`{"AttributeName":"r1","KeyType":"RANGE"},{"AttributeName":"r2","KeyType":"RANGE"},{"AttributeName":"r3","KeyType":"RANGE"},{"AttributeName":"r4","KeyType":"RANGE"}`
	var defs []string
	for name, typ := range map[string]string{"id": "S", "h1": "S", "h2": "N", "h3": "B", "h4": "S", "r1": "S", "r2": "N", "r3": "B", "r4": "N"} {
		defs = append(defs, fmt.Sprintf(`{"AttributeName":%q,"AttributeType":%q}`, name, typ))
	}
	h.mustDo("CreateTable", `{"TableName":"eight","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[`+strings.Join(defs, ",")+`],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"GlobalSecondaryIndexes":[{"IndexName":"all","KeySchema":[`+elements+`],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`)
	if out := h.mustDo("DescribeTable", `{"TableName":"eight"}`); !strings.Contains(out, `"KeySchema":[`+elements+`]`) {
		t.Errorf("described %s", out)
	}
	for i, sort := range []string{ // in their order; a number is no string of digits
		`"r1":{"S":"a"},"r2":{"N":"-1"},"r3":{"B":"AQ=="},"r4":{"N":"5"}`,
		`"r1":{"S":"a"},"r2":{"N":"9"},"r3":{"B":"AQ=="},"r4":{"N":"9"}`,
		`"r1":{"S":"a"},"r2":{"N":"9"},"r3":{"B":"AQ=="},"r4":{"N":"10"}`,
		`"r1":{"S":"a"},"r2":{"N":"9"},"r3":{"B":"AQA="},"r4":{"N":"1"}`,
		`"r1":{"S":"a"},"r2":{"N":"10"},"r3":{"B":"AA=="},"r4":{"N":"1"}`,
		`"r1":{"S":"aa"},"r2":{"N":"0"},"r3":{"B":"AA=="},"r4":{"N":"1"}`,
	} {
		h.put("eight", fmt.Sprintf(`{"id":{"S":"%d"},"h1":{"S":"x"},"h2":{"N":"1"},"h3":{"B":"AA=="},"h4":{"S":"y"},%s,"more":{"S":"more"}}`, i, sort))
	}
	const hash, values = "h1 = :x AND h2 = :1 AND h3 = :0 AND h4 = :y", `":x":{"S":"x"},":1":{"N":"1.0"},":0":{"B":"AA=="},":y":{"S":"y"}`
	for _, c := range []struct{ condition, values, want string }{
		{"", "", "0 1 2 3 4 5"},
		{" AND r1 = :a", `,":a":{"S":"a"}`, "0 1 2 3 4"},
		{" AND r1 > :a", `,":a":{"S":"a"}`, "5"},
		{" AND r1 = :a AND r2 BETWEEN :l AND :m", `,":a":{"S":"a"},":l":{"N":"0"},":m":{"N":"9"}`, "1 2 3"},
		{" AND r1 = :a AND r2 = :l AND begins_with(r3, :m)", `,":a":{"S":"a"},":l":{"N":"9"},":m":{"B":"AQ=="}`, "1 2 3"},
		{" AND r1 = :a AND r2 = :l AND r3 = :m AND :n <= r4", `,":a":{"S":"a"},":l":{"N":"9"},":m":{"B":"AQ=="},":n":{"N":"10"}`, "2"},
	} {
		f := h.read("Query", `{"TableName":"eight","IndexName":"all","KeyConditionExpression":"`+hash+c.condition+`","ExpressionAttributeValues":{`+values+c.values+`}}`)
		if got := f.column("id"); got != c.want {
			t.Errorf("%s: found %q, want %q", c.condition, got, c.want)
		}
		if len(f.Items[0]) != 9 {
			t.Errorf("projected %v", f.Items[0])
		}
	}
}

func TestUpdateTableChecksKeyOfSeveralAttributes(t *testing.T) {
	h := newMatches(t)
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"a:HASH", "b:HASH", "c:HASH", "d:HASH", "e:HASH"}, bad + "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
		{[]string{"id:HASH", "a:RANGE", "b:RANGE", "c:RANGE", "d:RANGE", "e:RANGE"}, bad + "The KeySchema exceeds the maximum allowed number of RANGE key attributes"},
		{[]string{"a:HASH", "b:RANGE", "c:HASH"}, bad + "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
		{[]string{"a:HASH", "b:HASH", "a:RANGE"}, "The KeySchema contains multiple key attributes with the same name"},
		{[]string{"a:RANGE", "b:HASH"}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{[]string{"a:HASH", "z:HASH"}, bad + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a, z], AttributeDefinitions: [court, cup, id, region, round, a, b, c, d, e]"},
	} {
		var defs []string
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			defs = append(defs, fmt.Sprintf(`{"AttributeName":%q,"AttributeType":"S"}`, name))
		}
		h.refused("UpdateTable", `{"TableName":"matches","AttributeDefinitions":[`+strings.Join(defs, ",")+`],"GlobalSecondaryIndexUpdates":[{"Create":`+lsi("new", key(c.keys...), all)+`}]}`, c.want)
	}
}

// The parameters from before expressions have the same rules, in their own words.
func TestKeyConditionsOfSeveralAttributes(t *testing.T) {
	h := newMatches(t)
	const cup, region = `"cup":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"C"}]}`, `,"region":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"E"}]}`
	on := func(name, operator, value string) string {
		return fmt.Sprintf(`,%q:{"ComparisonOperator":%q,"AttributeValueList":[%s]}`, name, operator, value)
	}
	for _, c := range []struct{ conditions, want string }{
		{cup, "Query condition missed key schema element: region"},
		{cup + on("round", "EQ", `{"N":"1"}`), "Query condition missed key schema element: region"},
		{cup + on("region", "GT", `{"S":"E"}`), "Query key condition not supported"},
		{cup + region + on("court", "EQ", `{"S":"x"}`), "RANGE key attributes round must have equality conditions specified in the query because a condition is present on key attribute court"},
		{cup + region + on("round", "LT", `{"N":"1"}`) + on("court", "EQ", `{"S":"x"}`), "RANGE key attributes round must have equality conditions specified in the query because a condition is present on key attribute court"},
		{cup + region + on("round", "NE", `{"N":"1"}`), "Attempted conditional constraint is not an indexable operation"},
	} {
		h.refused("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditions":{`+c.conditions+`}}`, c.want)
	}
	h.refused("Query", `{"TableName":"matches","IndexName":"byCup","KeyConditions":{`+cup+region+`},"QueryFilter":{`+on("court", "EQ", `{"S":"x"}`)[1:]+`}}`,
		"QueryFilter can only contain non-primary key attributes: Primary key attribute: court")
}

// Each attribute of the key is one of the key wherever it matters.
func TestEveryAttributeBelongsToTheKey(t *testing.T) {
	h := newMatches(t)
	const query = `{"TableName":"matches","IndexName":"byCup","KeyConditionExpression":"cup = :c AND #r = :e","ExpressionAttributeNames":{"#r":"region"},"ExpressionAttributeValues":{":c":{"S":"C"},":e":{"S":"E"}},`
	for _, name := range []string{"court", "#r"} {
		full := strings.Replace(name, "#r", "region", 1)
		h.refused("Query", query+`"FilterExpression":"`+name+` = :e"}`, "Filter Expression can only contain non-primary key attributes: Primary key attribute: "+full)
	}
	h.refused("PutItem", `{"TableName":"matches","Item":{"id":{"S":"z"},"region":{"N":"1"}}}`, bad+"Type mismatch for Index Key region Expected: S Actual: N IndexName: byCup")
	h.refused("UpdateItem", `{"TableName":"matches","Key":{"id":{"S":"a"}},"UpdateExpression":"SET court = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
		bad+"Type mismatch for Index Key court Expected: S Actual: N IndexName: byCup")
	h.refused("PutItem", `{"TableName":"matches","Item":{"id":{"S":"z"},"court":{"S":""}}}`,
		"One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byCup, IndexKey: court")
	h.refused("Scan", `{"TableName":"matches","IndexName":"byCup","ExclusiveStartKey":{"id":{"S":"a"},"cup":{"S":"C"},"region":{"S":"E"},"round":{"N":"10"}}}`, "The provided starting key is invalid")

	h.mustDo("UpdateItem", `{"TableName":"matches","Key":{"id":{"S":"a"}},"UpdateExpression":"REMOVE court"}`)
	h.mustDo("UpdateItem", `{"TableName":"matches","Key":{"id":{"S":"g"}},"UpdateExpression":"SET court = :s","ExpressionAttributeValues":{":s":{"S":"v"}}}`)
	f := h.read("Query", query+`"Limit":9}`)
	if got := f.column("id"); got != "b g c" {
		t.Errorf("after one left the index and one came: %q", got)
	}
}
