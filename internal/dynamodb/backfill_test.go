package dynamodb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// addIndex creates the index "by-n" on the number n, with the string g as range.
const addIndex = `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-n","KeySchema":[{"AttributeName":"n","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],
	"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["extra"]}}}]}`

const dropIndex = `{"TableName":"abc","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-n"}}]}`

func put(pk int, rest string) string {
	return fmt.Sprintf(`{"TableName":"abc","Item":{"pk":{"S":"%d"}%s}}`, pk, rest)
}

// indexed is the rest of an item that is in the index.
func indexed(n, g int) string {
	return fmt.Sprintf(`,"n":{"N":"%d"},"g":{"S":"%d"},"extra":{"S":"x"},"more":{"S":"y"}`, n, g)
}

// fill makes the table abc with count items, of which half are in the index.
func (h *harness) fill(count int) {
	h.t.Helper()
	h.mustDo("CreateTable", plain("abc", onDemand))
	for i := range count {
		rest := ``
		if i%2 == 0 {
			rest = indexed(i%7, i)
		}
		h.mustDo("PutItem", put(i, rest))
	}
}

// checkIndex checks that the index holds exactly what the items demand, by an
// independent reading of the rules, and that the counters know it. It returns the
// number of entries.
func (h *harness) checkIndex() int {
	h.t.Helper()
	t, err := h.lookup(&h.caller, "abc")
	if err != nil {
		h.t.Fatal(err)
	}
	v := t.current.Load()
	x := v.find("by-n")
	want, size := map[string]attr.Map{}, 0
	for _, item := range h.items(v.prefix) {
		n, hasN := item.Get("n")
		g, hasG := item.Get("g")
		if !hasN || !hasG || n.Kind() != attr.KindN || g.Kind() != attr.KindS || g.Str() == "" || len(g.Str()) > 1024 {
			continue
		}
		pk, _ := item.Get("pk")
		entry := item.Without("more")
		want[pk.Str()], size = entry, size+entry.Size()
	}
	got := h.items(x.prefix)
	for _, entry := range got {
		pk, _ := entry.Get("pk")
		if !entry.Equal(want[pk.Str()]) {
			h.t.Errorf("entry %s, want %s", entry.AppendJSON(nil), want[pk.Str()].AppendJSON(nil))
		}
	}
	if len(got) != len(want) {
		h.t.Errorf("%d entries, want %d", len(got), len(want))
	}
	items, bytes := x.size()
	if items != int64(len(want)) || bytes != int64(size) {
		h.t.Errorf("counted %d entries of %d bytes, want %d of %d", items, bytes, len(want), size)
	}
	return len(got)
}

// items returns what is stored below a prefix.
func (h *harness) items(prefix []byte) []attr.Map {
	h.t.Helper()
	it := h.store.Scan(kv.PrefixRange(prefix))
	defer it.Close()
	var list []attr.Map
	for it.Next() {
		m, err := attr.DecodeMap(bytes.Clone(it.Value()))
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// halt stops the background work for good, as if it had not got any further
// yet.
func (h *harness) halt() {
	h.background.stop()
	h.background.Wait()
}

func TestNewIndexIsFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(500)
		out := h.mustDo("UpdateTable", addIndex)
		for _, want := range []string{`"TableStatus":"UPDATING"`, `"IndexStatus":"CREATING","Backfilling":false`,
			`"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"pk","AttributeType":"S"}]`} {
			if !strings.Contains(out, want) {
				t.Errorf("want %s\n in %s", want, out)
			}
		}
		synctest.Wait()
		h.describes(`"TableStatus":"ACTIVE"`, `"IndexStatus":"ACTIVE"`)
		if n := h.checkIndex(); n != 250 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestWhileAnIndexIsFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(3)
		h.halt()
		h.mustDo("UpdateTable", addIndex)
		h.describes(`"TableStatus":"ACTIVE"`, `"IndexStatus":"CREATING","Backfilling":true`, `"IndexSizeBytes":0,"ItemCount":0`)
		const one = "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
		h.fails("UpdateTable", strings.ReplaceAll(addIndex, `"by-n"`, `"other"`), one)
		h.fails("UpdateTable", `{"TableName":"abc","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"by-n","WarmThroughput":{"ReadUnitsPerSecond":12001}}}]}`,
			"ResourceInUseException: Attempt to change a resource which is still in use: Index is being created. Table: abc Index: by-n")
		h.fails("DeleteTable", `{"TableName":"abc"}`,
			"ResourceInUseException: Attempt to change a resource which is still in use: Cannot delete table while indexes are being created, updated, or deleted.")
		h.mustDo("PutItem", put(0, indexed(1, 2))) // the write maintains the index
		h.restart()                                // and the filling starts anew
		synctest.Wait()
		h.describes(`"IndexStatus":"ACTIVE"`)
		if n := h.checkIndex(); n != 2 {
			t.Errorf("%d entries", n)
		}
	})
}

