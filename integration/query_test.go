package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestQueryKeyConditions(t *testing.T) {
	tests := []struct {
		condition string
		values    item
		want      []string
	}{
		{"pk = :p", item{":p": str("a")}, []string{"1", "2", "21", "22", "3"}},
		{"pk = :p AND sk = :s", item{":p": str("a"), ":s": str("21")}, []string{"21"}},
		{"sk > :s AND pk = :p", item{":p": str("a"), ":s": str("21")}, []string{"22", "3"}},
		{"pk = :p AND sk >= :s", item{":p": str("a"), ":s": str("21")}, []string{"21", "22", "3"}},
		{"pk = :p AND sk < :s", item{":p": str("a"), ":s": str("2")}, []string{"1"}},
		{"pk = :p AND sk <= :s", item{":p": str("a"), ":s": str("2")}, []string{"1", "2"}},
		{"(pk = :p) AND (sk BETWEEN :s AND :t)", item{":p": str("a"), ":s": str("2"), ":t": str("22")}, []string{"2", "21", "22"}},
		{"pk = :p AND begins_with(sk, :s)", item{":p": str("a"), ":s": str("2")}, []string{"2", "21", "22"}},
		{"pk = :p AND begins_with(sk, :s)", item{":p": str("a"), ":s": str("x")}, []string{}},
		{"pk = :p", item{":p": str("nobody")}, []string{}},
	}
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Ranges")
		c.createTable(t, *table)
		for _, sk := range []string{"3", "22", "1", "21", "2"} {
			c.put(t, *table, key("a", sk), key("b", sk))
		}
		for _, tt := range tests {
			t.Run(tt.condition, func(t *testing.T) {
				for _, forward := range []bool{true, false} {
					out := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: table, KeyConditionExpression: &tt.condition,
						ExpressionAttributeValues: tt.values, ScanIndexForward: &forward})).must(t)
					expected := slices.Clone(tt.want)
					if !forward {
						slices.Reverse(expected)
					}
					want(t, fmt.Sprintf("forward %v", forward), names(out.Items, "sk"), expected)
				}
			})
		}
	})
}

func TestQueryPages(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Pages")
		c.createTable(t, *table)
		var all []string
		for i := range 25 {
			sk := fmt.Sprintf("%02d", i)
			all = append(all, sk)
			c.put(t, *table, with(key("a", sk), item{"even": boolean(i%2 == 0)}))
		}
		in := &dynamodb.QueryInput{TableName: table, Limit: aws.Int32(10), FilterExpression: aws.String("even = :t"),
			KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": str("a"), ":t": boolean(true)}}
		var sizes []int32
		var got []string
		for p := dynamodb.NewQueryPaginator(c.db, in); p.HasMorePages(); {
			page := try(p.NextPage(ctx(t))).must(t)
			sizes = append(sizes, page.ScannedCount)
			got = append(got, names(page.Items, "sk")...)
		}
		// Limit counts what is read, before the filter.
		want(t, "read", sizes, []int32{10, 10, 5})
		want(t, "items", len(got), 13)

		// A page that ends with the last item still has a key to go on from.
		first := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: table, Limit: aws.Int32(25), KeyConditionExpression: aws.String("pk = :a"),
			ExpressionAttributeValues: item{":a": str("a")}})).must(t)
		want(t, "items", names(first.Items, "sk"), all)
		want(t, "key of the last", first.LastEvaluatedKey, key("a", "24"))
		back := try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: table, ScanIndexForward: aws.Bool(false), ExclusiveStartKey: key("a", "03"),
			KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": str("a")}})).must(t)
		want(t, "backwards from 03", names(back.Items, "sk"), []string{"02", "01", "00"})
	})
}

// A page ends when it has read 1 MB, whatever the filter leaves.
func TestQueryEndsAPageAfterOneMegabyte(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Large")
		c.createTable(t, *table)
		for i := range 7 {
			c.put(t, *table, with(key("a", fmt.Sprint(i)), item{"v": str(strings.Repeat("x", 300_000))}))
		}
		in := &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :a"), Select: types.SelectCount,
			ExpressionAttributeValues: item{":a": str("a")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
		var counts []int32
		for p := dynamodb.NewQueryPaginator(c.db, in); p.HasMorePages(); {
			page := try(p.NextPage(ctx(t))).must(t)
			if len(page.Items) > 0 {
				t.Error("a count has items")
			}
			counts = append(counts, page.Count)
		}
		want(t, "items a page", counts, []int32{4, 3})
	})
}

