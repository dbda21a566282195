package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func TestKeyFilterForgetsNothing(t *testing.T) {
	var f keyFilter
	f.begin()
	const writers, rows = 4, 12_500
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rows {
				row := fmt.Append(nil, w, "/", i)
				if f.absent(hashOf(row)) {
					t.Error("absent before the filter is complete")
				}
				if f.set.Load().has(xxhash.Sum64(row)) {
					wrong.Add(1)
				}
				f.add(hashOf(row))
			}
		})
	}
	wg.Wait()
	f.complete()
	for w := range writers {
		for i := range rows {
			if f.absent(hashOf(fmt.Append(nil, w, "/", i))) {
				t.Fatalf("row %d of writer %d is forgotten", i, w)
			}
		}
	}
	for i := range writers * rows {
		if !f.absent(hashOf(fmt.Append(nil, "other", i))) {
			wrong.Add(1)
		}
	}
	if n := len(f.set.Load().parts); n != 4 {
		t.Errorf("%d parts for %d rows", n, writers*rows)
	}
	if wrong.Load() > writers*rows/25 {
		t.Errorf("%d rows of %d are taken for others", wrong.Load(), 2*writers*rows)
	}
}

func TestKeyFilterKnowsNothingAtFirst(t *testing.T) {
	var f keyFilter
	f.add(hashOf([]byte("row")))
	f.complete()
	if f.absent(hashOf([]byte("row"))) || f.absent(hashOf([]byte("other"))) {
		t.Error("a filter that was not begun knows something")
	}
}

func TestKeyFilterIsGivenUp(t *testing.T) {
	var f keyFilter
	full := &keyPart{bloom: make(bloom, filterWordsMost)}
	full.keys.Store(keysPerWord * filterWordsMost)
	f.set.Store(&keySet{whole: true, parts: []*keyPart{full}})
	if !f.absent(hashOf([]byte("row"))) {
		t.Fatal("the filter does not know that a row is absent")
	}
	f.add(hashOf([]byte("row")))
	if f.set.Load() != nil || f.absent(hashOf([]byte("row"))) || f.absent(hashOf([]byte("other"))) {
		t.Error("a filter that is too large is kept")
	}
}

// readCounter counts the rows that are looked up in a store.
type readCounter struct {
	kv.Store
	gets atomic.Int64
}

func (s *readCounter) Get(key, dst []byte) ([]byte, bool, error) {
	s.gets.Add(1)
	return s.Store.Get(key, dst)
}

// TestNewItemsAreNotLookedUp: neither in a table that is new nor, once they have
// been counted, in one that was there before.
func TestNewItemsAreNotLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &readCounter{Store: kvmem.New()}
		h := openEngine(t, store)
		h.mustDo("CreateTable", hashedTable)
		put := func(key string) (gets int64) {
			before := store.gets.Load()
			h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"hashed","Item":{"a":{"S":%q}}}`, key))
			return store.gets.Load() - before
		}
		for _, key := range []string{"one", "two"} {
			if n := put(key); n != 0 {
				t.Errorf("%d rows are looked up for a new item", n)
			}
			if n := put(key); n != 1 {
				t.Errorf("%d rows are looked up for an item that is there, want 1", n)
			}
			h.restart()
			synctest.Wait() // until the rows are counted
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCountsAreExact has clients put and delete the same items at once, begin
// again after restarts while the rows are still being counted, and compares what
// is counted with what is there.
func TestCountsAreExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := kvmem.New()
		h := openEngine(t, store)
		h.mustDo("CreateTable", hashedTable)
		for round := range 6 {
			var wg sync.WaitGroup
			for client := range 4 {
				rng := rand.New(rand.NewPCG(uint64(round), uint64(client)))
				wg.Go(func() {
					for range 300 {
						writeSomething(h, rng, 200*(round+1))
					}
				})
			}
			wg.Wait()
			synctest.Wait() // until the rows are counted
			checkCounted(h, "hashed")
			if round%2 == 1 {
				h.restart()
			}
		}
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

// writeSomething puts or deletes one of a number of items, or two of them.
func writeSomething(h *harness, rng *rand.Rand, items int) {
	key := rng.IntN(items)
	item := fmt.Sprintf(`{"a":{"S":"%d"},"text":{"S":"%0*d"}}`, key, 1+rng.IntN(50), 0)
	switch rng.IntN(4) {
	case 0:
		h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"hashed","Key":{"a":{"S":"%d"}}}`, key))
	case 1:
		h.mustDo("UpdateItem", fmt.Sprintf(`{"TableName":"hashed","Key":{"a":{"S":"%d"}},"UpdateExpression":"ADD n :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, key))
	case 2:
		h.mustDo("BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"hashed":[{"PutRequest":{"Item":%s}},{"DeleteRequest":{"Key":{"a":{"S":"%d"}}}}]}}`, item, key+1))
	default:
		h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"hashed","Item":%s}`, item))
	}
}

// checkCounted compares what is counted of a table with its rows.
func checkCounted(h *harness, name string) {
	h.t.Helper()
	table, err := h.lookup(&h.caller, name)
	if err != nil {
		h.t.Fatal(err)
	}
	want, err := h.totalOf(itemPrefix(table.id), table.current.Load().slim())
	if err != nil {
		h.t.Fatal(err)
	}
	if got := (total{table.stats.items.Load(), table.stats.bytes.Load()}); got != want {
		h.t.Errorf("counted %+v, there are %+v", got, want)
	}
}

// TestRestoredItemsAreFound: a table that was filled by something else than writes
// has its items, before and after the next restart.
func TestRestoredItemsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := kvmem.New()
		h := openEngine(t, store)
		h.mustDo("CreateTable", hashedTable)
		const item = `{"a":{"S":"k"}}`
		h.mustDo("PutItem", `{"TableName":"hashed","Item":`+item+`}`)
		arn := h.backup("hashed", "copy")
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"restored","BackupArn":%q}`, arn))
		synctest.Wait()
		for range 2 {
			h.expect("PutItem", `{"TableName":"restored","ReturnValues":"ALL_OLD","Item":`+item+`}`, `{"Attributes":`+item+`}`)
			checkCounted(h, "restored")
			h.restart()
			synctest.Wait()
		}
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			t.Fatal(err)
		}
	})
}
