package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"errors"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

func puts(items ...item) (out []types.WriteRequest) {
	for _, i := range items {
		out = append(out, types.WriteRequest{PutRequest: &types.PutRequest{Item: i}})
	}
	return out
}

func deletes(keys ...item) (out []types.WriteRequest) {
	for _, k := range keys {
		out = append(out, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: k}})
	}
	return out
}

func (c *client) batchWrite(t testing.TB, requests map[string][]types.WriteRequest) (*dynamodb.BatchWriteItemOutput, error) {
	return c.db.BatchWriteItem(ctx(t), &dynamodb.BatchWriteItemInput{RequestItems: requests, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})
}

func TestBatchWriteItem(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "One")
		c.createTable(t, "Two")
		c.put(t, "One", key("old", "1"))
		var items []item
		for i := range 20 {
			items = append(items, with(key("p", fmt.Sprintf("%02d", i)), item{"n": num(i)}))
		}
		out := try(c.batchWrite(t, map[string][]types.WriteRequest{
			"One": append(puts(items...), deletes(key("old", "1"), key("never", "1"))...), "Two": puts(key("x", "y"))})).must(t)
		want(t, "unprocessed", len(out.UnprocessedItems), 0)
		units := map[string]float64{}
		for _, u := range out.ConsumedCapacity {
			units[*u.TableName] = *u.CapacityUnits
		}
		want(t, "units", units, map[string]float64{"One": 22, "Two": 1})
		c.wantItem(t, "One", key("old", "1"), nil)
		c.wantItem(t, "Two", key("x", "y"), key("x", "y"))

		keys := []map[string]val{key("absent", "1")}
		for i := range 20 {
			keys = append(keys, key("p", fmt.Sprintf("%02d", i)))
		}
		got := try(c.db.BatchGetItem(ctx(t), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			"One": {Keys: keys, ProjectionExpression: aws.String("sk, n"), ConsistentRead: aws.Bool(true)}, "Two": {Keys: []map[string]val{key("x", "y")}}}})).must(t)
		read := names(got.Responses["One"], "sk")
		slices.Sort(read)
		want(t, "items of One", len(slices.Compact(read)), 20)
		want(t, "attributes", len(got.Responses["One"][0]), 2)
		want(t, "items of Two", got.Responses["Two"], []item{key("x", "y")})
		want(t, "unprocessed", len(got.UnprocessedKeys), 0)
	})
}

// A batch that would answer more than 16 MB leaves keys for the next one.
func TestBatchGetItemLeavesWhatIsTooMuch(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Large")
		var keys []map[string]val
		for i := range 45 {
			keys = append(keys, key("p", fmt.Sprint(i)))
			c.put(t, "Large", with(keys[i], item{"v": str(strings.Repeat("x", 390<<10))}))
		}
		read := 0
		requests := map[string]types.KeysAndAttributes{"Large": {Keys: keys}}
		for rounds := 0; len(requests) > 0; rounds++ {
			out := try(c.db.BatchGetItem(ctx(t), &dynamodb.BatchGetItemInput{RequestItems: requests})).must(t)
			if rounds == 0 && len(out.UnprocessedKeys) == 0 {
				t.Error("17 MB in one answer")
			}
			if len(out.Responses["Large"]) == 0 {
				t.Fatal("no progress")
			}
			read += len(out.Responses["Large"])
			requests = out.UnprocessedKeys
		}
		want(t, "items", read, 45)
	})
}

func TestBatchesRefuse(t *testing.T) {
	many := func(n int) (out []item) {
		for i := range n {
			out = append(out, key("p", fmt.Sprint(i)))
		}
		return out
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict")
		_, err := c.batchWrite(t, map[string][]types.WriteRequest{"Strict": append(puts(key("a", "1")), deletes(key("a", "1"))...)})
		wantInvalid(t, err, "Provided list of item keys contains duplicates")
		_, err = c.batchWrite(t, map[string][]types.WriteRequest{"Strict": puts(many(26)...)})
		wantConstraint(t, err, "'requestItems'",
			"Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]")
		_, err = c.batchWrite(t, map[string][]types.WriteRequest{"Strict": puts(key("a", "1")), "Nowhere": puts(key("a", "1"))})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
		_, err = c.batchWrite(t, map[string][]types.WriteRequest{"Strict": append(puts(key("a", "1")), puts(item{"pk": str("a")})...)})
		wantInvalid(t, err, "The provided key element does not match the schema")
		c.wantItem(t, "Strict", key("a", "1"), nil)

		get := func(keys ...item) error {
			_, err := c.db.BatchGetItem(ctx(t), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"Strict": {Keys: keys}}})
			return err
		}
		wantInvalid(t, get(key("a", "1"), key("a", "1")), "Provided list of item keys contains duplicates")
		wantInvalid(t, get(item{"pk": str("a")}), "The provided key element does not match the schema")
		wantConstraint(t, get(many(101)...), "'RequestItems.Strict.member.Keys'", "Member must have length less than or equal to 100")
	})
}

// wantConstraint checks a violation of the model whose message repeats a value
// that is too long to write down.
func wantConstraint(t testing.TB, err error, member, constraint string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "ValidationException" || !strings.HasPrefix(e.ErrorMessage(), "1 validation error detected: Value ") ||
		!strings.Contains(e.ErrorMessage(), " at "+member+" failed to satisfy constraint: ") || !strings.HasSuffix(e.ErrorMessage(), constraint) {
		t.Errorf("got %v\nwant 1 validation error at %s: %s", err, member, constraint)
	}
}
