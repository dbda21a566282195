package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// read fills a shape from JSON.
func read(t *testing.T, into api.Input, in string) *jsontok.Decoder {
	t.Helper()
	d := new(jsontok.Decoder)
	d.Reset([]byte(in))
	into.ReadJSON(d)
	return d
}

func TestAbsentAndNullAndEmptyDiffer(t *testing.T) {
	var in ddb.PutItemInput
	d := read(t, &in, `{"TableName":"","ConditionExpression":null,"ExpressionAttributeNames":{},"Unknown":[{"deep":1}]}`)
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	if !in.TableName.OK || in.ConditionExpression.OK || in.ExpressionAttributeNames == nil || in.ExpressionAttributeValues != nil {
		t.Errorf("%+v", in)
	}
}

func TestMapKeepsOrderAndTheLastOfDuplicates(t *testing.T) {
	var body strings.Builder
	body.WriteString(`{"RequestItems":{"b":[],"a":[{}],"b":[{},{}]`)
	for i := range 40 {
		fmt.Fprintf(&body, `,"t%02d":[]`, i)
	}
	body.WriteString(`,"t07":[{}]}}`)
	var in ddb.BatchWriteItemInput
	if err := read(t, &in, body.String()).End(); err != nil {
		t.Fatal(err)
	}
	if len(in.RequestItems) != 42 || in.RequestItems[0].Key != "b" || len(in.RequestItems[0].Value) != 2 || in.RequestItems[1].Key != "a" {
		t.Errorf("%d entries, first %+v", len(in.RequestItems), in.RequestItems[0])
	}
	if v, _ := in.RequestItems.Get("t07"); len(v) != 1 {
		t.Errorf("t07 has %d entries, want that of its last occurrence", len(v))
	}
}

func TestElementsAreBounded(t *testing.T) {
	var in ddb.CreateTableInput
	d := read(t, &in, `{"KeySchema":[`+strings.Repeat("{},", api.MaxElements)+`{}]}`)
	if d.End() == nil {
		t.Error("a list of more than MaxElements was read")
	}
}

// The texts are those of the service, as its error messages show them in public
// issue trackers and in the tests of other engines.
func TestViolations(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'item' failed to satisfy constraint: Member must not be null"},
		{`{"TableName":"abc","Item":{},"ReturnConsumedCapacity":"ALL"}`, "1 validation error detected: Value 'ALL' at 'returnConsumedCapacity' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
		{`{"TableName":"","ReturnValues":"ALL"}`, "3 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1; Value 'ALL' at 'returnValues' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]; " +
			"Value null at 'item' failed to satisfy constraint: Member must not be null"},
		// What the operation says in words of its own.
		{`{"TableName":"abc","Item":{},"ReturnValues":"ALL"}`, "1 validation error detected: Failed to satisfy constraint: " +
			"Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"},
		{`{"TableName":"","Item":{}}`, "1 validation error detected: Value at 'TableName' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1"},
		{`{"TableName":"abc","Item":{}}`, ""},
	} {
		var in ddb.PutItemInput
		if err := read(t, &in, c.in).End(); err != nil {
			t.Fatal(err)
		}
		var v api.Violations
		in.Validate(&v)
		got := ""
		if err := v.Err(); err != nil {
			got = strings.TrimPrefix(err.Error(), "ValidationException: ")
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestViolationsOfElements(t *testing.T) {
	var in ddb.CreateTableInput
	if err := read(t, &in, `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"X"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}`).End(); err != nil {
		t.Fatal(err)
	}
	var v api.Violations
	in.Validate(&v)
	want := "1 validation error detected: Value 'X' at 'attributeDefinitions.2.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]"
	if err := v.Err(); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestMissingNamesTheFirstAbsentMember(t *testing.T) {
	var in sqsapi.SendMessageRequest
	var v api.Violations
	in.Validate(&v)
	if !strings.EqualFold(v.Missing(), "QueueUrl") {
		t.Errorf("missing %q", v.Missing())
	}
}

func TestAppend(t *testing.T) {
	out := ddb.UpdateTableOutput{TableDescription: &ddb.TableDescription{
		TableName:        api.Some("a\"b"),
		CreationDateTime: api.Some(time.UnixMilli(1700000000123)),
		KeySchema:        []ddb.KeySchemaElement{},
		ItemCount:        api.Some(int64(0)),
	}}
	want := `{"TableDescription":{"TableName":"a\"b","KeySchema":[],"CreationDateTime":1700000000.123,"ItemCount":0}}`
	if got := string(out.AppendJSON(nil)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	usage := ddb.ConsumedCapacity{CapacityUnits: api.Some(1.0), ReadCapacityUnits: api.Some(0.5)}
	if got, want := string(usage.AppendJSON(nil)), `{"CapacityUnits":1.0,"ReadCapacityUnits":0.5}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestRefusal checks how each way of checking words what is wrong with a value, in
// an item and among the values of expressions.
func TestRefusal(t *testing.T) {
	const item, value = `{"Item":{"b":%s}}`, `{"ExpressionAttributeValues":{":a":{"N":"1"},":b":%s}}`
	const number, set = `{"N":""}`, `{"SS":["b","a","b"]}`
	for _, c := range []struct {
		check     api.ValueCheck
		form, bad string
		want      string
	}{
		{api.CheckOlder, item, number, "The parameter cannot be converted to a numeric value"},
		{api.CheckOlder, item, set, "One or more parameter values were invalid: Input collection [b, a, b] contains duplicates."},
		{api.CheckOlder, value, number, "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value for key :b"},
		{api.CheckCurrent, item, number, "The parameter cannot be converted to a numeric value: "},
		{api.CheckCurrent, value, set, `One or more parameter values were invalid: Input collection ["a", "b", "b"] contains duplicates.`},
		{api.CheckEnveloped, value, number, "1 validation error detected: The parameter cannot be converted to a numeric value: "},
	} {
		var in ddb.PutItemInput
		d := read(t, &in, fmt.Sprintf(c.form, c.bad))
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
		if err := c.check.Refusal(d.Noted()); err.Error() != "ValidationException: "+c.want {
			t.Errorf("%d %s %s: %v, want %s", c.check, c.form, c.bad, err, c.want)
		}
	}
}
