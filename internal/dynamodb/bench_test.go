package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// benchItems is the number of items that a benchmark finds: partitions of ten.
const benchItems = 10_000

// BenchmarkOperations measures operations from the JSON of the request to that of
// the answer, without a wire. On Pebble the disk is memory, so that what is
// measured is work, not waiting.
func BenchmarkOperations(b *testing.B) {
	b.Run("kvmem", func(b *testing.B) { benchOperations(b, kvmem.New()) })
	b.Run("kvpebble", func(b *testing.B) {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: vfs.NewMem()})
		if err != nil {
			b.Fatal(err)
		}
		benchOperations(b, store)
	})
}

func benchOperations(b *testing.B, store kv.Store) {
	h := openEngine(b, store)
	defer func() {
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			b.Error(err)
		}
	}()
	const create = `{"TableName":%q,"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}%s],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]%s}`
	h.mustDo("CreateTable", fmt.Sprintf(create, "plain", "", ""))
	h.mustDo("CreateTable", fmt.Sprintf(create, "rich", `,{"AttributeName":"kind","AttributeType":"S"}`, `,
		"GlobalSecondaryIndexes":[{"IndexName":"kinds","KeySchema":[{"AttributeName":"kind","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}`))
	for i := range benchItems {
		for _, table := range []string{"plain", "rich"} {
			h.mustDo("PutItem", benchPut(table, i))
		}
	}
	for _, c := range []struct {
		name, op string
		in       func(i int) string
	}{
		{"PutItem", "PutItem", func(i int) string { return benchPut("plain", i%benchItems) }},
		{"PutItem index stream", "PutItem", func(i int) string { return benchPut("rich", i%benchItems) }},
		{"GetItem", "GetItem", func(i int) string { return `{"TableName":"plain",` + benchKey(i) + `}` }},
		{"UpdateItem ADD", "UpdateItem", func(i int) string { return `{"TableName":"plain",` + benchAdd(i) + `}` }},
		{"TransactWriteItems 2", "TransactWriteItems", func(i int) string {
			return fmt.Sprintf(`{"ClientRequestToken":"t%d","TransactItems":[{"Update":{"TableName":"plain",%s}},{"Update":{"TableName":"rich",%s}}]}`, i, benchAdd(i), benchAdd(i))
		}},
		{"Query 10", "Query", func(i int) string {
			return fmt.Sprintf(`{"TableName":"plain","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}}}`, i%benchItems/10)
		}},
		{"BatchWriteItem 25", "BatchWriteItem", func(i int) string {
			var puts []string
			for j := range maxBatchWrite {
				put := benchPut("plain", (i*maxBatchWrite+j)%benchItems)
				puts = append(puts, `{"PutRequest":{`+strings.TrimPrefix(put, `{"TableName":"plain",`)+`}`)
			}
			return `{"RequestItems":{"plain":[` + strings.Join(puts, ",") + `]}}`
		}},
	} {
		b.Run(c.name, func(b *testing.B) { h.bench(b, c.op, c.in) })
	}
}

// bench runs an operation on a cycle of requests.
func (h *harness) bench(b *testing.B, name string, in func(int) string) {
	op := h.ops[name]
	var requests [1000][]byte
	for i := range requests {
		requests[i] = []byte(in(i * 7919)) // spread over the items
	}
	var d jsontok.Decoder
	var out []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		d.Reset(requests[i%len(requests)])
		request := op.New()
		request.ReadJSON(&d)
		answer, err := op.Handle(b.Context(), &h.caller, request)
		if err != nil {
			b.Fatal(err)
		}
		out = answer.AppendJSON(out[:0])
	}
}

func benchKey(i int) string {
	i %= benchItems
	return fmt.Sprintf(`"Key":{"pk":{"S":"p%d"},"sk":{"N":"%d"}}`, i/10, i%10)
}

func benchAdd(i int) string {
	return benchKey(i) + `,"UpdateExpression":"ADD visits :1","ExpressionAttributeValues":{":1":{"N":"1"}}`
}

func benchPut(table string, i int) string {
	return fmt.Sprintf(`{"TableName":%q,"Item":{"pk":{"S":"p%d"},"sk":{"N":"%d"},"kind":{"S":"k%d"},"name":{"S":"item number %d"},"visits":{"N":"%s"},"text":{"S":%q}}}`,
		table, i/10, i%10, i%100, i, strconv.Itoa(i), strings.Repeat("x", 200))
}

