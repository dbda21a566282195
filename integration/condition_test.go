package integration

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Each condition is asked twice: as the condition of a delete and as the filter
// of a query; both have to say the same.
func TestConditions(t *testing.T) {
	stored := with(key("a", "1"), item{
		"n": num(10), "txt": str("hello"), "yes": boolean(true), "nil1": null(), "ss": strs("a", "b"), "ns": nums("1", "2"),
		"l": list(num(1), str("x"), object(item{"deep": str("d")})), "m": object(item{"x": num(1)}), "b1": bin("\x01\x02"),
	})
	tests := []struct {
		condition string
		values    item
		holds     bool
	}{
		{"n = :v", item{":v": dec("10.0")}, true},
		{"n = :v", item{":v": str("10")}, false},
		{"n <> :v", item{":v": str("10")}, true},
		{"n < :v", item{":v": num(9)}, false},
		{"n <= :v", item{":v": num(10)}, true},
		{"n > :v", item{":v": str("1")}, false},
		{"absent = :v", item{":v": num(1)}, false},
		{"absent <> :v", item{":v": num(1)}, true},
		{"n BETWEEN :a AND :b", item{":a": num(10), ":b": num(11)}, true},
		{"n IN (:a, :b)", item{":a": num(1), ":b": num(10)}, true},
		{"txt IN (:a)", item{":a": str("bye")}, false},
		{"NOT n = :v", item{":v": num(1)}, true},
		{"n = :a OR n = :b AND txt = :a", item{":a": num(10), ":b": num(1)}, true},
		{"(n = :a OR n = :b) AND txt = :a", item{":a": num(10), ":b": num(1)}, false},
		{"attribute_exists(m.x) AND attribute_not_exists(m.y)", nil, true},
		{"attribute_exists(l[2].deep) AND attribute_not_exists(l[3])", nil, true},
		{"attribute_type(nil1, :t)", item{":t": str("NULL")}, true},
		{"attribute_type(ss, :t)", item{":t": str("S")}, false},
		{"begins_with(txt, :v)", item{":v": str("hel")}, true},
		{"begins_with(b1, :v)", item{":v": bin("\x01")}, true},
		{"begins_with(n, :v)", item{":v": str("1")}, false},
		{"contains(txt, :v)", item{":v": str("ell")}, true},
		{"contains(ss, :v)", item{":v": str("b")}, true},
		{"contains(ns, :v)", item{":v": dec("2.0")}, true},
		{"contains(l, :v)", item{":v": str("x")}, true},
		{"contains(ss, :v)", item{":v": str("ab")}, false},
		{"size(txt) = :v", item{":v": num(5)}, true},
		{"size(l) > size(m)", nil, true},
		{"size(ss) = :v AND size(b1) = :v", item{":v": num(2)}, true},
		{"size(absent) = :v", item{":v": num(0)}, false},
		{"size(n) = :v", item{":v": num(2)}, false},
		{"ss = :v", item{":v": strs("b", "a")}, true},
		{"m = :v", item{":v": object(item{"x": dec("1.0")})}, true},
		{"yes = :v AND l[0] = m.x", item{":v": boolean(true)}, true},
	}
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Conditions")
		c.createTable(t, *table)
		for _, tt := range tests {
			t.Run(tt.condition, func(t *testing.T) {
				c.put(t, *table, stored)
				filtered := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :pk"),
					FilterExpression: &tt.condition, ExpressionAttributeValues: with(tt.values, item{":pk": str("a")})})).must(t)
				want(t, "as a filter", filtered.Count == 1, tt.holds)
				want(t, "scanned", filtered.ScannedCount, 1)

				_, err := c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "1"),
					ConditionExpression: &tt.condition, ExpressionAttributeValues: tt.values})
				if failed := new(types.ConditionalCheckFailedException); err != nil && !errors.As(err, &failed) {
					t.Fatal(err)
				}
				want(t, "as a condition", err == nil, tt.holds)
				want(t, "deleted", c.get(t, *table, key("a", "1")) == nil, tt.holds)
			})
		}
	})
}

func TestDeleteItem(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Deletes")
		c.createTable(t, *table)
		stored := with(key("a", "1"), item{"v": num(1)})
		c.put(t, *table, stored)
		out := try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "1"), ReturnValues: types.ReturnValueAllOld})).must(t)
		want(t, "deleted", out.Attributes, stored)
		out = try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "1"), ReturnValues: types.ReturnValueAllOld})).must(t)
		want(t, "deleted again", len(out.Attributes), 0)
		_, err := c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: item{"pk": str("a")}})
		wantInvalid(t, err, "The provided key element does not match the schema")
		_, err = c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "1"), ReturnValues: types.ReturnValueUpdatedOld})
		wantInvalid(t, err, "1 validation error detected: ReturnValues can only be ALL_OLD or NONE")
	})
}