// Whatever a write and the filling of the index do at the same time, the index
// ends up as the items say.
func TestIndexIsFilledUnderWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 2000
		h := newEngine(t)
		h.fill(keys)
		var writers sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			writers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						h.writeAny(rand.IntN(keys))
					}
				}
			})
		}
		h.mustDo("UpdateTable", addIndex)
		for strings.Contains(h.mustDo("DescribeTable", `{"TableName":"abc"}`), "CREATING") {
			h.writeAny(rand.IntN(keys))
		}
		close(stop)
		writers.Wait()
		synctest.Wait()
		h.checkIndex()
		before := h.mustDo("DescribeTable", `{"TableName":"abc"}`)
		h.restart()
		synctest.Wait()
		h.expect("DescribeTable", `{"TableName":"abc"}`, before) // counted again
	})
}

// writeAny makes some change of an item: into the index, within it, out of it.
func (h *harness) writeAny(pk int) {
	where := fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}`, pk)
	var err error
	switch rand.IntN(4) {
	case 0:
		_, err = h.do("PutItem", put(pk, indexed(rand.IntN(7), rand.IntN(100))))
	case 1:
		_, err = h.do("UpdateItem", where+fmt.Sprintf(`,"UpdateExpression":"SET n = :n, extra = :n","ExpressionAttributeValues":{":n":{"N":"%d"}}}`, rand.IntN(7)))
	case 2:
		_, err = h.do("UpdateItem", where+`,"UpdateExpression":"REMOVE g"}`)
	case 3:
		_, err = h.do("DeleteItem", where+`}`)
	}
	if err != nil {
		h.t.Errorf("write: %v", err)
	}
}

// An index that is deleted while it is filled leaves no rows behind, however
// far the filling is.
func TestIndexIsDeletedWhileFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(1000)
		rows := h.rows()
		for range 20 {
			out := h.mustDo("UpdateTable", addIndex)
			if !strings.Contains(out, "CREATING") {
				t.Fatal(out)
			}
			out = h.mustDo("UpdateTable", dropIndex)
			if !strings.Contains(out, `"IndexStatus":"DELETING"`) || !strings.Contains(out, `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}]`) {
				t.Fatal(out)
			}
		}
		synctest.Wait()
		if got := h.rows(); got != rows {
			t.Errorf("%d rows, had %d", got, rows)
		}
		h.describes(`"ItemCount":1000`)
		h.mustDo("UpdateTable", addIndex)
		synctest.Wait()
		h.checkIndex()
		h.mustDo("UpdateTable", dropIndex)
		if got := h.rows(); got != rows {
			t.Errorf("%d rows, had %d", got, rows)
		}
	})
}

func TestFillingStopsWithTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(10)
		h.halt()
		h.mustDo("UpdateTable", addIndex)
		table, err := h.lookup(&h.caller, "abc")
		if err != nil {
			t.Fatal(err)
		}
		v := table.current.Load()
		if err := h.drop(table, v); err != nil {
			t.Fatal(err)
		}
		rows := h.rows()
		goOn, err := h.fillRows(table, indexFiller(v.find("by-n").Number), [][]byte{append(v.prefix, 1)})
		if goOn || err != nil || h.finishBackfill(table, v.find("by-n").Number) != nil {
			t.Errorf("went on: %v, %v", goOn, err)
		}
		if got := h.rows(); got != rows {
			t.Errorf("%d rows, had %d", got, rows)
		}
	})
}

// Items from before an index may have anything where its key should be. They are
// left out, and can be corrected or deleted afterwards (Developer Guide,
// "Detecting and correcting index key violations").
func TestIndexLeavesOutItemsThatViolateIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		for i, rest := range []string{
			indexed(1, 1),
			`,"n":{"S":"text"},"g":{"S":"1"}`,
			`,"n":{"N":"1"},"g":{"S":""}`,
			`,"n":{"N":"1"},"g":{"S":"` + strings.Repeat("x", 1025) + `"}`,
			`,"n":{"N":"1"},"g":{"S":"` + strings.Repeat("x", 40000) + `"}`,
		} {
			h.mustDo("PutItem", put(i, rest))
		}
		h.mustDo("UpdateTable", addIndex)
		synctest.Wait()
		if n := h.checkIndex(); n != 1 {
			t.Errorf("%d entries", n)
		}
		for i := 1; i < 4; i++ {
			h.mustDo("PutItem", put(i, indexed(i, i)))
		}
		h.mustDo("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"4"}}}`)
		if n := h.checkIndex(); n != 4 {
			t.Errorf("%d entries", n)
		}
		if _, err := h.do("PutItem", put(9, `,"n":{"S":"text"}`)); err == nil {
			t.Error("a write that violates the index should be refused")
		}
	})
}

func TestTwentyOneIndexesAreTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(1)
		for i := range 21 {
			in := strings.ReplaceAll(addIndex, `"by-n"`, fmt.Sprintf(`"by-%d"`, i))
			if i < 20 {
				h.mustDo("UpdateTable", in)
			} else {
				h.fails("UpdateTable", in, "LimitExceededException: Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20")
			}
			synctest.Wait()
		}
	})
}

func TestCountsAfterOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.fill(3000)
		h.mustDo("UpdateTable", addIndex)
		synctest.Wait()
		before := h.mustDo("DescribeTable", `{"TableName":"abc"}`)
		h.restart()
		for i := range 100 { // while the rows are counted
			h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, i))
			h.mustDo("PutItem", put(3000+i, ``))
			h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, 3000+i))
			rest := ``
			if i%2 == 0 {
				rest = indexed(i%7, i)
			}
			h.mustDo("PutItem", put(i, rest))
		}
		synctest.Wait()
		h.expect("DescribeTable", `{"TableName":"abc"}`, before)
		if !strings.Contains(before, `"ItemCount":3000`) {
			t.Error(before)
		}
	})
}

// Tables are created, changed, written and deleted at once.
func TestTablesComeAndGoUnderWrites(t *testing.T) {
	h := newEngine(t)
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := range 50 {
				h.tryAll(w, i)
			}
		})
	}
	workers.Wait()
}

// tryAll does what may fail because of what others do, but only in the ways
// that the service knows.
func (h *harness) tryAll(w, i int) {
	for _, op := range []struct{ name, in string }{
		{"CreateTable", plain("abc", onDemand)},
		{"PutItem", put(w*1000+i, indexed(w, i))},
		{"UpdateTable", addIndex},
		{"PutItem", put(w*1000+i, indexed(w, i+1))},
		{"UpdateTable", update(`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}`)},
		{"DescribeTable", `{"TableName":"abc"}`},
		{"DeleteTable", `{"TableName":"abc"}`},
	} {
		_, err := h.do(op.name, op.in)
		if e, ok := err.(*api.Error); err != nil && (!ok || e.Fault == api.Server) {
			h.t.Errorf("%s: %v", op.name, err)
		}
	}
}
