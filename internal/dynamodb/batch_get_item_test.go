package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

func TestBatchGetItem(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	h.put("hashed", `{"a":{"S":"1"},"v":{"N":"1"}}`)
	h.put("hashed", `{"a":{"S":"2"},"v":{"N":"2"}}`)
	h.put("ranged", `{"a":{"S":"1"},"b":{"S":"1"},"v":{"N":"3"}}`)
	h.expect("BatchGetItem", `{"ReturnConsumedCapacity":"TOTAL","RequestItems":{
			"hashed":{"Keys":[{"a":{"S":"1"}},{"a":{"S":"absent"}},{"a":{"S":"2"}}],"ConsistentRead":true,"ProjectionExpression":"#v","ExpressionAttributeNames":{"#v":"v"}},
			"ranged":{"Keys":[{"a":{"S":"1"},"b":{"S":"1"}}]}}}`,
		`{"Responses":{"hashed":[{"v":{"N":"1"}},{"v":{"N":"2"}}],"ranged":[{"a":{"S":"1"},"b":{"S":"1"},"v":{"N":"3"}}]},"UnprocessedKeys":{},`+
			`"ConsumedCapacity":[{"TableName":"hashed","CapacityUnits":3.0},{"TableName":"ranged","CapacityUnits":0.5}]}`)
	h.expect("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[{"a":{"S":"absent"}}]}}}`, `{"Responses":{"hashed":[]},"UnprocessedKeys":{}}`)
}

func TestBatchGetItemLeavesWhatExceeds16MB(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	var keys []string
	for i := range 42 { // 400 KB each: 40 of them are 16 MB less a little
		h.put("hashed", fmt.Sprintf(`{"a":{"S":"%02d"},"f":{"S":%q}}`, i, filler(maxItemSize-10)))
		keys = append(keys, fmt.Sprintf(`{"a":{"S":"%02d"}}`, i))
	}
	out := h.mustDo("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[`+strings.Join(keys, ",")+`],"ProjectionExpression":"a"}}}`)
	if n := strings.Count(out[:strings.Index(out, "UnprocessedKeys")], `{"a":`); n != 40 {
		t.Errorf("%d items, want 40", n)
	}
	if want := `"UnprocessedKeys":{"hashed":{"Keys":[{"a":{"S":"40"}},{"a":{"S":"41"}}],"ProjectionExpression":"a"}}}`; !strings.HasSuffix(out, want) {
		t.Errorf("%s\nwant at its end %s", out, want)
	}
}

func TestBatchGetItemRefusals(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	h.refused("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[{"a":{"S":"1"}},{"a":{"S":"1"}}]}}}`, "Provided list of item keys contains duplicates")
	h.refused("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[{"b":{"S":"1"}}]}}}`, msgKeySchema)
	h.fails("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[{"a":{"S":"1"}}]},"absent":{"Keys":[{"a":{"S":"1"}}]}}}`, "ResourceNotFoundException: Requested resource not found")
	// What can be seen without the table comes first.
	h.refused("BatchGetItem", `{"RequestItems":{"absent":{"Keys":[{"a":{"S":"1"}},{"a":{"S":"1"}}]}}}`, "Provided list of item keys contains duplicates")
	h.refused("BatchGetItem", `{"RequestItems":{"absent":{"Keys":[{"a":{"S":"1"}}]},"hashed":{"Keys":[{"a":{"S":"1"}}],"ProjectionExpression":"x, x"}}}`,
		"Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x], path two: [x]")
	var hashed, ranged []string
	for i := range 60 {
		hashed = append(hashed, fmt.Sprintf(`{"a":{"S":"%d"}}`, i))
		ranged = append(ranged, fmt.Sprintf(`{"a":{"S":"1"},"b":{"S":"%d"}}`, i))
	}
	h.refused("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[`+strings.Join(hashed, ",")+`]},"ranged":{"Keys":[`+strings.Join(ranged, ",")+`]}}}`,
		"Too many items requested for the BatchGetItem call")
}
