package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/capacity"
)

const (
	tightTable = `{"TableName":"tight","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},
		"GlobalSecondaryIndexes":[{"IndexName":"groups","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}}]}`
	openTable = `{"TableName":"open","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"%s}`

	tightARN = "arn:aws:dynamodb:us-east-1:000000000000:table/tight"
	openARN  = "arn:aws:dynamodb:us-east-1:000000000000:table/open"
)

// metered runs a test, in a bubble where time passes only when it sleeps, on an
// engine that enforces capacity.
func metered(t *testing.T, opts Options, test func(h *harness)) {
	synctest.Test(t, func(t *testing.T) {
		opts.EnforceCapacity = true
		test(newEngineWith(t, opts))
	})
}

func putTight(i int, more string) string {
	return fmt.Sprintf(`{"TableName":"tight","Item":{"pk":{"S":"%d"}%s}}`, i, more)
}

// throttled runs an operation that must be throttled with that code, text, reason and
// resource.
func (h *harness) throttled(name, in, code, text, reason, resource string) {
	h.t.Helper()
	out, err := h.do(name, in)
	var e *api.Error
	if !errors.As(err, &e) {
		h.t.Fatalf("%s %s: got %s %v, want it throttled", name, in, out, err)
	}
	want := []api.ThrottlingReason{{Reason: reason, Resource: resource}}
	if e.Code != code || e.Message != text || len(e.Throttling) != 1 || e.Throttling[0] != want[0] {
		h.t.Errorf("%s: %s: %s %v\nwant %s: %s %v", name, e.Code, e.Message, e.Throttling, code, text, want)
	}
}

const (
	exceeded = "ProvisionedThroughputExceededException"
	throttle = "ThrottlingException"
)

func TestProvisionedThroughputIsEnforced(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		for i := range 5 {
			h.mustDo("PutItem", putTight(i, ""))
		}
		h.throttled("PutItem", putTight(9, ""), exceeded, msgProvisioned, "TableWriteProvisionedThroughputExceeded", tightARN)
		h.expect("GetItem", `{"TableName":"tight","Key":{"pk":{"S":"9"}},"ConsistentRead":true}`, `{}`)
		time.Sleep(time.Second)
		h.mustDo("PutItem", putTight(9, ""))

		for range 18 { // of half a unit: nine are left
			h.mustDo("GetItem", `{"TableName":"tight","Key":{"pk":{"S":"1"}}}`)
		}
		h.throttled("GetItem", `{"TableName":"tight","Key":{"pk":{"S":"1"}}}`, exceeded, msgProvisioned, "TableReadProvisionedThroughputExceeded", tightARN)
		time.Sleep(2 * time.Second)
		h.mustDo("Scan", `{"TableName":"tight","ConsistentRead":true}`)
	})
}

func TestFailedConditionsCost(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		for range 5 {
			h.fails("PutItem", `{"TableName":"tight","Item":{"pk":{"S":"1"}},"ConditionExpression":"attribute_exists(pk)"}`, "ConditionalCheckFailedException: "+msgCondition)
		}
		h.throttled("PutItem", `{"TableName":"tight","Item":{"pk":{"S":"1"}},"ConditionExpression":"attribute_exists(pk)"}`,
			exceeded, msgProvisioned, "TableWriteProvisionedThroughputExceeded", tightARN)
	})
}

// An index without write capacity holds the table's writes back, but not its reads.
func TestIndexBackPressure(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		h.mustDo("PutItem", putTight(1, `,"g":{"S":"a"}`))
		h.mustDo("PutItem", putTight(1, `,"g":{"S":"a"}`)) // which changes nothing of the index
		h.mustDo("PutItem", putTight(2, `,"g":{"S":"a"}`))
		const index = tightARN + "/index/groups"
		h.throttled("PutItem", putTight(3, `,"g":{"S":"b"}`), exceeded, msgProvisionedIndex, "IndexWriteProvisionedThroughputExceeded", index)
		h.mustDo("PutItem", putTight(3, "")) // is not in the index
		h.mustDo("PutItem", putTight(4, "")) // what was refused has cost the table nothing
		for range 4 {
			h.mustDo("Scan", `{"TableName":"tight","IndexName":"groups"}`)
		}
		h.throttled("Scan", `{"TableName":"tight","IndexName":"groups"}`, exceeded, msgProvisionedIndex, "IndexReadProvisionedThroughputExceeded", index)
		h.mustDo("GetItem", `{"TableName":"tight","Key":{"pk":{"S":"1"}}}`)
	})
}

