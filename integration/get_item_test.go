package integration

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestGetItemProjection(t *testing.T) {
	stored := with(key("a", "1"), item{
		"name": str("n"), "amount": num(1),
		"doc": object(item{"steps": list(num(10), num(11), num(12)), "deep": object(item{"x": num(1), "y": num(2)})}),
	})
	tests := []struct {
		projection string
		names      map[string]string
		want       item
	}{
		{"pk, amount", nil, item{"pk": str("a"), "amount": num(1)}},
		{"#n", map[string]string{"#n": "name"}, item{"name": str("n")}},
		{"doc.deep.x", nil, item{"doc": object(item{"deep": object(item{"x": num(1)})})}},
		{"doc.steps[2], doc.steps[0]", nil, item{"doc": object(item{"steps": list(num(10), num(12))})}},
		{"doc.steps[9], doc.nothing, absent", nil, nil},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Projected")
		c.put(t, "Projected", stored)
		for _, tt := range tests {
			t.Run(tt.projection, func(t *testing.T) {
				got := try(c.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: aws.String("Projected"), Key: key("a", "1"),
					ProjectionExpression: &tt.projection, ExpressionAttributeNames: tt.names})).must(t).Item
				if len(got)+len(tt.want) > 0 {
					want(t, "item", got, tt.want)
				}
			})
		}
	})
}

func TestGetItemRefuses(t *testing.T) {
	tests := []struct {
		name    string
		in      dynamodb.GetItemInput
		message string
	}{
		{"no sort key", dynamodb.GetItemInput{Key: item{"pk": str("a")}}, "The provided key element does not match the schema"},
		{"too many attributes", dynamodb.GetItemInput{Key: with(key("a", "1"), item{"x": num(1)})}, "The provided key element does not match the schema"},
		{"another type", dynamodb.GetItemInput{Key: item{"pk": str("a"), "sk": num(1)}}, "The provided key element does not match the schema"},
		{"an empty key", dynamodb.GetItemInput{Key: key("a", "")},
			"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"},
		{"names without a projection", dynamodb.GetItemInput{Key: key("a", "1"), ExpressionAttributeNames: map[string]string{"#a": "a"}},
			"ExpressionAttributeNames can only be specified when using expressions"},
		{"overlapping paths", dynamodb.GetItemInput{Key: key("a", "1"), ProjectionExpression: aws.String("v.x, v")},
			"Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [v, x], path two: [v]"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.TableName = aws.String("Strict")
				_, err := c.db.GetItem(ctx(t), &tt.in)
				wantInvalid(t, err, tt.message)
			})
		}
		_, err := c.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: aws.String("Nowhere"), Key: key("a", "1")})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
	})
}

func TestGetItemCapacity(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Charged")
		c.put(t, "Charged", with(key("a", "small"), item{}), with(key("a", "big"), item{"v": str(strings.Repeat("x", 9000))}))
		// Half a read unit for each started 4 KB, a whole one if consistent; an
		// item that is not there costs like a small one.
		for _, tt := range []struct {
			sk         string
			consistent bool
			units      float64
		}{{"small", false, 0.5}, {"small", true, 1}, {"big", false, 1.5}, {"big", true, 3}, {"absent", false, 0.5}, {"absent", true, 1}} {
			got := try(c.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: aws.String("Charged"), Key: key("a", tt.sk),
				ConsistentRead: &tt.consistent, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})).must(t).ConsumedCapacity
			want(t, "units of "+tt.sk, *got.CapacityUnits, tt.units)
		}
	})
}
