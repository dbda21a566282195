package dynamodb

import (
	"fmt"
	"testing"
)

// TestLegacyTexts checks what is said of wrong legacy parameters. The texts and
// their order are those that public conformance suites observed.
func TestLegacyTexts(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	const invalid = "One or more parameter values were invalid: "
	eq := func(v string) string { return fmt.Sprintf(`{"ComparisonOperator":"EQ","AttributeValueList":[%s]}`, v) }
	s := eq(`{"S":"a"}`)
	for _, test := range []struct{ op, members, want string }{
		// one style or the other
		{"PutItem", `"Item":{},"Expected":{},"ConditionExpression":""`, mixed("Expected", "ConditionExpression")},
		{"DeleteItem", `"Key":{},"Expected":{},"ConditionalOperator":"OR","ConditionExpression":""`, mixed("Expected, ConditionalOperator", "ConditionExpression")},
		{"UpdateItem", `"Key":{},"Expected":{},"AttributeUpdates":{},"ConditionExpression":"","UpdateExpression":""`, mixed("AttributeUpdates, Expected", "UpdateExpression, ConditionExpression")},
		{"GetItem", `"Key":{},"AttributesToGet":["a"],"ProjectionExpression":""`, mixed("AttributesToGet", "ProjectionExpression")},
		{"Scan", `"ScanFilter":{},"AttributesToGet":["a"],"ConditionalOperator":"AND","FilterExpression":"","ProjectionExpression":""`, mixed("AttributesToGet, ScanFilter, ConditionalOperator", "ProjectionExpression, FilterExpression")},
		{"Query", `"KeyConditions":{},"QueryFilter":{},"ConditionalOperator":"AND","KeyConditionExpression":"","FilterExpression":"","ProjectionExpression":""`, mixed("QueryFilter, ConditionalOperator, KeyConditions", "ProjectionExpression, FilterExpression, KeyConditionExpression")},
		{"Query", `"KeyConditions":{},"FilterExpression":"a"`, `Invalid FilterExpression: Syntax error; token: "<EOF>", near: "a"`},
		{"GetItem", `"Key":{},"AttributesToGet":["a"],"ExpressionAttributeNames":{"#a":"a"}`, "ExpressionAttributeNames can only be specified when using expressions"},

		// ConditionalOperator
		{"PutItem", `"Item":{},"ConditionalOperator":"OR"`, "ConditionalOperator cannot be used without Filter or Expected"},
		{"Scan", `"ScanFilter":{},"ConditionalOperator":"OR"`, "ConditionalOperator cannot be used without Filter or Expected"},
		{"Query", `"ConditionalOperator":"OR"`, "ConditionalOperator cannot be used without Filter or Expected"},
		{"Scan", `"ScanFilter":{"a":` + s + `},"ConditionalOperator":"OR"`, "ConditionalOperator can only be used when Filter or Expected has two or more elements"},

		// AttributesToGet
		{"GetItem", `"Key":{},"AttributesToGet":["a","b","a"]`, invalid + "Duplicate value in attribute name: a"},
		{"Scan", `"AttributesToGet":["a","a"],"ScanFilter":{"a":{"ComparisonOperator":"EQ"}}`, invalid + "Duplicate value in attribute name: a"},
		{"Query", `"AttributesToGet":["a","a"],"QueryFilter":{"a":{"ComparisonOperator":"EQ"}}`, invalid + "Invalid number of argument(s) for the EQ ComparisonOperator"},
		{"Scan", `"AttributesToGet":["a"],"Select":"COUNT"`, "Cannot specify the AttributesToGet when choosing to get only the Count"},
		{"Scan", `"AttributesToGet":["a"],"Select":"ALL_ATTRIBUTES"`, "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"},

		// conditions
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"NULL","AttributeValueList":[{"S":"a"}]}}`, invalid + "Invalid number of argument(s) for the NULL ComparisonOperator"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"IN","AttributeValueList":[]}}`, invalid + "Invalid number of argument(s) for the IN ComparisonOperator"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"a"},{"N":"1"}]}}`, invalid + "AttributeValues inside AttributeValueList must be of same type"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"IN","AttributeValueList":[{"L":[]}]}}`, invalid + "ComparisonOperator IN is not valid for L AttributeValue type"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"M":{}}]}}`, invalid + "ComparisonOperator CONTAINS is not valid for M AttributeValue type"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"NS":["1"]}]}}`, invalid + "ComparisonOperator CONTAINS is not valid for NS AttributeValue type"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"N":"1"}]}}`, invalid + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"},
		{"Scan", `"ScanFilter":{"a":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"10"},{"N":"9"}]}}`, "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},

		// Expected
		{"PutItem", `"Item":{},"Expected":{"a":{}}`, invalid + "Value must be provided when Exists is null for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"Exists":true}}`, invalid + "Value must be provided when Exists is true for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"Exists":false,"Value":{"S":"a"}}}`, invalid + "Value cannot be used when Exists is false for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"AttributeValueList":[]}}`, invalid + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"AttributeValueList":[],"Value":{"S":"a"}}}`, invalid + "Value and AttributeValueList cannot be used together for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"ComparisonOperator":"LT","Exists":true}}`, invalid + "Exists and ComparisonOperator cannot be used together for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"ComparisonOperator":"LT"}}`, invalid + "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"},
		{"PutItem", `"Item":{},"Expected":{"a":{"ComparisonOperator":"BETWEEN","Value":{"S":"a"}}}`, invalid + "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
		{"PutItem", `"Item":{},"ReturnValues":"ALL_NEW","Expected":{"a":{}}`, "ReturnValues can only be ALL_OLD or NONE"},

		// AttributeUpdates
		{"UpdateItem", `"Key":{},"AttributeUpdates":{"a":{}}`, invalid + "Only DELETE action is allowed when no attribute value is specified"},
		{"UpdateItem", `"Key":{},"AttributeUpdates":{"a":{"Action":"ADD"}}`, invalid + "Only DELETE action is allowed when no attribute value is specified"},
		{"UpdateItem", `"Key":{},"AttributeUpdates":{"a":{"Action":"ADD","Value":{"S":"a"}}}`, invalid + "ADD action is not supported for the type S"},
		{"UpdateItem", `"Key":{},"AttributeUpdates":{"a":{"Action":"DELETE","Value":{"L":[]}}}`, invalid + "DELETE action with value is not supported for the type L"},

		// KeyConditions
		{"Query", `"Limit":1`, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"Query", `"KeyConditions":{}`, "Conditions can be of length 1 or 2 only"},
		{"Query", `"KeyConditions":{"a":` + s + `,"b":` + s + `,"c":` + s + `}`, "Conditions can be of length 1 or 2 only"},
		{"Query", `"KeyConditions":{"a":{"ComparisonOperator":"EQ"}}`, invalid + "Invalid number of argument(s) for the EQ ComparisonOperator"},
		{"Query", `"KeyConditions":{"b":` + s + `}`, "Query condition missed key schema element: a"},
		{"Query", `"KeyConditions":{"a":` + s + `,"b":` + s + `}`, "Query key condition not supported"},
		{"Query", `"KeyConditions":{"a":` + eq(`{"N":"1"}`) + `}`, invalid + "Condition parameter type does not match schema type"},
		{"Query", `"KeyConditions":{"a":{"ComparisonOperator":"GT","AttributeValueList":[{"S":"a"}]}}`, "Query key condition not supported"},
		{"Query", `"KeyConditions":{"a":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"1"}]}}`, "Attempted conditional constraint is not an indexable operation"},
		{"Query", `"KeyConditions":{"a":{"ComparisonOperator":"NULL"}}`, "Attempted conditional constraint is not an indexable operation"},
		{"Query", `"KeyConditions":{"a":` + s + `},"QueryFilter":{"a":` + s + `}`, "QueryFilter can only contain non-primary key attributes: Primary key attribute: a"},
	} {
		switch test.op {
		case "PutItem", "UpdateItem", "DeleteItem":
			test.want = "1 validation error detected: " + test.want
		}
		h.refused(test.op, `{"TableName":"hashed",`+test.members+`}`, test.want)
	}
	h.refused("UpdateItem", `{"TableName":"hashed","Key":{"a":{"S":"a"}},"AttributeUpdates":{"a":{"Value":{"S":"b"}}}}`, invalid+"Cannot update attribute a. This attribute is part of the key")
	h.refused("Query", `{"TableName":"ranged","KeyConditions":{"a":`+s+`,"c":`+s+`}}`, "Query condition missed key schema element: b")
	h.refused("Query", `{"TableName":"ranged","KeyConditions":{"a":`+s+`,"b":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"a"}]}}}`, "Attempted conditional constraint is not an indexable operation")
	h.refused("BatchGetItem", `{"RequestItems":{"hashed":{"Keys":[{"a":{"S":"a"}}],"AttributesToGet":["b","b"]}}}`, invalid+"Duplicate value in attribute name: b")
}

func mixed(old, expressions string) string {
	return fmt.Sprintf("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}", old, expressions)
}

// TestAttributeUpdates checks what the actions do to attributes of each kind.
func TestAttributeUpdates(t *testing.T) {
	for _, test := range []struct{ before, change, want string }{
		{`{"S":"x"}`, `{"Value":{"N":"1"}}`, `{"N":"1"}`},
		{``, `{"Action":"PUT","Value":{"M":{}}}`, `{"M":{}}`},
		{`{"S":"x"}`, `{"Action":"DELETE"}`, ``},
		{``, `{"Action":"DELETE"}`, ``},
		{`{"N":"1"}`, `{"Action":"ADD","Value":{"N":"-3"}}`, `{"N":"-2"}`},
		{``, `{"Action":"ADD","Value":{"N":"4"}}`, `{"N":"4"}`},
		{`{"SS":["b"]}`, `{"Action":"ADD","Value":{"SS":["a","b"]}}`, `{"SS":["a","b"]}`},
		{`{"L":[{"S":"a"}]}`, `{"Action":"ADD","Value":{"L":[{"N":"1"},{"S":"a"}]}}`, `{"L":[{"S":"a"},{"N":"1"},{"S":"a"}]}`},
		{``, `{"Action":"ADD","Value":{"L":[{"N":"1"}]}}`, `{"L":[{"N":"1"}]}`},
		{`{"NS":["1","2"]}`, `{"Action":"DELETE","Value":{"NS":["2","3"]}}`, `{"NS":["1"]}`},
		{`{"NS":["1"]}`, `{"Action":"DELETE","Value":{"NS":["1"]}}`, ``},
		{``, `{"Action":"DELETE","Value":{"NS":["1"]}}`, ``},
	} {
		t.Run(test.change, func(t *testing.T) {
			h := newEngine(t)
			h.mustDo("CreateTable", hashedTable)
			h.put("hashed", `{"a":{"S":"k"}`+attribute(test.before)+`}`)
			h.expect("UpdateItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}},"ReturnValues":"ALL_NEW","AttributeUpdates":{"x.y":`+test.change+`}}`,
				`{"Attributes":{"a":{"S":"k"}`+attribute(test.want)+`}}`)
		})
	}
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.put("hashed", `{"a":{"S":"k"}`+attribute(`{"S":"x"}`)+`}`)
	for _, change := range []string{
		`{"Action":"ADD","Value":{"N":"1"}}`, `{"Action":"ADD","Value":{"SS":["a"]}}`,
		`{"Action":"ADD","Value":{"L":[]}}`, `{"Action":"DELETE","Value":{"SS":["a"]}}`,
	} {
		h.refused("UpdateItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}},"AttributeUpdates":{"x.y":`+change+`}}`, "Type mismatch for attribute to update")
	}
}

