package integration

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestUpdateItemExpressions(t *testing.T) {
	before := item{"n": num(10), "text": str("t"), "tags": strs("a", "b"), "l": list(num(0), num(1), num(2)), "m": object(item{"x": num(1)})}
	tests := []struct {
		update string
		names  map[string]string
		values item
		change item // what differs afterwards; nil value: the attribute is gone
	}{
		{update: "SET n = n + :one, fresh = n - :one", values: item{":one": num(1)}, change: item{"n": num(11), "fresh": num(9)}},
		{update: "SET n = if_not_exists(n, :v), other1 = if_not_exists(other1, :v)", values: item{":v": num(5)}, change: item{"other1": num(5)}},
		{update: "SET l = list_append(l, :v), front = list_append(:v, l)", values: item{":v": list(str("x"))},
			change: item{"l": list(num(0), num(1), num(2), str("x")), "front": list(str("x"), num(0), num(1), num(2))}},
		{update: "SET l[1] = :v, l[9] = :w", values: item{":v": str("one"), ":w": str("end")}, change: item{"l": list(num(0), str("one"), num(2), str("end"))}},
		{update: "SET m.#y = :v", names: map[string]string{"#y": "y"}, values: item{":v": boolean(true)}, change: item{"m": object(item{"x": num(1), "y": boolean(true)})}},
		{update: "SET n = m.x, m.x = n", change: item{"n": num(1), "m": object(item{"x": num(10)})}},
		{update: "REMOVE n, m.x, l[0], l[2], nothing", change: item{"n": nil, "m": object(item{}), "l": list(num(1))}},
		{update: "ADD n :v, hits :v", values: item{":v": dec("-2.5")}, change: item{"n": dec("7.5"), "hits": dec("-2.5")}},
		{update: "ADD tags :v", values: item{":v": strs("b", "c")}, change: item{"tags": strs("a", "b", "c")}},
		{update: "DELETE tags :v", values: item{":v": strs("a", "zzz")}, change: item{"tags": strs("b")}},
		{update: "DELETE tags :v", values: item{":v": strs("a", "b")}, change: item{"tags": nil}},
		{update: "SET a1 = :v REMOVE n ADD tags :s DELETE nothing :s", values: item{":v": null(), ":s": strs("z")},
			change: item{"a1": null(), "n": nil, "tags": strs("a", "b", "z")}},
	}
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Updates")
		c.createTable(t, *table)
		for i, tt := range tests {
			t.Run(tt.update, func(t *testing.T) {
				k := item{"pk": str("a"), "sk": str(string(rune('a' + i)))}
				c.put(t, *table, with(before, k))
				after := with(with(before, k), tt.change)
				for name, v := range after {
					if v == nil {
						delete(after, name)
					}
				}
				out := try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: k, UpdateExpression: &tt.update,
					ExpressionAttributeNames: tt.names, ExpressionAttributeValues: tt.values, ReturnValues: types.ReturnValueAllNew})).must(t)
				want(t, "returned", out.Attributes, after)
				c.wantItem(t, *table, k, after)
			})
		}
	})
}

func TestUpdateItemMakesAnItem(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Upserts")
		c.createTable(t, *table)
		try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: key("a", "1")})).must(t)
		c.wantItem(t, *table, key("a", "1"), key("a", "1"))
		try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: key("a", "2"),
			UpdateExpression: aws.String("ADD hits :one"), ExpressionAttributeValues: item{":one": num(1)}})).must(t)
		c.wantItem(t, *table, key("a", "2"), with(key("a", "2"), item{"hits": num(1)}))

		_, err := c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: key("a", "3"),
			UpdateExpression: aws.String("SET v = :v"), ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: item{":v": num(1)}})
		wantError[*types.ConditionalCheckFailedException](t, err, "The conditional request failed")
		c.wantItem(t, *table, key("a", "3"), nil)
	})
}

func TestUpdateItemReturnValues(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Returning")
		c.createTable(t, *table)
		old := with(key("a", "1"), item{"v": num(1), "same": str("s")})
		for _, tt := range []struct {
			what types.ReturnValue
			want item
		}{
			{types.ReturnValueNone, nil},
			{types.ReturnValueAllOld, old},
			{types.ReturnValueAllNew, with(old, item{"v": num(2), "w": num(3)})},
			{types.ReturnValueUpdatedOld, item{"v": num(1)}},
			{types.ReturnValueUpdatedNew, item{"v": num(2), "w": num(3)}},
		} {
			c.put(t, *table, old)
			out := try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: key("a", "1"), ReturnValues: tt.what,
				UpdateExpression: aws.String("SET v = v + :v, w = :w"), ExpressionAttributeValues: item{":v": num(1), ":w": num(3)}})).must(t)
			want(t, string(tt.what), out.Attributes, tt.want)
		}
	})
}

func TestUpdateItemRefuses(t *testing.T) {
	one := item{":v": num(1)}
	text := item{":v": str("x")}
	tests := []struct {
		update  string
		values  item
		message string
	}{
		{"SET pk = :v", one, "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"},
		{"SET gone.x = :v", one, "The document path provided in the update expression is invalid for update"},
		{"SET n[0] = :v", one, "The document path provided in the update expression is invalid for update"},
		{"SET n = gone + :v", one, "The provided expression refers to an attribute that does not exist in the item"},
		{"SET n = n + :v", text, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S`},
		{"SET n = txt + :v", one, "An operand in the update expression has an incorrect data type"},
		{"SET l = list_append(l, :v)", one, "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, operand type: N"},
		{"ADD txt :v", one, "An operand in the update expression has an incorrect data type"},
		{"ADD n :v", text, "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING"},
		{"DELETE n :v", one, "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"},
		{"SET n = :v, n = :v", one, "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path two: [n]"},
		{"SET m = :v, m.x = :v", one, "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, x]"},
		{"SET l[0] = :v, l.x = :v", one, "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [l, [0]], path two: [l, x]"},
		{"SET n = :v SET m = :v", one, `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`},
		{"SET n = :v +", one, `Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "+"`},
		{"SET n = :w", one, "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :w"},
		{"SET n = :v, status = :v", one, "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status"},
		{"", nil, "Invalid UpdateExpression: The expression can not be empty;"},
		{"ADD n :v", item{":v": dec("9.9e125")}, "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"SET txt = :v", item{":v": str(strings.Repeat("x", 400<<10))}, "Item size to update has exceeded the maximum allowed size"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict")
		stored := with(key("a", "1"), item{"n": dec("9e125"), "txt": str("t"), "l": list(), "m": object(item{})})
		c.put(t, "Strict", stored)
		stored = c.get(t, "Strict", key("a", "1"))
		for _, tt := range tests {
			t.Run(tt.update, func(t *testing.T) {
				_, err := c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: aws.String("Strict"), Key: key("a", "1"),
					UpdateExpression: &tt.update, ExpressionAttributeValues: tt.values})
				if strings.HasPrefix(tt.message, "Invalid UpdateExpression") {
					tt.message = "1 validation error detected: " + tt.message
				}
				wantInvalid(t, err, tt.message)
				c.wantItem(t, "Strict", key("a", "1"), stored)
			})
		}
	})
}
