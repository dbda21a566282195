package dynamodb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// collectedTable has a local index, and a global one that collections are not about.
const collectedTable = `{"TableName":"abc","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"k","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"k","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

const (
	tooLarge   = "ItemCollectionSizeLimitExceededException: Collection size exceeded."
	collectedN = 115 // bytes of an item of collected: 108, and 7 in the local index
)

// collected is an item of collectedTable, with n bytes besides its keys.
func collected(k string, s, n int) string {
	return fmt.Sprintf(`{"k":{"S":%q},"s":{"N":"%d"},"g":{"S":"x"},"d":{"S":%q}}`, k, s, strings.Repeat("d", n))
}

func collectedKey(k string, s int) string {
	return fmt.Sprintf(`{"k":{"S":%q},"s":{"N":"%d"}}`, k, s)
}

// newCollected returns an engine whose collections may have two items of collected of
// 100 bytes.
func newCollected(t testing.TB) *harness {
	h := newEngineWith(t, Options{CollectionLimit: 2 * collectedN})
	h.mustDo("CreateTable", collectedTable)
	return h
}

func (h *harness) putCollected(k string, s, n int) {
	h.t.Helper()
	h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected(k, s, n)))
}

// sound fails the test unless Verify has nothing to say.
func (h *harness) sound() {
	h.t.Helper()
	if _, wrong := h.verify(); wrong != nil {
		h.t.Errorf("%s", strings.Join(wrong, "\n"))
	}
}

// Developer Guide, "Item collection size limit": what would make a collection larger is
// refused, what shrinks it is not, and other collections are not concerned.
func TestItemCollectionLimit(t *testing.T) {
	h := newCollected(t)
	h.putCollected("a", 1, 100)
	h.putCollected("a", 2, 100) // exactly full
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 3, 0)), tooLarge)
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 2, 101)), tooLarge)
	h.fails("UpdateItem", `{"TableName":"abc","Key":`+collectedKey("a", 3)+`,"UpdateExpression":"SET e = :e","ExpressionAttributeValues":{":e":{"S":""}}}`, tooLarge)
	h.fails("UpdateItem", `{"TableName":"abc","Key":`+collectedKey("a", 1)+`,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"xx"}}}`, tooLarge)
	h.putCollected("b", 1, 100)
	h.putCollected("a", 2, 100)
	h.mustDo("UpdateItem", `{"TableName":"abc","Key":`+collectedKey("a", 1)+`,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"y"}}}`)
	h.mustDo("DeleteItem", `{"TableName":"abc","Key":`+collectedKey("a", 7)+`}`)

	// Out of the index, an item counts once.
	h.mustDo("UpdateItem", `{"TableName":"abc","Key":`+collectedKey("a", 1)+`,"UpdateExpression":"REMOVE g"}`)
	h.mustDo("PutItem", `{"TableName":"abc","Item":`+collectedKey("a", 3)+`}`)
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 4, 0)), tooLarge)
	h.mustDo("DeleteItem", `{"TableName":"abc","Key":`+collectedKey("a", 2)+`}`)
	h.putCollected("a", 4, 80)
	h.sound()

	h.restart()
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 5, 30)), tooLarge)
	for s := range 5 {
		h.mustDo("DeleteItem", `{"TableName":"abc","Key":`+collectedKey("a", s)+`}`)
	}
	if rows := h.rowsOf(kindCollection); len(rows) != 1 {
		t.Errorf("%d collections have a row, want that of b", len(rows))
	}
	h.sound()
}

// The limit is of tables with local indexes only.
func TestNoItemCollectionLimit(t *testing.T) {
	h := newEngineWith(t, Options{CollectionLimit: 100})
	local, global := strings.Index(collectedTable, `"Local`), strings.Index(collectedTable, `"Global`)
	h.mustDo("CreateTable", collectedTable[:local]+collectedTable[global:])
	for s := range 5 {
		h.putCollected("a", s, 100)
	}
	if rows := h.rowsOf(kindCollection); rows != nil {
		t.Errorf("%d rows of collections", len(rows))
	}
	h.expect("PutItem", `{"TableName":"abc","ReturnItemCollectionMetrics":"SIZE","Item":`+collected("a", 1, 0)+`}`, `{}`)
}

// API reference, TransactWriteItems: the reason of the action that makes a collection
// too large is ItemCollectionSizeLimitExceeded. What counts is the whole transaction.
func TestItemCollectionLimitOfTransactions(t *testing.T) {
	h := newCollected(t)
	h.putCollected("a", 1, 100)
	h.putCollected("a", 2, 100)
	cancelled := func(out string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "[None, ItemCollectionSizeLimitExceeded]") {
			t.Errorf("%s %v", out, err)
		}
	}
	put := func(k string, s, n int) string {
		return fmt.Sprintf(`{"Put":{"TableName":"abc","Item":%s}}`, collected(k, s, n))
	}
	cancelled(h.do("TransactWriteItems", `{"TransactItems":[`+put("b", 1, 10)+`,`+put("a", 3, 0)+`]}`))
	cancelled(h.do("ExecuteTransaction", `{"TransactStatements":[
		{"Statement":"INSERT INTO \"abc\" VALUE {'k':'b','s':1}"},{"Statement":"INSERT INTO \"abc\" VALUE {'k':'a','s':3}"}]}`))
	h.expect("GetItem", `{"TableName":"abc","Key":`+collectedKey("b", 1)+`}`, `{}`)

	h.mustDo("TransactWriteItems", `{"TransactItems":[`+put("a", 3, 100)+`,{"Delete":{"TableName":"abc","Key":`+collectedKey("a", 1)+`}}]}`)
	h.sound()
	cancelled(h.do("TransactWriteItems", `{"TransactItems":[`+put("a", 3, 90)+`,`+put("a", 2, 111)+`]}`))
	h.mustDo("TransactWriteItems", `{"TransactItems":[`+put("a", 3, 90)+`,`+put("a", 2, 110)+`]}`)
	h.sound()
}

func TestItemCollectionLimitOfBatchesAndStatements(t *testing.T) {
	h := newCollected(t)
	request := func(items ...string) string {
		return `{"RequestItems":{"abc":[{"PutRequest":{"Item":` + strings.Join(items, `}},{"PutRequest":{"Item":`) + `}}]}}`
	}
	h.mustDo("BatchWriteItem", request(collected("a", 1, 100), collected("b", 1, 100), collected("a", 2, 100)))
	h.sound()
	h.fails("BatchWriteItem", request(collected("a", 3, 0), collected("b", 2, 100)), tooLarge)
	h.fails("ExecuteStatement", `{"Statement":"INSERT INTO \"abc\" VALUE {'k':'a','s':3}"}`, tooLarge)
	h.expect("BatchExecuteStatement", `{"Statements":[{"Statement":"INSERT INTO \"abc\" VALUE {'k':'a','s':3}"},{"Statement":"DELETE FROM \"abc\" WHERE k='b' AND s=1"}]}`,
		`{"Responses":[{"Error":{"Code":"ItemCollectionSizeLimitExceeded","Message":"Collection size exceeded."},"TableName":"abc"},{"TableName":"abc"}]}`)
	h.sound()
}

// resize has the row of a collection say another size.
func (h *harness) resize(k string, size int64) {
	h.t.Helper()
	v, err := h.view(&h.caller, "abc")
	if err != nil {
		h.t.Fatal(err)
	}
	item := v.Key.appendRow(slices.Clone(v.prefix), attr.NewMap([]attr.Attr{{Name: "k", Value: attr.S(k)}, {Name: "s", Value: attr.N(attr.IntNumber(1))}}))
	h.change(func(b kv.Batch) { b.Set(v.collectionRow(item), encodeCollectionSize(size)) })
}

// API reference, ItemCollectionMetrics: the size is between two whole gigabytes.
func TestItemCollectionMetrics(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", collectedTable)
	const metrics = `{"ItemCollectionMetrics":{"ItemCollectionKey":{"k":{"S":"a"}},"SizeEstimateRangeGB":[%s]}}`
	put := `{"TableName":"abc","ReturnItemCollectionMetrics":"SIZE","Item":` + collected("a", 1, 0) + `}`
	h.expect("PutItem", put, fmt.Sprintf(metrics, "0.0,1.0"))
	for _, tt := range []struct {
		size int64
		want string
	}{{1<<30 - 1, "0.0,1.0"}, {1 << 30, "1.0,2.0"}, {3<<30 + 5, "3.0,4.0"}, {10 << 30, "10.0,11.0"}} {
		h.resize("a", tt.size)
		h.expect("PutItem", put, fmt.Sprintf(metrics, tt.want))
		h.expect("DeleteItem", `{"TableName":"abc","ReturnItemCollectionMetrics":"SIZE","Key":`+collectedKey("a", 9)+`}`, fmt.Sprintf(metrics, tt.want))
	}
	h.fails("PutItem", `{"TableName":"abc","Item":`+collected("a", 2, 0)+`}`, tooLarge)

	transaction := `{"ClientRequestToken":"t","ReturnItemCollectionMetrics":"SIZE","TransactItems":[
		{"Update":{"TableName":"abc","Key":` + collectedKey("a", 1) + `,"UpdateExpression":"REMOVE d"}},
		{"ConditionCheck":{"TableName":"abc","Key":` + collectedKey("b", 1) + `,"ConditionExpression":"attribute_not_exists(k)"}}]}`
	const answer = `{"ItemCollectionMetrics":{"abc":[{"ItemCollectionKey":{"k":{"S":"a"}},"SizeEstimateRangeGB":[9.0,10.0]}]}}`
	h.expect("TransactWriteItems", transaction, answer)
	h.expect("TransactWriteItems", transaction, answer) // nothing is done again
	h.expect("BatchWriteItem", `{"ReturnItemCollectionMetrics":"SIZE","RequestItems":{"abc":[{"DeleteRequest":{"Key":`+collectedKey("c", 1)+`}}]}}`,
		`{"UnprocessedItems":{},"ItemCollectionMetrics":{"abc":[{"ItemCollectionKey":{"k":{"S":"c"}},"SizeEstimateRangeGB":[0.0,1.0]}]}}`)
	h.resize("a", 14) // what it has
}

// Whatever is written at once, by whatever operation, the rows are right, also in what a
// crash leaves.
func TestItemCollectionsAreExact(t *testing.T) {
	h := newCrashing(t, Options{CollectionLimit: 30 * collectedN})
	h.mustDo("CreateTable", collectedTable)
	for round := range 4 {
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() { h.writeCollected(rand.New(rand.NewPCG(uint64(round), uint64(i)))) })
		}
		writers.Wait()
		h.sound()
		h.restart()
		h.sound()
	}
	if len(h.rowsOf(kindItem)) == 0 {
		t.Error("nothing is left")
	}
}

// writeCollected writes to two collections.
func (h *harness) writeCollected(rng *rand.Rand) {
	k := func() string { return string(rune('a' + rng.IntN(2))) }
	for range 60 {
		item, key := collected(k(), rng.IntN(40), rng.IntN(200)), collectedKey(k(), rng.IntN(40))
		var op, in string
		switch rng.IntN(4) {
		case 0:
			op, in = "PutItem", `{"TableName":"abc","Item":`+item+`}`
		case 1:
			op, in = "UpdateItem", `{"TableName":"abc","Key":`+key+`,"UpdateExpression":"SET d = :d REMOVE g","ExpressionAttributeValues":{":d":{"S":"short"}}}`
		case 2:
			op, in = "BatchWriteItem", `{"RequestItems":{"abc":[{"PutRequest":{"Item":`+item+`}},{"DeleteRequest":{"Key":`+key+`}}]}}`
		default:
			op, in = "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"abc","Item":`+item+`}},{"Delete":{"TableName":"abc","Key":`+key+`}}]}`
		}
		if out, err := h.do(op, in); err != nil && !strings.Contains(err.Error(), "SizeLimitExceeded") && !strings.Contains(err.Error(), "on one item") &&
			!strings.Contains(err.Error(), "onflict") && !strings.Contains(err.Error(), "duplicates") {
			h.t.Errorf("%s %s: %s %v", op, in, out, err)
		}
	}
}