// attribute is a member of an item for the attribute "x.y", unless it has no value.
func attribute(value string) string {
	if value == "" {
		return ""
	}
	return `,"x.y":` + value
}

// TestUpdateCreates checks that an update that only takes away makes no item,
// whatever its form.
func TestUpdateCreates(t *testing.T) {
	const get, key = `{"TableName":"hashed","Key":{"a":{"S":"k"}}}`, `{"TableName":"hashed","ReturnValues":"ALL_NEW","Key":{"a":{"S":"k"}}`
	for _, test := range []struct {
		members string
		creates bool
	}{
		{`,"AttributeUpdates":{"x":{"Action":"DELETE"}}`, false},
		{`,"AttributeUpdates":{"x":{"Action":"DELETE","Value":{"SS":["a"]}}}`, false},
		{`,"UpdateExpression":"REMOVE x, y"`, false},
		{`,"AttributeUpdates":{}`, true},
		{``, true},
		{`,"UpdateExpression":"REMOVE x ADD y :n","ExpressionAttributeValues":{":n":{"N":"1"}}`, true},
	} {
		t.Run(test.members, func(t *testing.T) {
			h := newEngine(t)
			h.mustDo("CreateTable", hashedTable)
			out := h.mustDo("UpdateItem", key+test.members+`}`)
			if got := h.mustDo("GetItem", get); (got != "{}") != test.creates || (out != "{}") != test.creates {
				t.Errorf("answered %s, left %s", out, got)
			}
		})
	}
}

