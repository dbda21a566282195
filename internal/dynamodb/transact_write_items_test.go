package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// transfer moves amount between two accounts if the first has enough.
func transfer(from, to string, amount int, token string) string {
	return fmt.Sprintf(`{"ClientRequestToken":%q,"TransactItems":[
		{"Update":{"TableName":"bank","Key":{"pk":{"S":%q}},"UpdateExpression":"SET n = n - :x","ConditionExpression":"n >= :x","ExpressionAttributeValues":{":x":{"N":"%d"}}}},
		{"Update":{"TableName":"bank","Key":{"pk":{"S":%q}},"UpdateExpression":"SET n = n + :x","ExpressionAttributeValues":{":x":{"N":"%d"}}}}]}`,
		token, from, amount, to, amount)
}

func bank(t *testing.T, accounts int) *harness {
	h := newEngine(t)
	h.mustDo("CreateTable", `{"TableName":"bank","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`)
	for i := range accounts {
		h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"bank","Item":{"pk":{"S":"a%d"},"n":{"N":"100"}}}`, i))
	}
	return h
}

func TestTransfersConserveMoney(t *testing.T) {
	const accounts, workers, rounds = 8, 16, 100
	h := bank(t, accounts)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				from := rand.IntN(accounts)
				to := (from + 1 + rand.IntN(accounts-1)) % accounts
				_, err := h.persist("TransactWriteItems", transfer(fmt.Sprint("a", from), fmt.Sprint("a", to), 1+rand.IntN(60), fmt.Sprint(w, "-", i)))
				var e *api.Error
				if err != nil && !(errors.As(err, &e) && e.Code == "TransactionCanceledException" && e.Reasons[0].Code == "ConditionalCheckFailed") {
					t.Errorf("transfer: %v", err)
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for i := range accounts {
		var n int
		out := h.mustDo("GetItem", fmt.Sprintf(`{"TableName":"bank","ConsistentRead":true,"Key":{"pk":{"S":"a%d"}}}`, i))
		if _, err := fmt.Sscanf(out[strings.Index(out, `"n":{"N":"`):], `"n":{"N":"%d"`, &n); err != nil || n < 0 {
			t.Fatalf("account %d: %s: %v", i, out, err)
		}
		sum += n
	}
	if sum != 100*accounts {
		t.Errorf("the accounts hold %d, want %d", sum, 100*accounts)
	}
}

func TestTokenIsRememberedTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bank(t, 2)
		balance := func(want string) {
			t.Helper()
			if out := h.mustDo("GetItem", `{"TableName":"bank","Key":{"pk":{"S":"a0"}}}`); !strings.Contains(out, `"n":{"N":"`+want+`"}`) {
				t.Fatalf("balance %s, want %s", out, want)
			}
		}
		h.mustDo("TransactWriteItems", transfer("a0", "a1", 10, "t"))
		time.Sleep(9*time.Minute + 59*time.Second)
		h.mustDo("TransactWriteItems", transfer("a0", "a1", 10, "t"))
		balance("90")
		_, err := h.persist("TransactWriteItems", transfer("a0", "a1", 11, "t"))
		var e *api.Error
		if !errors.As(err, &e) || e.Code != "IdempotentParameterMismatchException" {
			t.Fatalf("other parameters under the token: %v", err)
		}
		balance("90")
		time.Sleep(2 * time.Second)
		h.mustDo("TransactWriteItems", transfer("a0", "a1", 10, "t"))
		balance("80")
	})
}

func TestRepeatSucceedsAlthoughItsConditionNoLongerHolds(t *testing.T) {
	h := bank(t, 2)
	once := `{"ClientRequestToken":"x","TransactItems":[{"Put":{"TableName":"bank","Item":{"pk":{"S":"new"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`
	h.mustDo("TransactWriteItems", once)
	h.mustDo("TransactWriteItems", once)
}