// A table of a store from before there were rows of collections.
func TestItemCollectionsOfOldTables(t *testing.T) {
	h := newCollected(t)
	h.putCollected("a", 1, 100)
	h.putCollected("a", 2, 100)
	h.putCollected("b", 1, 100)
	h.change(func(b kv.Batch) {
		for _, row := range h.rowsOf(kindCollection) {
			b.Delete(row)
		}
		key := catalogKey(testNamespace, "abc")
		value := bytes.Replace(h.value(key), []byte(`,"collections":true`), nil, 1)
		b.Set(key, value)
	})
	h.restart()
	h.sound()
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 3, 0)), tooLarge)
	h.putCollected("a", 2, 90)
	h.sound()
	h.putCollected("a", 2, 100)
	h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 2, 101)), tooLarge)
	h.putCollected("c", 1, 100)
	h.sound()
	if n := len(h.rowsOf(kindCollection)); n != 2 {
		t.Errorf("%d rows, want those of a and c", n)
	}
}

// Restored tables have the sizes of what was restored, and a deleted table leaves none.
func TestItemCollectionsOfRestoredTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newCollected(t)
		h.putCollected("a", 1, 100)
		h.putCollected("b", 2, 50)
		h.putCollected("a", 2, 100)
		arn := h.backup("abc", "saved")
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
		if n := len(h.rowsOf(kindCollection)); n != 0 {
			t.Errorf("%d rows of a deleted table", n)
		}
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"abc","BackupArn":%q}`, arn))
		synctest.Wait()
		h.sound()
		if n := len(h.rowsOf(kindCollection)); n != 2 {
			t.Errorf("%d rows of the restored table, want 2", n)
		}
		h.fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 3, 0)), tooLarge)
	})
}

func TestItemCollectionsOfExpiredItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newCollected(t)
		h.mustDo("UpdateTimeToLive", `{"TableName":"abc","TimeToLiveSpecification":{"AttributeName":"x","Enabled":true}}`)
		h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":{"k":{"S":"a"},"s":{"N":"1"},"x":{"N":"%d"}}}`, time.Now().Unix()+5))
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(h.rowsOf(kindCollection)); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		h.sound()
	})
}