// TestExpected checks each comparison of an attribute that fits, one that does not
// and one that is absent.
func TestExpected(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.put("hashed", `{"a":{"S":"k"},"n":{"N":"5"},"s":{"S":"hello"},"l":{"L":[{"N":"2"}]},"z":{"NULL":true}}`)
	for _, test := range []struct {
		expected string
		holds    bool
	}{
		{`"n":{"Value":{"N":"5.0"}}`, true},
		{`"n":{"Value":{"S":"5"}}`, false},
		{`"none":{"Exists":false}`, true},
		{`"n":{"Exists":true,"Value":{"N":"5"}}`, true},
		{`"l":{"ComparisonOperator":"EQ","AttributeValueList":[{"L":[{"N":"2"}]}]}`, true},
		{`"none":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"1"}]}`, true},
		{`"n":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"5"}]}`, true},
		{`"none":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"1"}]}`, false},
		{`"n":{"ComparisonOperator":"GE","Value":{"N":"5"}}`, true},
		{`"s":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"ell"}]}`, true},
		{`"l":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"N":"2"}]}`, true},
		{`"s":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"dog"}]}`, true},
		{`"s":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"ell"}]}`, false},
		{`"none":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"dog"}]}`, false},
		{`"s":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"hell"}]}`, true},
		{`"n":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"5"}]}`, false},
		{`"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"4"},{"N":"5"}]}`, true},
		{`"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"},{"N":"6"}]}`, true},
		{`"z":{"ComparisonOperator":"NOT_NULL","AttributeValueList":[]}`, true},
		{`"z":{"ComparisonOperator":"NULL"}`, false},
		{`"n":{"Value":{"N":"5"}},"s":{"Value":{"S":"x"}},"none":{"Exists":false}`, false},
	} {
		const in = `{"TableName":"hashed","Key":{"a":{"S":"k"}},"AttributeUpdates":{},"Expected":{%s}}`
		if test.holds {
			h.mustDo("UpdateItem", fmt.Sprintf(in, test.expected))
		} else {
			h.fails("UpdateItem", fmt.Sprintf(in, test.expected), "ConditionalCheckFailedException: The conditional request failed")
		}
	}
}

// TestOneStyleForAllTables checks that the tables of a batch may not differ in it.
func TestOneStyleForAllTables(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	const in = `{"RequestItems":{"hashed":{"Keys":[{"a":{"S":"a"}}],"AttributesToGet":["a"]},"other":{"Keys":[{"a":{"S":"a"}}],"ProjectionExpression":"a"}}}`
	h.refused("BatchGetItem", in, mixed("AttributesToGet", "ProjectionExpression"))
}
