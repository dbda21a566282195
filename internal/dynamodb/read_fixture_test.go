package dynamodb

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The tables of the tests of reads. In "ranged", index1 and index2 are local,
// index3 and index4 global.
const (
	hashedTable = `{"TableName":"hashed","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}`
	rangedTable = `{"TableName":"ranged","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"},
			{"AttributeName":"c","AttributeType":"S"},{"AttributeName":"d","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[
			{"IndexName":"index1","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"index2","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"d","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["e"]}}],
		"GlobalSecondaryIndexes":[
			{"IndexName":"index3","KeySchema":[{"AttributeName":"c","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"index4","KeySchema":[{"AttributeName":"c","KeyType":"HASH"},{"AttributeName":"d","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["e"]}}]}`
)

// put stores an item given as JSON.
func (h *harness) put(table, item string) {
	h.t.Helper()
	h.mustDo("PutItem", fmt.Sprintf(`{"TableName":%q,"Item":%s}`, table, item))
}

// found is the answer of a Query or Scan.
type found struct {
	Items               []map[string]map[string]any
	Count, ScannedCount int
	LastEvaluatedKey    json.RawMessage
}

// read runs a Query or Scan.
func (h *harness) read(op, in string) found {
	h.t.Helper()
	out := h.mustDo(op, in)
	var f found
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		h.t.Fatalf("%s: %v", out, err)
	}
	return f
}

// column returns one attribute of each item, of whatever type, with spaces
// between.
func (f *found) column(name string) string {
	var list []string
	for _, item := range f.Items {
		for _, v := range item[name] {
			list = append(list, fmt.Sprint(v))
		}
	}
	return strings.Join(list, " ")
}
