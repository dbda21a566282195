package dynamodb

import "testing"

func TestGetItem(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	h.put("ranged", `{"a":{"S":"x"},"b":{"S":"y"},"m":{"M":{"p":{"N":"1"},"q":{"L":[{"S":"0"},{"S":"1"}]}}},"n":{"NS":["2","1"]}}`)
	h.expect("GetItem", `{"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"y"}}}`,
		`{"Item":{"a":{"S":"x"},"b":{"S":"y"},"m":{"M":{"p":{"N":"1"},"q":{"L":[{"S":"0"},{"S":"1"}]}}},"n":{"NS":["1","2"]}}}`)
	h.expect("GetItem", `{"TableName":"ranged","ConsistentRead":true,"Key":{"a":{"S":"x"},"b":{"S":"y"}},"ProjectionExpression":"#m.q[1], n","ExpressionAttributeNames":{"#m":"m"}}`,
		`{"Item":{"m":{"M":{"q":{"L":[{"S":"1"}]}}},"n":{"NS":["1","2"]}}}`)
	h.expect("GetItem", `{"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"y"}},"ProjectionExpression":"nothing"}`, `{"Item":{}}`)
	h.expect("GetItem", `{"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"z"}}}`, `{}`)
	h.expect("GetItem", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/ranged","Key":{"a":{"S":"x"},"b":{"S":"z"}}}`, `{}`)
}

func TestGetItemCapacity(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.put("hashed", `{"a":{"S":"x"},"f":{"S":"`+filler(4096)+`"}}`) // 4098 bytes: two blocks
	key := `"TableName":"hashed","ProjectionExpression":"a","Key":{"a":{"S":"x"}}`
	h.expect("GetItem", `{`+key+`,"ReturnConsumedCapacity":"TOTAL"}`,
		`{"Item":{"a":{"S":"x"}},"ConsumedCapacity":{"TableName":"hashed","CapacityUnits":1.0}}`)
	h.expect("GetItem", `{`+key+`,"ConsistentRead":true,"ReturnConsumedCapacity":"INDEXES"}`,
		`{"Item":{"a":{"S":"x"}},"ConsumedCapacity":{"TableName":"hashed","CapacityUnits":2.0,"Table":{"CapacityUnits":2.0}}}`)
	h.expect("GetItem", `{`+key+`,"ReturnConsumedCapacity":"NONE"}`, `{"Item":{"a":{"S":"x"}}}`)
	h.expect("GetItem", `{"TableName":"hashed","Key":{"a":{"S":"absent"}},"ReturnConsumedCapacity":"TOTAL"}`,
		`{"ConsumedCapacity":{"TableName":"hashed","CapacityUnits":0.5}}`)
}

func TestGetItemRefusals(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	const absent = `{"TableName":"absent","Key":{"a":{"S":"x"}}}`
	h.fails("GetItem", absent, "ResourceNotFoundException: Requested resource not found")
	for key, message := range map[string]string{
		`{}`:                                          msgKeySchema,
		`{"a":{"S":"x"}}`:                             msgKeySchema,
		`{"a":{"S":"x"},"c":{"S":"y"}}`:               msgKeySchema,
		`{"a":{"S":"x"},"b":{"N":"1"}}`:               msgKeySchema,
		`{"a":{"S":""},"b":{"S":"y"}}`:                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a",
		`{"a":{"S":"x"},"b":{"S":"y"},"c":{"S":"z"}}`: msgKeySchema,
	} {
		h.refused("GetItem", `{"TableName":"ranged","Key":`+key+`}`, message)
	}
	for rest, message := range map[string]string{
		`"ProjectionExpression":""`:             "Invalid ProjectionExpression: The expression can not be empty;",
		`"ProjectionExpression":"x, x"`:         "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x], path two: [x]",
		`"ExpressionAttributeNames":{"#x":"x"}`: "ExpressionAttributeNames can only be specified when using expressions",
		`"ProjectionExpression":"a.x"`:          "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: a",
		`"ProjectionExpression":"d[0]"`:         "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: d",
		`"ReturnConsumedCapacity":"ALL"`:        "1 validation error detected: Value 'ALL' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
	} {
		h.refused("GetItem", `{"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"y"}},`+rest+`}`, message)
	}
	// Expressions are looked at before the table is.
	h.refused("GetItem", `{"TableName":"absent","Key":{"a":{"S":"x"}},"ProjectionExpression":"!"}`, `Invalid ProjectionExpression: Syntax error; token: "!", near: "!"`)
}

// filler returns a text of n bytes.
func filler(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}
