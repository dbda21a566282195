package dynamodb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// tightStore takes batches of a few megabytes only, as if each item had more
// indexes than a test can afford.
type tightStore struct{ kv.Store }

type tightBatch struct {
	kv.Batch
	size int
}

func (s tightStore) NewBatch() kv.Batch { return &tightBatch{Batch: s.Store.NewBatch()} }

func (b *tightBatch) Set(key, value []byte) {
	b.size += len(key) + len(value)
	b.Batch.Set(key, value)
}

func (s tightStore) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	t := b.(*tightBatch)
	if t.size > maxTransactionSize+1<<16 {
		t.Discard()
		return nil, kv.ErrTooLarge
	}
	return s.Store.Apply(t.Batch, d)
}

// No request that the service takes may be too much for the store.
func TestLargeWritesFitTheStore(t *testing.T) {
	store := tightStore{kvmem.New()}
	defer store.Close()
	h := openEngine(t, store)
	defer h.Close()
	h.mustDo("CreateTable", hashedTable)
	item := func(i int) string {
		return fmt.Sprintf(`{"a":{"S":"%d"},"b":{"S":%q}}`, i, strings.Repeat("b", maxItemSize-10))
	}
	var puts []string
	for i := range maxBatchWrite {
		puts = append(puts, `{"PutRequest":{"Item":`+item(i)+`}}`)
	}
	h.mustDo("BatchWriteItem", `{"RequestItems":{"hashed":[`+strings.Join(puts, ",")+`]}}`)
	if n := len(h.items(mustView(h, "hashed").prefix)); n != maxBatchWrite {
		t.Errorf("%d items, want %d", n, maxBatchWrite)
	}
	var updates []string
	for i := range maxBatchWrite {
		updates = append(updates, fmt.Sprintf(`{"Update":{"TableName":"hashed","Key":{"a":{"S":"%d"}},"UpdateExpression":"SET c = a"}}`, i))
	}
	h.refused("TransactWriteItems", `{"TransactItems":[`+strings.Join(updates, ",")+`]}`,
		"Collection size of items in the transaction has exceeded the maximum allowed size")
}

func mustView(h *harness, table string) *view {
	h.t.Helper()
	v, err := h.view(&h.caller, table)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}