func TestBatchesLeaveWhatIsThrottled(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		var puts, keys []string
		for i := range 7 {
			puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"%d"}}}}`, i))
			keys = append(keys, fmt.Sprintf(`{"pk":{"S":"%d"}}`, i))
		}
		write := `{"RequestItems":{"tight":[` + strings.Join(puts, ",") + `]},"ReturnConsumedCapacity":"TOTAL"}`
		h.expect("BatchWriteItem", write, `{"UnprocessedItems":{"tight":[`+puts[5]+`,`+puts[6]+`]},"ConsumedCapacity":[{"TableName":"tight","CapacityUnits":5.0}]}`)
		h.throttled("BatchWriteItem", write, exceeded, msgProvisioned, "TableWriteProvisionedThroughputExceeded", tightARN)
		read := `{"RequestItems":{"tight":{"Keys":[` + strings.Join(keys, ",") + `],"ConsistentRead":true}}}`
		if got := h.mustDo("BatchGetItem", read); !strings.Contains(got, `"UnprocessedKeys":{"tight":{"Keys":[`+keys[5]+`,`+keys[6]+`]`) {
			t.Errorf("%s, want the last two keys unprocessed", got)
		}
		h.throttled("BatchGetItem", read, exceeded, msgProvisioned, "TableReadProvisionedThroughputExceeded", tightARN)
		time.Sleep(time.Second)
		if n := h.mustDo("Scan", `{"TableName":"tight","Select":"COUNT"}`); !strings.Contains(n, `"Count":5`) {
			t.Errorf("%s, want the five that were written", n)
		}
	})
}

func TestTransactionsAreCancelledForCapacity(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		const put = `{"Put":{"TableName":"tight","Item":{"pk":{"S":"%d"}}}}`
		const canceled = "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons "
		three := fmt.Sprintf(`{"TransactItems":[`+put+`,`+put+`,`+put+`]}`, 1, 2, 3)
		h.fails("TransactWriteItems", three, canceled+"[None, None, ProvisionedThroughputExceeded]")
		h.mustDo("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[`+put+`,`+put+`]}`, 1, 2)) // nothing was taken
		const get = `{"Get":{"TableName":"tight","Key":{"pk":{"S":"%d"}}}}`
		h.fails("TransactGetItems", fmt.Sprintf(`{"TransactItems":[`+get+`,`+get+`,`+get+`]}`, 1, 2, 3), canceled+"[None, None, ProvisionedThroughputExceeded]")
		h.mustDo("CreateTable", fmt.Sprintf(openTable, `,"OnDemandThroughput":{"MaxReadRequestUnits":1,"MaxWriteRequestUnits":1}`))
		const open = `{"Put":{"TableName":"open","Item":{"pk":{"S":"%d"}}}}`
		h.fails("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[`+open+`,`+open+`]}`, 1, 2), canceled+"[None, ThrottlingError]")
	})
}