// BenchmarkSearchVectors measures a search of ten thousand vectors of 128 numbers,
// exactly and by a graph.
func BenchmarkSearchVectors(b *testing.B) {
	const dims = 128
	r := rand.New(rand.NewPCG(1, 2))
	vector := func() string {
		list := make([]string, dims)
		for i := range list {
			list[i] = fmt.Sprintf(`{"N":"%.4f"}`, r.NormFloat64())
		}
		return strings.Join(list, ",")
	}
	h := newEngine(b)
	h.mustDo("CreateTable", strings.ReplaceAll(docsTable, `"Dimensions":2`, fmt.Sprint(`"Dimensions":`, dims)))
	for i := range benchItems {
		h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"docs","Item":{"id":{"S":"%d"},"v":{"L":[%s]}}}`, i, vector()))
	}
	search := func(b *testing.B) {
		for b.Loop() {
			h.mustDo("SearchVectors", `{"TableName":"docs","IndexName":"near","SearchVector":[`+vector()+`],"TopK":10,"ProjectionExpression":"id"}`)
		}
	}
	h.graphs.least = benchItems + 1
	b.Run("exact", search)
	h.graphs.least = leastEntries
	h.mustDo("SearchVectors", `{"TableName":"docs","IndexName":"near","SearchVector":[`+vector()+`],"TopK":10}`)
	for h.graphOf("near") == nil {
		runtime.Gosched() // it is being built
	}
	b.Run("graph", search)
}

// BenchmarkNewItems measures puts of items that were not there before.
func BenchmarkNewItems(b *testing.B) {
	b.Run("kvmem", func(b *testing.B) { benchNewItems(b, kvmem.New()) })
	b.Run("kvpebble", func(b *testing.B) {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: vfs.NewMem()})
		if err != nil {
			b.Fatal(err)
		}
		benchNewItems(b, store)
	})
}

func benchNewItems(b *testing.B, store kv.Store) {
	h := openEngine(b, store)
	defer func() {
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			b.Error(err)
		}
	}()
	h.mustDo("CreateTable", hashedTable)
	next := 0
	item := func() string {
		next++
		return `{"a":{"S":"item ` + strconv.Itoa(next) + `"},"text":{"S":"` + strings.Repeat("x", 200) + `"}}`
	}
	b.Run("PutItem", func(b *testing.B) {
		for b.Loop() {
			h.mustDo("PutItem", `{"TableName":"hashed","Item":`+item()+`}`)
		}
	})
	b.Run("BatchWriteItem 25", func(b *testing.B) {
		for b.Loop() {
			in := []byte(`{"RequestItems":{"hashed":[`)
			for range maxBatchWrite {
				in = append(append(append(in, `{"PutRequest":{"Item":`...), item()...), `}},`...)
			}
			h.mustDo("BatchWriteItem", string(in[:len(in)-1])+`]}}`)
		}
	})
}

// BenchmarkHotItem has 256 clients count on one item and on many, with every
// increment on the disk before it is answered.
func BenchmarkHotItem(b *testing.B) {
	for _, c := range []struct {
		name  string
		items int
	}{{"one", 1}, {"many", benchItems}} {
		b.Run(c.name, func(b *testing.B) {
			store, err := kvpebble.Open(b.TempDir(), kvpebble.Options{})
			if err != nil {
				b.Fatal(err)
			}
			h := openEngine(b, store)
			defer func() {
				if err := errors.Join(h.Close(), store.Close()); err != nil {
					b.Error(err)
				}
			}()
			h.mustDo("CreateTable", hashedTable)
			var next atomic.Int64
			b.SetParallelism(128)
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					key := next.Add(1) % int64(c.items)
					if _, err := h.do("UpdateItem", fmt.Sprintf(`{"TableName":"hashed","Key":{"a":{"S":"k%d"}},"UpdateExpression":"ADD n :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, key)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkTable is the life of a table in a test: created, written, read,
// deleted.
func BenchmarkTable(b *testing.B) {
	h := openEngine(b, kvmem.New())
	defer h.Close()
	b.ReportAllocs()
	for b.Loop() {
		h.mustDo("CreateTable", hashedTable)
		h.mustDo("PutItem", `{"TableName":"hashed","Item":{"a":{"S":"k"}}}`)
		h.mustDo("Query", `{"TableName":"hashed","KeyConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"k"}}}`)
		h.mustDo("DeleteTable", `{"TableName":"hashed"}`)
	}
}
