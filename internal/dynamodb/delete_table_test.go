package dynamodb

import (
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func TestDeleteTableLeavesNothing(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", `{"TableName":"old","BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"a","AttributeType":"S"}],"KeySchema":`+key("pk:HASH")+
		`,"GlobalSecondaryIndexes":[`+lsi("index", key("a:HASH"), all)+`]}`)
	h.mustDo("CreateTable", plain("kept", onDemand))
	h.mustDo("PutItem", `{"TableName":"old","Item":{"pk":{"S":"1"},"a":{"S":"x"}}}`)
	h.mustDo("PutItem", `{"TableName":"kept","Item":{"pk":{"S":"1"}}}`)
	rows := h.rows()
	out := h.mustDo("DeleteTable", `{"TableName":"old"}`)
	if !strings.Contains(out, `"TableStatus":"DELETING"`) || !strings.Contains(out, `"ItemCount":1`) {
		t.Errorf("DeleteTable: %s", out)
	}
	// The descriptor, the item and its index row are gone; the stream record can
	// be read, with the help of one row more.
	if got := h.rows(); got != rows-3+1 {
		t.Errorf("%d of %d rows are left", got, rows)
	}
	const missing = "ResourceNotFoundException: Requested resource not found: Table: old not found"
	h.fails("DescribeTable", `{"TableName":"old"}`, missing)
	h.fails("DeleteTable", `{"TableName":"old"}`, missing)
	h.fails("UpdateTable", `{"TableName":"old","DeletionProtectionEnabled":true}`, missing)
	h.expect("ListTables", `{}`, `{"TableNames":["kept"]}`)
	h.restart()
	h.expect("ListTables", `{}`, `{"TableNames":["kept"]}`)
}

// rows returns the number of entries in the store.
func (h *harness) rows() int {
	h.t.Helper()
	it := h.store.Scan(kv.Range{})
	defer it.Close()
	n := 0
	for it.Next() {
		n++
	}
	if err := it.Err(); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestRecreatedTableIsEmpty(t *testing.T) {
	h := newEngine(t)
	for range 3 {
		h.mustDo("CreateTable", plain("again", onDemand))
		h.expect("Scan", `{"TableName":"again"}`, `{"Items":[],"Count":0,"ScannedCount":0}`)
		h.mustDo("PutItem", `{"TableName":"again","Item":{"pk":{"S":"1"}}}`)
		h.restart()
		h.mustDo("DeleteTable", `{"TableName":"again"}`)
	}
}

// Rows carry the number of their table, so a number is never given twice.
func TestTablesOfTwoLivesShareNothing(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("first", onDemand))
	h.mustDo("PutItem", `{"TableName":"first","Item":{"pk":{"S":"1"}}}`)
	h.restart()
	h.mustDo("CreateTable", plain("second", onDemand))
	h.expect("Scan", `{"TableName":"second"}`, `{"Items":[],"Count":0,"ScannedCount":0}`)
}

func TestDeletionProtection(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("safe", onDemand+`,"DeletionProtectionEnabled":true`))
	h.refused("DeleteTable", `{"TableName":"safe"}`, "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	h.mustDo("UpdateTable", `{"TableName":"safe","DeletionProtectionEnabled":false}`)
	h.mustDo("DeleteTable", `{"TableName":"safe"}`)
}
