package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

const rangedKey = `"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"y"}}`

// The texts are those that the tests of dynalite and the dynamodb-conformance
// suite (2026) recorded of the service.
func TestUpdateOfIndexKeys(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	h.put("ranged", `{"a":{"S":"x"},"b":{"S":"y"},"e":{"N":"1"},"f":{"S":""},"g":{"S":"`+strings.Repeat("g", 1025)+`"}}`)
	const (
		mismatch = "One or more parameter values were invalid: Type mismatch for Index Key c Expected: S Actual: %s IndexName: index1"
		typ      = "The update expression attempted to update the secondary index key to unsupported type"
		empty    = "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."
		scalar   = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: d"
		size     = "The update expression attempted to update the secondary index key beyond allowed size limits"
	)
	const n, s, l = `,"ExpressionAttributeValues":{":v":{"N":"1"}}`, `,"ExpressionAttributeValues":{":v":{"S":""}}`, `,"ExpressionAttributeValues":{":v":{"L":[]}}`
	for _, c := range []struct{ update, values, want string }{
		{"SET c = :v", n, fmt.Sprintf(mismatch, "N")},
		{"SET c = :v", l, fmt.Sprintf(mismatch, "L")},
		{"SET c = list_append(e, :v)", l, fmt.Sprintf(mismatch, "L")},
		{"SET d.a = a ADD c :v", n, fmt.Sprintf(mismatch, "N")},
		{"SET e = c[1], c = a + :v", n, fmt.Sprintf(mismatch, "N")},
		{"SET c = :v", s, empty},
		{"SET c = f", "", empty},
		{"SET c = e", "", typ},
		{"SET d = if_not_exists(e, :v)", n, typ},
		{"SET d = g", "", size},
		{"ADD d.b :v", n, scalar},
		{"SET e = list_append(a, b), f = d[1]", "", scalar},
	} {
		h.refused("UpdateItem", fmt.Sprintf(`{%s,"UpdateExpression":%q%s}`, rangedKey, c.update, c.values), c.want)
	}
	h.mustDo("UpdateItem", `{`+rangedKey+`,"UpdateExpression":"SET c = a, d = a REMOVE e"}`)
}

// What an update leaves alone is not looked at: an item from before the index
// may violate it.
func TestItemThatViolatesAnIndexCanBeUpdated(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	h.mustDo("PutItem", `{"TableName":"abc","Item":{"pk":{"S":"1"},"n":{"S":"no number"},"g":{"S":"x"}}}`)
	h.mustDo("UpdateTable", addIndex)
	h.mustDo("UpdateItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"y"}}}`)
	h.refused("UpdateItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET n = g"}`,
		"The update expression attempted to update the secondary index key to unsupported type")
	h.mustDo("UpdateItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`)
}

func TestPutChecksInOrder(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	big := `{"a":{"S":"x"},"b":{"S":"` + strings.Repeat("b", maxItemSize) + `"}}`
	h.refused("PutItem", `{"TableName":"nowhere","Item":`+big+`,"ReturnValues":"ALL_NEW","ConditionExpression":"","ExpressionAttributeValues":{":v":{"S":"x"}}}`, "1 validation error detected: ReturnValues can only be ALL_OLD or NONE")
	h.refused("PutItem", `{"TableName":"nowhere","Item":`+big+`,"ReturnValues":"ALL_NEW","ExpressionAttributeValues":{":v":{"S":"x"}}}`, "1 validation error detected: ExpressionAttributeValues can only be specified when using expressions")
	h.refused("PutItem", `{"TableName":"nowhere","Item":`+big+`,"ConditionExpression":""}`, "Item size has exceeded the maximum allowed size")
	h.refused("PutItem", `{"TableName":"nowhere","Item":{},"ConditionExpression":""}`, "1 validation error detected: Invalid ConditionExpression: The expression can not be empty;")
	h.refused("DeleteItem", `{"TableName":"nowhere","Key":{},"ReturnValues":"ALL_NEW","ExpressionAttributeNames":{"#a":"a"}}`, "1 validation error detected: ExpressionAttributeNames can only be specified when using expressions")
	// The keys of indexes are checked before the condition.
	h.refused("PutItem", `{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"},"c":{"N":"1"}},"ConditionExpression":"attribute_exists(a)"}`,
		"One or more parameter values were invalid: Type mismatch for Index Key c Expected: S Actual: N IndexName: index1")
	h.refused("PutItem", `{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"},"d":{"S":"`+strings.Repeat("d", 1025)+`"}}}`,
		"One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	h.fails("PutItem", `{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"}},"ConditionExpression":"attribute_exists(a)"}`, "ConditionalCheckFailedException: The conditional request failed")
}

// What is wrong with a put that the request alone tells fails the request of a
// transaction; what the table tells cancels it.
func TestTransactionsFailOrAreCancelled(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	put := func(more string) string {
		return `{"TransactItems":[{"Put":{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"}` + more + `}}}]}`
	}
	h.refused("TransactWriteItems", put(`,"e":{"S":"`+strings.Repeat("e", maxItemSize)+`"}`), "Item size has exceeded the maximum allowed size")
	update := `{"TransactItems":[{"Update":{` + rangedKey + `,"UpdateExpression":"SET c = :v","ExpressionAttributeValues":{":v":%s}}}]}`
	h.refused("TransactWriteItems", fmt.Sprintf(update, `{"S":""}`), "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.")
	const reason = "One or more parameter values were invalid: Type mismatch for Index Key c Expected: S Actual: N IndexName: index1"
	for _, in := range []string{put(`,"c":{"N":"1"}`), fmt.Sprintf(update, `{"N":"1"}`)} {
		_, err := h.do("TransactWriteItems", in)
		var e *api.Error
		if !errors.As(err, &e) || len(e.Reasons) != 1 || e.Reasons[0].Code != "ValidationError" || e.Reasons[0].Message != reason {
			t.Errorf("%s: %+v, want reason %q", in, err, reason)
		}
	}
}