func TestCancellationReasons(t *testing.T) {
	h := bank(t, 2)
	_, err := h.do("TransactWriteItems", `{"TransactItems":[
		{"Put":{"TableName":"bank","Item":{"pk":{"S":"z"}}}},
		{"ConditionCheck":{"TableName":"bank","Key":{"pk":{"S":"a0"}},"ConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
		{"Update":{"TableName":"bank","Key":{"pk":{"S":"a1"}},"UpdateExpression":"SET pkx = n + absentattr"}}]}`)
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "TransactionCanceledException" {
		t.Fatal(err)
	}
	if want := "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]"; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
	if e.Reasons[1].Message != "The conditional request failed" || e.Reasons[1].Item.IsZero() {
		t.Errorf("reason 1: %+v", e.Reasons[1])
	}
	if want := "The provided expression refers to an attribute that does not exist in the item"; e.Reasons[2].Message != want {
		t.Errorf("reason 2: %q, want %q", e.Reasons[2].Message, want)
	}
	if out := h.mustDo("GetItem", `{"TableName":"bank","Key":{"pk":{"S":"z"}}}`); strings.Contains(out, "Item") {
		t.Errorf("a cancelled transaction left %s", out)
	}
}

func TestTransactionRefusals(t *testing.T) {
	h := bank(t, 2)
	for _, c := range []struct{ name, in, code, text string }{
		{"same item twice", `{"TransactItems":[{"Put":{"TableName":"bank","Item":{"pk":{"S":"z"}}}},{"Delete":{"TableName":"bank","Key":{"pk":{"S":"z"}}}}]}`,
			"ValidationException", "Transaction request cannot include multiple operations on one item"},
		{"two actions in one", `{"TransactItems":[{"Put":{"TableName":"bank","Item":{"pk":{"S":"z"}}},"Delete":{"TableName":"bank","Key":{"pk":{"S":"z"}}}}]}`,
			"ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete"},
		{"missing table", `{"TransactItems":[{"Put":{"TableName":"nowhere","Item":{"pk":{"S":"z"}}}}]}`,
			"ResourceNotFoundException", "Requested resource not found"},
		{"wrong key", `{"TransactItems":[{"Delete":{"TableName":"bank","Key":{"id":{"S":"z"}}}}]}`,
			"TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"},
	} {
		_, err := h.do("TransactWriteItems", c.in)
		var e *api.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Message != c.text {
			t.Errorf("%s: %v, want %s: %s", c.name, err, c.code, c.text)
		}
	}
}

func TestOldTokensAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bank(t, 2)
		h.mustDo("TransactWriteItems", transfer("a0", "a1", 10, "t"))
		tokens := func() (n int) {
			it := h.store.Scan(kv.PrefixRange([]byte{space, kindToken}))
			defer it.Close()
			for it.Next() {
				n++
			}
			return n
		}
		if n := tokens(); n != 1 {
			t.Fatalf("%d tokens after a transaction", n)
		}
		time.Sleep(3 * tokenLife)
		synctest.Wait()
		if n := tokens(); n != 0 {
			t.Errorf("%d tokens half an hour later", n)
		}
	})
}

// TestExpressionsBeforeTables checks that an expression of a later action is refused
// before the table of an earlier one is looked for.
func TestExpressionsBeforeTables(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	const in = `{"TransactItems":[{"Put":{"TableName":"nowhere","Item":{"a":{"S":"a"}}}},{"ConditionCheck":{"TableName":"hashed","Key":{"a":{"S":"a"}},%s}}]}`
	h.refused("TransactWriteItems", fmt.Sprintf(in, `"ConditionExpression":"attribute_not_exists("`), `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("`)
	h.refused("TransactWriteItems", fmt.Sprintf(in, `"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":v":{"S":"x"}}`),
		"Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}")
	h.fails("TransactWriteItems", fmt.Sprintf(in, `"ConditionExpression":"attribute_exists(a)"`), "ResourceNotFoundException: Requested resource not found")
}

// A key that is none does not hide that a value of the same action's expressions is none.
func TestTransactionOfBadKeyAndValue(t *testing.T) {
	h := newEngine(t)
	for _, members := range []string{
		`"Key":{"a":{"N":"x"}},"ExpressionAttributeValues":{":v":{"N":"y"}}`,
		`"ExpressionAttributeValues":{":v":{"N":"y"}},"Key":{"a":{"N":"x"}}`,
	} {
		h.refused("TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"abc","ConditionExpression":"a = :v AND size(:v) > :w",`+members+`}}]}`,
			"ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: y for key :v")
	}
	h.refused("TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"abc","Key":{"a":{"N":"x"}},"ConditionExpression":"a ="}}]}`,
		`Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="`)
	h.refused("TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"abc","Key":{"a":{"N":"x"}}}}]}`,
		"The parameter cannot be converted to a numeric value: x")
}