// A replica takes what another has taken, and its collections have their own sizes.
func TestItemCollectionsOfReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{CollectionLimit: 2 * collectedN, ReplicationDelay: time.Second})
		h.mustDo("CreateTable", collectedTable)
		h.putCollected("a", 1, 100)
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		time.Sleep(time.Minute)
		h.putCollected("a", 2, 100)
		h.in("eu-west-1").putCollected("a", 3, 0)
		time.Sleep(time.Minute)
		h.agree("us-east-1", "eu-west-1")
		h.sound()
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			h.in(region).fails("PutItem", fmt.Sprintf(`{"TableName":"abc","Item":%s}`, collected("a", 4, 0)), tooLarge)
			h.in(region).putCollected("a", 3, 0)
			time.Sleep(time.Minute)
		}
		h.sound()
	})
}

// Developer Guide, "Item size for tables with local secondary indexes": an item and its
// entries in all local indexes may have 400 KB together.
func TestItemSizeWithLocalIndexes(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", strings.Replace(collectedTable, `"KEYS_ONLY"`, `"ALL"`, 1))
	const half = maxItemSize/2 - 8 // besides k, s, g and the name of d
	put := func(rest string, n int) string {
		return fmt.Sprintf(`{"TableName":"abc","Item":{"k":{"S":"a"},"s":{"N":"1"},"g":{"S":"x"}%s,"d":{"S":%q}}}`, rest, strings.Repeat("d", n))
	}
	h.mustDo("PutItem", put("", half))
	h.refused("PutItem", put("", half+1), "Item size has exceeded the maximum allowed size")
	h.mustDo("PutItem", strings.Replace(put("", half+1), `,"g":{"S":"x"}`, "", 1)) // not in the index
	h.refused("UpdateItem", `{"TableName":"abc","Key":`+collectedKey("a", 1)+`,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}}`,
		"Item size to update has exceeded the maximum allowed size")
	h.refused("TransactWriteItems", `{"TransactItems":[{"Put":`+put("", half+1)+`}]}`, "Item size has exceeded the maximum allowed size")
	h.sound()
}