func TestQueryIndexes(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Indexed")
		c.createTable(t, *table,
			withGSI("by-city", projectOnly("mail"), attribute("city", "S"), attribute("age", "N")),
			withGSI("by-age", projectKeys, attribute("age", "N")),
			withLSI("by-date", projectAll, attribute("day", "S")))
		person := func(sk, city string, age int, more item) item {
			return with(with(key("p", sk), item{"city": str(city), "age": num(age), "mail": str(sk + "@x"), "extra": str("e")}), more)
		}
		c.put(t, *table, person("ann", "Seoul", 30, item{"day": str("3")}), person("bob", "Seoul", 25, item{"day": str("1")}),
			person("cat", "Busan", 25, item{"day": str("2")}), key("p", "nowhere"))
		query := func(index, condition string, values item) []item {
			t.Helper()
			return try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: table, IndexName: &index, KeyConditionExpression: &condition, ExpressionAttributeValues: values})).must(t).Items
		}
		seoul := query("by-city", "city = :c AND age > :a", item{":c": str("Seoul"), ":a": num(0)})
		want(t, "Seoul by age", names(seoul, "sk"), []string{"bob", "ann"})
		want(t, "what the index has", seoul[0], with(key("p", "bob"), item{"city": str("Seoul"), "age": num(25), "mail": str("bob@x")}))
		want(t, "keys only", query("by-age", "age = :a", item{":a": num(30)}), []item{with(key("p", "ann"), item{"age": num(30)})})
		want(t, "by date", names(query("by-date", "pk = :p", item{":p": str("p")}), "sk"), []string{"bob", "cat", "ann"})

		// The index follows the item.
		c.put(t, *table, person("ann", "Busan", 31, nil))
		try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: table, Key: key("p", "bob")})).must(t)
		try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: table, Key: key("p", "cat"), UpdateExpression: aws.String("REMOVE age")})).must(t)
		want(t, "Seoul", len(query("by-city", "city = :c", item{":c": str("Seoul")})), 0)
		want(t, "Busan", names(query("by-city", "city = :c", item{":c": str("Busan")}), "sk"), []string{"ann"})
		want(t, "25", len(query("by-age", "age = :a", item{":a": num(25)})), 0)
		want(t, "by date", names(query("by-date", "pk = :p", item{":p": str("p")}), "sk"), []string{"cat"})
	})
}

// Many items of a global index may have one key; pages go through all of them.
func TestQueryPagesOfAnIndex(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Alike")
		c.createTable(t, *table, withGSI("by-g", projectKeys, attribute("g", "S"), attribute("h", "N")))
		seen := map[string]bool{}
		for i := range 20 {
			c.put(t, *table, with(key(fmt.Sprint("p", i), "s"), item{"g": str("g"), "h": num(i % 2)}))
		}
		in := &dynamodb.QueryInput{TableName: table, IndexName: aws.String("by-g"), Limit: aws.Int32(3),
			KeyConditionExpression: aws.String("g = :g"), ExpressionAttributeValues: item{":g": str("g")}}
		last := -1
		for p := dynamodb.NewQueryPaginator(c.db, in); p.HasMorePages(); {
			page := try(p.NextPage(ctx(t))).must(t)
			if k := page.LastEvaluatedKey; k != nil {
				want(t, "attributes of the last key", len(k), 4)
			}
			for _, i := range page.Items {
				if numOf(i["h"]) < last || seen[strOf(i["pk"])] {
					t.Errorf("%s is out of order or doubled", show(i))
				}
				last, seen[strOf(i["pk"])] = numOf(i["h"]), true
			}
		}
		want(t, "items", len(seen), 20)
	})
}

func TestQueryLocalIndexFetchesWhatIsNotProjected(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Fetching")
		c.createTable(t, *table, withLSI("by-l", projectKeys, attribute("l", "S")))
		stored := with(key("a", "1"), item{"l": str("x"), "v": str("fetched")})
		c.put(t, *table, stored)
		in := &dynamodb.QueryInput{TableName: table, IndexName: aws.String("by-l"), ConsistentRead: aws.Bool(true),
			KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": str("a")}}
		want(t, "projected", try(c.db.Query(ctx(t), in)).must(t).Items, []item{with(key("a", "1"), item{"l": str("x")})})
		in.Select = types.SelectAllAttributes
		want(t, "all attributes", try(c.db.Query(ctx(t), in)).must(t).Items, []item{stored})
	})
}

func TestQueryRefuses(t *testing.T) {
	a := item{":a": str("a")}
	ab := item{":a": str("a"), ":b": str("b")}
	tests := []struct {
		name    string
		in      dynamodb.QueryInput
		message string
	}{
		{"no condition", dynamodb.QueryInput{}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"no partition key", dynamodb.QueryInput{KeyConditionExpression: aws.String("sk = :a"), ExpressionAttributeValues: a}, "Query condition missed key schema element: pk"},
		{"not a key", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a AND v = :b"), ExpressionAttributeValues: ab}, "Query condition missed key schema element: sk"},
		{"a range of partition keys", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk > :a"), ExpressionAttributeValues: a}, "Query key condition not supported"},
		{"OR", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a OR sk = :b"), ExpressionAttributeValues: ab},
			"Invalid operator used in KeyConditionExpression: OR"},
		{"another type", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": num(1)}},
			"One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"a filter of keys", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a"), FilterExpression: aws.String("sk = :b"), ExpressionAttributeValues: ab},
			"Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"},
		{"bounds the wrong way round", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a AND sk BETWEEN :b AND :a"), ExpressionAttributeValues: ab},
			"Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
		{"an index that is not there", dynamodb.QueryInput{IndexName: aws.String("nope"), KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: a},
			"The table does not have the specified index: nope"},
		{"a consistent read of a global index", dynamodb.QueryInput{IndexName: aws.String("by-g"), ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("g = :a"), ExpressionAttributeValues: a},
			"Consistent reads are not supported on global secondary indexes"},
		{"a starting key of another partition", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: a, ExclusiveStartKey: key("b", "1")},
			"The provided starting key is outside query boundaries based on provided conditions"},
		{"a starting key with half of the key", dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: a, ExclusiveStartKey: item{"pk": str("a")}},
			"The provided starting key is invalid"},
		{"all attributes of an index of keys", dynamodb.QueryInput{IndexName: aws.String("by-g"), Select: types.SelectAllAttributes, KeyConditionExpression: aws.String("g = :a"), ExpressionAttributeValues: a},
			"One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index by-g because its projection type is not ALL"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict", withGSI("by-g", projectKeys, attribute("g", "S")))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.TableName = aws.String("Strict")
				_, err := c.db.Query(ctx(t), &tt.in)
				wantInvalid(t, err, tt.message)
			})
		}
	})
}
