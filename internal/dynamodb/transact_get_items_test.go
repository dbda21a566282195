package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

func TestTransactGetItems(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	h.put("hashed", `{"a":{"S":"1"},"v":{"N":"1"}}`)
	h.put("ranged", `{"a":{"S":"1"},"b":{"S":"1"},"v":{"N":"2"}}`)
	h.expect("TransactGetItems", `{"ReturnConsumedCapacity":"INDEXES","TransactItems":[
			{"Get":{"TableName":"ranged","Key":{"a":{"S":"1"},"b":{"S":"1"}}}},
			{"Get":{"TableName":"hashed","Key":{"a":{"S":"absent"}}}},
			{"Get":{"TableName":"hashed","Key":{"a":{"S":"1"}},"ProjectionExpression":"#v","ExpressionAttributeNames":{"#v":"v"}}}]}`,
		`{"ConsumedCapacity":[`+
			`{"TableName":"ranged","CapacityUnits":2.0,"ReadCapacityUnits":2.0,"Table":{"ReadCapacityUnits":2.0,"CapacityUnits":2.0}},`+
			`{"TableName":"hashed","CapacityUnits":4.0,"ReadCapacityUnits":4.0,"Table":{"ReadCapacityUnits":4.0,"CapacityUnits":4.0}}],`+
			`"Responses":[{"Item":{"a":{"S":"1"},"b":{"S":"1"},"v":{"N":"2"}}},{},{"Item":{"v":{"N":"1"}}}]}`)
}

func TestTransactGetItemsRefusals(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	get := func(table, rest string) string { return fmt.Sprintf(`{"Get":{"TableName":%q,%s}}`, table, rest) }
	one := get("hashed", `"Key":{"a":{"S":"1"}}`)
	h.refused("TransactGetItems", `{"TransactItems":[`+one+`,`+one+`]}`, "Transaction request cannot include multiple operations on one item")
	h.fails("TransactGetItems", `{"TransactItems":[`+get("absent", `"Key":{"a":{"S":"1"}}`)+`]}`, "ResourceNotFoundException: Requested resource not found")
	h.refused("TransactGetItems", `{"TransactItems":[`+get("absent", `"Key":{"a":{"S":"1"}}`)+`,`+get("hashed", `"Key":{"a":{"S":"1"}},"ProjectionExpression":"!!!"`)+`]}`,
		`Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"`)
	_, err := h.do("TransactGetItems", `{"TransactItems":[`+one+`,`+get("hashed", `"Key":{}`)+`]}`)
	var e *api.Error
	if !errors.As(err, &e) || e.Error() != "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]" {
		t.Errorf("got %v", err)
	} else if e.Reasons[1].Message != msgKeySchema {
		t.Errorf("reason %+v", e.Reasons[1])
	}
}

func TestTransactGetItemsBoundsTheSize(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	var gets []string
	for i := range 11 {
		h.put("hashed", fmt.Sprintf(`{"a":{"S":"%d"},"f":{"S":%q}}`, i, filler(maxItemSize-10)))
		gets = append(gets, fmt.Sprintf(`{"Get":{"TableName":"hashed","ProjectionExpression":"a","Key":{"a":{"S":"%d"}}}}`, i))
	}
	h.mustDo("TransactGetItems", `{"TransactItems":[`+strings.Join(gets[:10], ",")+`]}`)
	h.refused("TransactGetItems", `{"TransactItems":[`+strings.Join(gets, ",")+`]}`, "Collection size of items in the transaction has exceeded the maximum allowed size")
}

// Of items that are always written together, no transaction sees some new and the
// others old.
func TestTransactGetItemsSeesWholeTransactions(t *testing.T) {
	const items, writes = 20, 150
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	all := func(format string, args ...any) string {
		list := make([]string, items)
		for i := range list {
			list[i] = fmt.Sprintf(format, append([]any{i}, args...)...)
		}
		return `{"TransactItems":[` + strings.Join(list, ",") + `]}`
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range writes {
				if _, err := h.persist("TransactWriteItems", all(`{"Put":{"TableName":"hashed","Item":{"a":{"S":"k%d"},"v":{"N":"%d"}}}}`, 2*i+w)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	get := all(`{"Get":{"TableName":"hashed","Key":{"a":{"S":"k%d"}},"ProjectionExpression":"v"}}`)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		out, err := h.persist("TransactGetItems", get)
		if err != nil {
			t.Fatal(err)
		}
		out = strings.TrimSuffix(strings.TrimPrefix(out, `{"Responses":[`), `]}`)
		first := out[:(len(out)-items+1)/items]
		if want := strings.Repeat(first+",", items); out+"," != want {
			t.Fatalf("a part of a transaction: %s", out)
		}
	}
}
