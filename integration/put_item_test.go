package integration

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestPutItem(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Puts")
		c.createTable(t, *table)
		first, second := with(key("a", "1"), item{"v": num(1), "only": boolean(true)}), with(key("a", "1"), item{"v": num(2)})

		out := try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: table, Item: first, ReturnValues: types.ReturnValueAllOld})).must(t)
		want(t, "nothing was there", len(out.Attributes), 0)
		out = try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: table, Item: second, ReturnValues: types.ReturnValueAllOld})).must(t)
		want(t, "the old item", out.Attributes, first)
		c.wantItem(t, "Puts", key("a", "1"), second)
		c.wantItem(t, "Puts", key("a", "2"), nil)
	})
}

func TestPutItemCondition(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Conditional")
		c.createTable(t, *table)
		there := with(key("a", "1"), item{"v": num(1)})
		c.put(t, *table, there)

		in := &dynamodb.PutItemInput{TableName: table, Item: with(key("a", "1"), item{"v": num(2)}), ConditionExpression: aws.String("attribute_not_exists(pk)")}
		_, err := c.db.PutItem(ctx(t), in)
		failed := wantError[*types.ConditionalCheckFailedException](t, err, "The conditional request failed")
		want(t, "item of the error, not asked for", len(failed.Item), 0)

		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		_, err = c.db.PutItem(ctx(t), in)
		failed = wantError[*types.ConditionalCheckFailedException](t, err, "The conditional request failed")
		want(t, "item of the error", failed.Item, there)
		c.wantItem(t, *table, key("a", "1"), there)

		in.ConditionExpression, in.ExpressionAttributeValues = aws.String("v = :one"), item{":one": num(1)}
		try(c.db.PutItem(ctx(t), in)).must(t)
		c.wantItem(t, *table, key("a", "1"), in.Item)
	})
}

func TestPutItemRefuses(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	const checked = "1 validation error detected: " // what is found before the table is looked at
	full := with(key("a", "1"), item{"g": str("x")})
	tests := []struct {
		name    string
		in      dynamodb.PutItemInput
		message string
	}{
		{"no sort key", dynamodb.PutItemInput{Item: item{"pk": str("a")}}, invalid + "Missing the key sk in the item"},
		{"no partition key", dynamodb.PutItemInput{Item: item{"sk": str("a")}}, invalid + "Missing the key pk in the item"},
		{"a key of another type", dynamodb.PutItemInput{Item: item{"pk": num(1), "sk": str("1")}}, invalid + "Type mismatch for key pk expected: S actual: N"},
		{"an empty key", dynamodb.PutItemInput{Item: key("", "1")},
			"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		{"a long partition key", dynamodb.PutItemInput{Item: key(strings.Repeat("x", 2049), "1")},
			invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"a long sort key", dynamodb.PutItemInput{Item: key("a", strings.Repeat("x", 1025))},
			invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"an index key of another type", dynamodb.PutItemInput{Item: with(full, item{"g": num(1)})},
			invalid + "Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g"},
		{"an empty index key", dynamodb.PutItemInput{Item: with(full, item{"g": str("")})},
			"One or more parameter values are not valid. A value specified for a secondary index key is not supported. " +
				"The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-g, IndexKey: g"},
		{"an item over 400 KB", dynamodb.PutItemInput{Item: with(full, item{"v": str(strings.Repeat("x", 400<<10))})}, "Item size has exceeded the maximum allowed size"},
		{"values of after the write", dynamodb.PutItemInput{Item: full, ReturnValues: types.ReturnValueAllNew}, checked + "ReturnValues can only be ALL_OLD or NONE"},
		{"an empty set", dynamodb.PutItemInput{Item: with(full, item{"s": strs()})}, checked + invalid + "An string set  may not be empty"},
		{"a set with an element twice", dynamodb.PutItemInput{Item: with(full, item{"s": strs("a", "b", "a")})}, checked + invalid + "Input collection [\"a\", \"b\", \"a\"] contains duplicates."},
		{"a number that is none", dynamodb.PutItemInput{Item: with(full, item{"n": dec("twelve")})}, checked + "The parameter cannot be converted to a numeric value: twelve"},
		{"39 digits", dynamodb.PutItemInput{Item: with(full, item{"n": dec("1" + strings.Repeat("2", 38))})}, checked + "Attempting to store more than 38 significant digits in a Number"},
		{"a number too large", dynamodb.PutItemInput{Item: with(full, item{"n": dec("1e126")})},
			checked + "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"a number too small", dynamodb.PutItemInput{Item: with(full, item{"n": dec("1e-131")})},
			checked + "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{"a value nobody uses", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: item{":v": num(1)}},
			checked + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"},
		{"a name nobody uses", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeNames: map[string]string{"#n": "n"}},
			checked + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"},
		{"values without an expression", dynamodb.PutItemInput{Item: full, ExpressionAttributeValues: item{":v": num(1)}},
			checked + "ExpressionAttributeValues can only be specified when using expressions"},
		{"a value that is not given", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("pk = :v")},
			checked + "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v"},
		{"a name that is not given", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("attribute_exists(#v)")},
			checked + "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #v"},
		{"a reserved word", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("attribute_exists(name)")},
			checked + "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"},
		{"a syntax error", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("pk = = :v"), ExpressionAttributeValues: item{":v": num(1)}},
			checked + `Invalid ConditionExpression: Syntax error; token: "=", near: "= = :v"`},
		{"an unknown function", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("exists(pk)")},
			checked + "Invalid ConditionExpression: Invalid function name; function: exists"},
		{"an empty expression", dynamodb.PutItemInput{Item: full, ConditionExpression: aws.String("")},
			checked + "Invalid ConditionExpression: The expression can not be empty;"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict", withGSI("by-g", projectAll, attribute("g", "S")))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.TableName = aws.String("Strict")
				_, err := c.db.PutItem(ctx(t), &tt.in)
				wantInvalid(t, err, tt.message)
			})
		}
		want(t, "items", try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: aws.String("Strict")})).must(t).Count, 0)

		_, err := c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("Nowhere"), Item: full})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
	})
}

func TestPutItemCapacity(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Charged")
		c.createTable(t, *table, withGSI("by-g", projectAll, attribute("g", "S")), withLSI("by-l", projectKeys, attribute("l", "S")))
		put := func(how types.ReturnConsumedCapacity, i item) *types.ConsumedCapacity {
			t.Helper()
			return try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: table, Item: i, ReturnConsumedCapacity: how})).must(t).ConsumedCapacity
		}
		if got := put(types.ReturnConsumedCapacityNone, key("a", "0")); got != nil {
			t.Errorf("capacity that was not asked for: %s", show(got))
		}
		// A write unit for each started KB, in the table and in each index written.
		got := put(types.ReturnConsumedCapacityTotal, with(key("a", "1"), item{"g": str("x"), "l": str("y"), "v": str(strings.Repeat("x", 1100))}))
		want(t, "total", *got.CapacityUnits, 5)
		want(t, "table name", *got.TableName, *table)
		if got.Table != nil {
			t.Errorf("TOTAL has more than the total: %s", show(got))
		}
		got = put(types.ReturnConsumedCapacityIndexes, with(key("a", "2"), item{"g": str("x"), "l": str("y"), "v": str(strings.Repeat("x", 1100))}))
		want(t, "total", *got.CapacityUnits, 5)
		want(t, "table", *got.Table.CapacityUnits, 2)
		want(t, "global index", *got.GlobalSecondaryIndexes["by-g"].CapacityUnits, 2)
		want(t, "local index", *got.LocalSecondaryIndexes["by-l"].CapacityUnits, 1)
	})
}
