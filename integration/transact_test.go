package integration

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func txPut(table string, i item) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: i}}
}

func txDelete(table string, k item) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: k}}
}

func txCheck(table string, k item, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &table, Key: k, ConditionExpression: &condition}}
}

func txUpdate(table string, k item, update string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{TableName: &table, Key: k, UpdateExpression: &update, ExpressionAttributeValues: values}}
}

func (c *client) transact(t testing.TB, token string, actions ...types.TransactWriteItem) (*dynamodb.TransactWriteItemsOutput, error) {
	t.Helper()
	in := &dynamodb.TransactWriteItemsInput{TransactItems: actions, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	if token != "" {
		in.ClientRequestToken = &token
	}
	return c.db.TransactWriteItems(ctx(t), in)
}

// wantCancelled checks that a transaction was cancelled for these reasons: codes,
// and a message for each that is not None.
func wantCancelled(t testing.TB, err error, codes []string, messages ...string) *types.TransactionCanceledException {
	t.Helper()
	e := wantError[*types.TransactionCanceledException](t, err,
		"Transaction cancelled, please refer cancellation reasons for specific reasons ["+strings.Join(codes, ", ")+"]")
	var gotCodes, gotMessages []string
	for _, r := range e.CancellationReasons {
		gotCodes = append(gotCodes, aws.ToString(r.Code))
		if r.Message != nil {
			gotMessages = append(gotMessages, *r.Message)
		}
	}
	want(t, "codes", gotCodes, codes)
	want(t, "messages", gotMessages, messages)
	return e
}

func TestTransactWriteItems(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Alpha", withGSI("by-g", projectKeys, attribute("g", "S")))
		c.createTable(t, "Beta")
		c.put(t, "Alpha", with(key("x", "old"), item{"g": str("g")}), with(key("x", "n"), item{"n": num(1)}))
		c.put(t, "Beta", key("guard", "1"))
		out := try(c.transact(t, "",
			txPut("Beta", with(key("x", "new"), item{"v": num(1)})),
			txDelete("Alpha", key("x", "old")),
			txUpdate("Alpha", key("x", "n"), "ADD n :one", item{":one": num(1)}),
			txCheck("Beta", key("guard", "1"), "attribute_exists(pk)"))).must(t)
		c.wantItem(t, "Beta", key("x", "new"), with(key("x", "new"), item{"v": num(1)}))
		c.wantItem(t, "Alpha", key("x", "old"), nil)
		c.wantItem(t, "Alpha", key("x", "n"), with(key("x", "n"), item{"n": num(2)}))
		want(t, "items of the index", try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: aws.String("Alpha"), IndexName: aws.String("by-g")})).must(t).Count, 0)

		// Transactions cost twice the units: prepare and commit.
		units := map[string]float64{}
		for _, u := range out.ConsumedCapacity {
			units[*u.TableName] = *u.CapacityUnits
		}
		want(t, "units", units, map[string]float64{"Alpha": 6, "Beta": 4})
	})
}

func TestTransactionIsCancelledAsAWhole(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Transactions")
		stored := with(key("x", "1"), item{"v": str("text")})
		c.put(t, "Transactions", stored)

		_, err := c.transact(t, "", txPut("Transactions", key("x", "2")), txCheck("Transactions", key("x", "1"), "attribute_not_exists(pk)"), txDelete("Transactions", key("x", "3")))
		wantCancelled(t, err, []string{"None", "ConditionalCheckFailed", "None"}, "The conditional request failed")
		c.wantItem(t, "Transactions", key("x", "2"), nil)

		check := txCheck("Transactions", key("x", "1"), "attribute_not_exists(pk)")
		check.ConditionCheck.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		_, err = c.transact(t, "", check)
		e := wantCancelled(t, err, []string{"ConditionalCheckFailed"}, "The conditional request failed")
		want(t, "item of the reason", e.CancellationReasons[0].Item, stored)

		_, err = c.transact(t, "", txPut("Transactions", key("x", "2")), txUpdate("Transactions", key("x", "1"), "ADD v :one", item{":one": num(1)}))
		wantCancelled(t, err, []string{"None", "ValidationError"}, "An operand in the update expression has an incorrect data type")
		_, err = c.transact(t, "", txPut("Transactions", key("x", "2")), txUpdate("Transactions", key("x", "1"), "SET w = nothing", nil))
		wantCancelled(t, err, []string{"None", "ValidationError"}, "The provided expression refers to an attribute that does not exist in the item")
		c.wantItem(t, "Transactions", key("x", "2"), nil)

		// A key of the wrong type is found while the transaction runs, an empty one before.
		_, err = c.transact(t, "", txPut("Transactions", key("x", "2")), txPut("Transactions", item{"pk": num(1), "sk": str("1")}))
		wantCancelled(t, err, []string{"None", "ValidationError"}, "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N")
		_, err = c.transact(t, "", txPut("Transactions", key("", "1")))
		wantInvalid(t, err, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk")
	})
}

func TestTransactWriteItemsRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Transactions")
		_, err := c.transact(t, "", txPut("Transactions", key("x", "1")), txDelete("Transactions", key("x", "1")))
		wantInvalid(t, err, "Transaction request cannot include multiple operations on one item")
		_, err = c.transact(t, "", txPut("Transactions", key("x", "1")), txPut("Nowhere", key("x", "1")))
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
		var many []types.TransactWriteItem
		for i := range 101 {
			many = append(many, txPut("Transactions", key("x", fmt.Sprint(i))))
		}
		_, err = c.transact(t, "", many...)
		wantConstraint(t, err, "'transactItems'", "Member must have length less than or equal to 100")
		try(c.transact(t, "", many[:100]...)).must(t)
		both := txPut("Transactions", key("x", "1"))
		both.Delete = &types.Delete{TableName: aws.String("Transactions"), Key: key("x", "1")}
		_, err = c.transact(t, "", both)
		wantInvalid(t, err, "TransactItems can only contain one of Check, Put, Update or Delete")
	})
}

func TestTransactionToken(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Transactions")
		add := txUpdate("Transactions", key("x", "n"), "ADD n :one", item{":one": num(1)})
		first := try(c.transact(t, "token-1", add)).must(t)
		again := try(c.transact(t, "token-1", add)).must(t)
		c.wantItem(t, "Transactions", key("x", "n"), with(key("x", "n"), item{"n": num(1)}))
		// The repeat costs what reading the items costs.
		want(t, "units of the first", *first.ConsumedCapacity[0].CapacityUnits, 2)
		want(t, "units of the repeat", aws.ToFloat64(again.ConsumedCapacity[0].CapacityUnits), 2)
		want(t, "read units of the repeat", aws.ToFloat64(again.ConsumedCapacity[0].ReadCapacityUnits), 2)

		_, err := c.transact(t, "token-1", txUpdate("Transactions", key("x", "n"), "ADD n :one", item{":one": num(2)}))
		var mismatch *types.IdempotentParameterMismatchException
		if !asError(err, &mismatch) {
			t.Errorf("got %v; want an IdempotentParameterMismatchException", err)
		}
		try(c.transact(t, "token-2", add)).must(t)
		c.wantItem(t, "Transactions", key("x", "n"), with(key("x", "n"), item{"n": num(2)}))
	})
}

func TestTransactGetItems(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Alpha")
		c.createTable(t, "Beta")
		a, b := with(key("x", "1"), item{"v": num(1), "w": num(2)}), with(key("y", "1"), item{"v": num(3)})
		c.put(t, "Alpha", a)
		c.put(t, "Beta", b)
		get := func(table string, k item, projection *string) types.TransactGetItem {
			return types.TransactGetItem{Get: &types.Get{TableName: &table, Key: k, ProjectionExpression: projection}}
		}
		out := try(c.db.TransactGetItems(ctx(t), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			get("Beta", key("y", "1"), nil), get("Alpha", key("absent", "1"), nil), get("Alpha", key("x", "1"), aws.String("w"))}})).must(t)
		want(t, "responses", len(out.Responses), 3)
		want(t, "first", out.Responses[0].Item, b)
		want(t, "absent", len(out.Responses[1].Item), 0)
		want(t, "projected", out.Responses[2].Item, item{"w": num(2)})
		_, err := c.db.TransactGetItems(ctx(t), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("Nowhere", key("x", "1"), nil)}})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
	})
}

// Money moves between accounts; no reader of all of them at once may see a sum
// that is wrong.
func TestTransactionsAreIsolated(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Bank")
		var gets []types.TransactGetItem
		for i := range 4 {
			k := key(fmt.Sprint("account", i), "s")
			c.put(t, "Bank", with(k, item{"n": num(100)}))
			gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: aws.String("Bank"), Key: k}})
		}
		var wg sync.WaitGroup
		done := make(chan struct{})
		for w := range 4 {
			wg.Go(func() {
				for i := range 50 {
					from, to := (w+i)%4, (w+i*3+1)%4
					if from == to {
						to = (to + 1) % 4
					}
					_, err := c.transact(t, "", txUpdate("Bank", key(fmt.Sprint("account", from), "s"), "ADD n :v", item{":v": num(-1)}),
						txUpdate("Bank", key(fmt.Sprint("account", to), "s"), "ADD n :v", item{":v": num(1)}))
					if err != nil && !isConflict(err) {
						t.Error(err)
					}
				}
			})
		}
		go func() { wg.Wait(); close(done) }()
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			out, err := c.db.TransactGetItems(ctx(t), &dynamodb.TransactGetItemsInput{TransactItems: gets})
			if isConflict(err) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			sum := 0
			for _, r := range out.Responses {
				sum += numOf(r.Item["n"])
			}
			if sum != 400 {
				t.Fatalf("400 became %d", sum)
			}
		}
	})
}

// isConflict reports that a transaction met another one, which the service
// lets a client try again.
func isConflict(err error) bool {
	var e *types.TransactionCanceledException
	return asError(err, &e) && slices.ContainsFunc(e.CancellationReasons, func(r types.CancellationReason) bool {
		return aws.ToString(r.Code) == "TransactionConflict"
	})
}
