package dynamodb

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
)

// conflicting are the answers of requests that come upon the item with the key k
// of the table "hashed" while a transaction has it.
var conflicting = []struct{ op, in, want string }{
	{"PutItem", `{"TableName":"hashed","Item":{"a":{"S":"k"}}}`, "TransactionConflictException: Transaction is ongoing for the item"},
	{"UpdateItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}}}`, "TransactionConflictException: Transaction is ongoing for the item"},
	{"DeleteItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}}}`, "TransactionConflictException: Transaction is ongoing for the item"},
	{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"hashed","Item":{"a":{"S":"l"}}}},{"Delete":{"TableName":"hashed","Key":{"a":{"S":"k"}}}}]}`,
		"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]"},
	{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"hashed","Key":{"a":{"S":"k"}}}},{"Get":{"TableName":"hashed","Key":{"a":{"S":"l"}}}}]}`,
		"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]"},
}

// TestConflicts checks what becomes of requests for an item while a transaction on
// it is under way, and that other items are not concerned.
func TestConflicts(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	row := rowOf(h, "k")
	if h.ongoing.begin(hashOf(row)) != nil {
		t.Fatal("the item is taken")
	}
	for _, c := range conflicting {
		h.fails(c.op, c.in, c.want)
		h.mustDo(c.op, strings.ReplaceAll(c.in, `{"S":"k"}`, `{"S":"other"}`))
	}
	h.expect("BatchWriteItem", `{"RequestItems":{"hashed":[{"PutRequest":{"Item":{"a":{"S":"k"},"n":{"N":"1"}}}},{"PutRequest":{"Item":{"a":{"S":"b"}}}}]},"ReturnConsumedCapacity":"TOTAL"}`,
		`{"UnprocessedItems":{"hashed":[{"PutRequest":{"Item":{"a":{"S":"k"},"n":{"N":"1"}}}}]},"ConsumedCapacity":[{"TableName":"hashed","CapacityUnits":1.0}]}`)
	h.expect("GetItem", `{"TableName":"hashed","Key":{"a":{"S":"k"}},"ConsistentRead":true}`, `{}`)
	h.ongoing.end(hashOf(row))
	for _, c := range conflicting {
		h.mustDo(c.op, c.in)
	}
	if !h.ongoing.idle() || len(h.ongoing.keys) != 0 {
		t.Errorf("left behind: %v", h.ongoing.keys)
	}
}

// TestReplayIsInNobodysWay checks that a token that was used is answered although
// another transaction has the item, and that one in use is not.
func TestReplayIsInNobodysWay(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	const in = `{"ClientRequestToken":"t","TransactItems":[{"Put":{"TableName":"hashed","Item":{"a":{"S":"k"}}}}]}`
	h.mustDo("TransactWriteItems", in)
	row := rowOf(h, "k")
	h.ongoing.begin(hashOf(row))
	h.expect("TransactWriteItems", in, `{}`)
	h.fails("TransactWriteItems", strings.Replace(in, `"t"`, `"u"`, 1), "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]")
	h.ongoing.end(hashOf(row))

	tok := newToken(testNamespace, "t", [sha256.Size]byte{})
	h.ongoing.begin(tok.hash)
	h.fails("TransactWriteItems", in, "TransactionInProgressException: The transaction with the given request token is already in progress.")
	h.ongoing.end(tok.hash)
	h.expect("TransactWriteItems", in, `{}`)
}

// TestConflictsLoseNothing has transactions and single updates count on the same
// items, each tried again until it is answered: what was answered is there once.
func TestConflictsLoseNothing(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	const workers, rounds = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				op, in := "UpdateItem", `{`+increment("x")+`}`
				if w%2 == 0 {
					op = "TransactWriteItems"
					in = fmt.Sprintf(`{"ClientRequestToken":"%d-%d","TransactItems":[{"Update":{%s}},{"Update":{%s}}]}`, w, r, increment("x"), increment("y"))
				}
				if _, err := h.persist(op, in); err != nil {
					t.Errorf("%s: %v", op, err)
				}
			}
		})
	}
	wg.Wait()
	for name, want := range map[string]int{"x": workers * rounds, "y": workers * rounds / 2} {
		h.expect("GetItem", fmt.Sprintf(`{"TableName":"hashed","Key":{"a":{"S":%q}},"AttributesToGet":["n"]}`, name), fmt.Sprintf(`{"Item":{"n":{"N":"%d"}}}`, want))
	}
}

// rowOf returns the row key of an item of the table "hashed".
func rowOf(h *harness, a string) []byte {
	return mustView(h, "hashed").row(attr.NewMap([]attr.Attr{{Name: "a", Value: attr.S(a)}}))
}

// persist runs an operation again and again while transactions are in its way.
func (h *harness) persist(op, in string) (out string, err error) {
	for {
		out, err = h.do(op, in)
		var e *api.Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), "TransactionConflict") {
			return out, err
		}
		runtime.Gosched()
	}
}

func increment(name string) string {
	return fmt.Sprintf(`"TableName":"hashed","Key":{"a":{"S":%q}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}`, name)
}