func TestOnDemandIsEnforced(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", fmt.Sprintf(openTable, `,"OnDemandThroughput":{"MaxReadRequestUnits":1,"MaxWriteRequestUnits":1200}`))
		const hot = `{"TableName":"open","Item":{"pk":{"S":"hot"}}}`
		for range 1000 {
			h.mustDo("PutItem", hot)
		}
		h.throttled("PutItem", hot, throttle, msgScaling, "TableWriteKeyRangeThroughputExceeded", openARN)
		for _, key := range keysIn(partitionOf("hot")^1, 200) {
			h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"open","Item":{"pk":{"S":"%s"}}}`, key))
		}
		h.throttled("PutItem", hot, throttle, msgMaximum, "TableWriteMaxOnDemandThroughputExceeded", openARN)
	})
}

// partitionOf returns in which of the four partitions of a new on-demand table a key
// is that is a string.
func partitionOf(key string) uint32 { return partitionHash(attr.AppendKey(nil, attr.S(key))) >> 30 }

// keysIn returns keys of a partition.
func keysIn(partition uint32, n int) (keys []string) {
	for i := 0; len(keys) < n; i++ {
		if key := fmt.Sprint(i); partitionOf(key) == partition {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestTheTagDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", tightTable)
		tag := `{"ResourceArn":"` + tightARN + `","Tags":[{"Key":"levee:capacity","Value":"%s"}]}`
		for i := range 10 {
			h.mustDo("PutItem", putTight(i, ""))
		}
		h.mustDo("TagResource", fmt.Sprintf(tag, "enforce"))
		for i := range 5 {
			h.mustDo("PutItem", putTight(i, ""))
		}
		h.throttled("PutItem", putTight(9, ""), exceeded, msgProvisioned, "TableWriteProvisionedThroughputExceeded", tightARN)
		h.mustDo("TagResource", fmt.Sprintf(tag, "off"))
		h.mustDo("PutItem", putTight(9, ""))
	})
}

func TestCapacityFollowsTheTable(t *testing.T) {
	metered(t, Options{TableDelay: 10 * time.Second}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		time.Sleep(11 * time.Second)
		writes := func() (n int) {
			for ; n < 5000; n++ {
				if _, err := h.do("PutItem", putTight(n, "")); err != nil {
					break
				}
			}
			return n
		}
		writes() // what was kept while the table was being created
		h.mustDo("UpdateTable", `{"TableName":"tight","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":100}}`)
		time.Sleep(2 * time.Second)
		if n := writes(); n != 10 {
			t.Errorf("%d writes in two seconds of the change, want those of before", n)
		}
		time.Sleep(10 * time.Second)
		writes()
		time.Sleep(2 * time.Second)
		if n := writes(); n != 200 {
			t.Errorf("%d writes in two seconds after the change, want 200", n)
		}
	})
}

func TestModelTimePassesFaster(t *testing.T) {
	var began time.Time
	metered(t, Options{ModelTime: func() time.Time { return began.Add(60 * time.Since(began)) }}, func(h *harness) {
		began = time.Now()
		h.mustDo("CreateTable", tightTable)
		time.Sleep(time.Second)
		n := 0
		for ; n < 1000; n++ {
			if _, err := h.do("PutItem", putTight(n, "")); err != nil {
				break
			}
		}
		if n != 305 {
			t.Errorf("%d writes after a second, want a minute's and those of the beginning", n)
		}
	})
}

func TestThrottledKeysAndFigures(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		h.mustDo("UpdateContributorInsights", `{"TableName":"tight","ContributorInsightsAction":"ENABLE"}`)
		for range 8 {
			h.do("PutItem", putTight(7, ""))
		}
		r, ok := h.Contributors(testNamespace, "tight", "", ThrottledPartitions)
		if !ok || len(r.Running) != 1 || r.Running[0].Count != 3 {
			t.Errorf("throttled keys %+v, want one three times", r.Running)
		}
		figures := h.CapacityFigures()
		if len(figures) != 2 {
			t.Fatalf("%d figures, want the table and its index", len(figures))
		}
		f := figures[0]
		if f.Table != "tight" || f.Index != "" || f.Units[capacity.Write] != 5 || f.Throttled[capacity.Write][capacity.ProvisionedThroughput] != 3 {
			t.Errorf("%+v, want 5 units written and 3 writes throttled", f)
		}
	})
}

// What an on-demand table sustains grows with its traffic, and is described.
func TestWarmThroughputGrows(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", fmt.Sprintf(openTable, ""))
		large := strings.Repeat("x", 390<<10)
		for i := range 60 * 9 {
			key := keysIn(uint32(i)%4, 1)[0]
			h.mustDo("PutItem", fmt.Sprintf(`{"TableName":"open","Item":{"pk":{"S":"%s"},"x":{"S":"%s"}}}`, key, large))
			time.Sleep(time.Minute / 540)
		}
		time.Sleep(20 * time.Minute)
		const want = `"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":7038,"Status":"ACTIVE"}`
		if got := h.mustDo("DescribeTable", `{"TableName":"open"}`); !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

// BenchmarkCapacity measures what enforcement costs: nothing where it is off.
func BenchmarkCapacity(b *testing.B) {
	for _, enforce := range []bool{false, true} {
		began := time.Now()
		h := newEngineWith(b, Options{EnforceCapacity: enforce, ModelTime: func() time.Time { return began.Add(1000 * time.Since(began)) }})
		h.mustDo("CreateTable", fmt.Sprintf(openTable, ""))
		h.mustDo("PutItem", `{"TableName":"open","Item":{"pk":{"S":"1"}}}`)
		for _, c := range []struct{ name, in string }{
			{"PutItem", `{"TableName":"open","Item":{"pk":{"S":"1"}}}`},
			{"GetItem", `{"TableName":"open","Key":{"pk":{"S":"1"}}}`},
		} {
			b.Run(fmt.Sprintf("%s/enforced=%v", c.name, enforce), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.mustDo(c.name, c.in)
				}
			})
		}
	}
}

// The error of a condition that fails does not say what it cost: only running out of
// capacity does.
func TestFailedConditionsConsumeCapacity(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		h.mustDo("PutItem", putTight(1, ""))
		const in = `{"TableName":"tight","Key":{"pk":{"S":"1"}},"ConditionExpression":"attribute_not_exists(pk)"}`
		for range 5 * 300 * 2 { // twice what the table may burst
			_, err := h.do("DeleteItem", in)
			var e *api.Error
			if !errors.As(err, &e) {
				t.Fatalf("DeleteItem: %v, want it refused", err)
			}
			if e.Code == exceeded {
				return
			}
		}
		t.Error("refused writes consumed no capacity")
	})
}
