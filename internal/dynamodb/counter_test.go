package dynamodb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// counterRig is an engine whose operations are called by name with JSON.
type counterRig struct {
	testing.TB
	store kv.Store
	*Engine
	ops map[string]api.Operation
}

func newCounterRig(t testing.TB, store kv.Store) *counterRig {
	t.Helper()
	r := &counterRig{TB: t, store: store}
	r.open()
	t.Cleanup(func() { _ = r.Engine.Close() })
	return r
}

func (r *counterRig) open() {
	e, err := Open(r.store, Options{})
	if err != nil {
		r.Fatal(err)
	}
	r.Engine, r.ops = e, map[string]api.Operation{}
	for _, op := range e.Operations() {
		r.ops[op.Name] = op
	}
}

func (r *counterRig) reopen() {
	if err := r.Engine.Close(); err != nil {
		r.Fatal(err)
	}
	r.open()
}

var counterCaller = &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}}

func (r *counterRig) try(name, body string) (string, error) {
	in := r.ops[name].New()
	var d jsontok.Decoder
	d.Reset([]byte(body))
	in.ReadJSON(&d)
	if err := d.End(); err != nil {
		r.Fatalf("%s: %v", body, err)
	}
	var v api.Violations
	if in.Validate(&v); v.Err() != nil {
		return "", v.Err()
	}
	out, err := r.ops[name].Handle(context.Background(), counterCaller, in)
	if err != nil {
		return "", err
	}
	return string(out.AppendJSON(nil)), nil
}

func (r *counterRig) do(name, body string) string {
	r.Helper()
	out, err := r.try(name, body)
	if err != nil {
		r.Fatalf("%s %s: %v", name, body, err)
	}
	return out
}

// chat makes the table of unread messages: one item for a chat and a member, and who
// manages it.
func (r *counterRig) chat() {
	r.do("CreateTable", `{"TableName":"unread","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"chat","KeyType":"HASH"},{"AttributeName":"id","KeyType":"RANGE"}],
		"AttributeDefinitions":[{"AttributeName":"chat","AttributeType":"S"},{"AttributeName":"id","AttributeType":"N"}]}`)
}

const managerBadge = `{"CounterName":"manager-badge","TableName":"unread","GroupBy":[{"AttributeName":"manager","AttributeType":"S"}],"Sum":["n"],
	"FilterExpression":"#s <> :closed","ExpressionAttributeNames":{"#s":"state"},"ExpressionAttributeValues":{":closed":{"S":"closed"}}}`

// change does one of all things that can be done to an item; some are refused.
func (r *counterRig) change(rng *rand.Rand) {
	key := fmt.Sprintf(`"chat":{"S":"c%d"},"id":{"N":"%d"}`, rng.IntN(5), rng.IntN(20))
	manager := fmt.Sprintf(`{"S":"m%d"}`, rng.IntN(4))
	put := fmt.Sprintf(`"TableName":"unread","Item":{%s,"manager":%s,"n":{"N":"%d.5"},"state":{"S":"%s"}}`, key, manager, rng.IntN(9), []string{"open", "closed"}[rng.IntN(2)])
	update := fmt.Sprintf(`"TableName":"unread","Key":{%s},"UpdateExpression":"SET manager = :m ADD n :n","ExpressionAttributeValues":{":m":%s,":n":{"N":"%d"}}`, key, manager, rng.IntN(5)-2)
	switch rng.IntN(6) {
	case 0:
		_, _ = r.try("PutItem", "{"+put+"}")
	case 1:
		_, _ = r.try("UpdateItem", "{"+update+"}")
	case 2:
		_, _ = r.try("DeleteItem", fmt.Sprintf(`{"TableName":"unread","Key":{%s}}`, key))
	case 3:
		_, _ = r.try("PutItem", fmt.Sprintf(`{"TableName":"unread","Item":{%s,"manager":{"N":"1"}}}`, key)) // in no group
	case 4:
		_, _ = r.try("BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"unread":[{"PutRequest":{"Item":{%s,"manager":%s,"n":{"S":"none"}}}}]}}`, key, manager))
	case 5:
		other := fmt.Sprintf(`"chat":{"S":"d"},"id":{"N":"%d"}`, rng.IntN(9))
		_, _ = r.try("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[{"Update":{%s}},{"Put":{"TableName":"unread","Item":{%s,"manager":%s,"n":{"N":"3"}}}}]}`, update, other, manager))
	}
}

// recount counts the items of the table, and compares.
func (r *counterRig) recount(what string) {
	r.Helper()
	want := tallies{}
	v, err := r.view(counterCaller, "unread")
	if err != nil {
		r.Fatal(err)
	}
	c := &v.counters[0]
	it := r.store.Scan(kv.PrefixRange(v.prefix))
	for it.Next() {
		item, err := attr.DecodeMap(it.Value())
		if err != nil {
			r.Fatal(err)
		}
		if err := want.add(c, item, false); err != nil {
			r.Fatal(err)
		}
	}
	if err := it.Close(); err != nil {
		r.Fatal(err)
	}
	rows := 0
	it = r.store.Scan(kv.PrefixRange(c.prefix))
	for it.Next() {
		rows++
	}
	if err := it.Close(); err != nil {
		r.Fatal(err)
	}
	if rows != len(want) {
		r.Errorf("%s: %d groups, want %d", what, rows, len(want))
	}
	for int(c.stats.items.Load()) != rows { // after a restart they are counted in the background
		runtime.Gosched()
	}
	for _, w := range want {
		got := r.do("GetItem", fmt.Sprintf(`{"TableName":"manager-badge","ConsistentRead":true,"Key":{"manager":{"S":%q}}}`, w.key[0].Value.Str()))
		if text := fmt.Sprintf(`{"Item":{"count":{"N":"%d"},"manager":{"S":%q},"n":{"N":"%s"}}}`, w.count, w.key[0].Value.Str(), w.sums[0]); got != text {
			r.Errorf("%s: %s, want %s", what, got, text)
		}
	}
}

// built waits until a counter is built.
func (r *counterRig) built(name string) {
	for {
		var d leveeapi.CounterDescription
		out, err := r.DescribeCounter(context.Background(), counterCaller, &leveeapi.NamedCounterInput{CounterName: api.Some(name)})
		if err != nil {
			r.Fatal(err)
		}
		if d = out.Counter; d.CounterStatus == leveeapi.CounterStatusActive {
			if _, err := r.view(counterCaller, name); err == nil {
				return
			}
		}
	}
}

// A counter equals a recount at every pause, whenever it was built, and after
// restarts, also in the middle of the building.
func TestCounterEqualsRecount(t *testing.T) {
	r := newCounterRig(t, kvmem.New())
	r.chat()
	work := func(n int, seed uint64) {
		var writers sync.WaitGroup
		for i := range uint64(4) {
			rng := rand.New(rand.NewPCG(seed, i))
			writers.Go(func() {
				for range n {
					r.change(rng)
				}
			})
		}
		writers.Wait()
	}
	work(100, 1)
	for round := range uint64(6) {
		var building sync.WaitGroup
		building.Go(func() { work(100, 10+round) })
		r.do("CreateCounter", managerBadge)
		if round%2 == 1 {
			building.Wait()
			r.reopen()
		}
		r.built("manager-badge")
		building.Wait()
		r.recount("built under writes")
		for pause := range uint64(3) {
			work(50, 100*round+pause)
			r.recount("at a pause")
		}
		r.reopen()
		work(20, 1000+round)
		if round == 5 {
			break
		}
		r.do("DeleteCounter", `{"CounterName":"manager-badge"}`)
		if _, err := r.try("DescribeTable", `{"TableName":"manager-badge"}`); err == nil {
			t.Fatal("the table of a deleted counter is there")
		}
	}
}

// Clients cannot write to the table of a counter, nor change it, nor delete a table
// that has counters.
func TestCounterIsReadOnly(t *testing.T) {
	r := newCounterRig(t, kvmem.New())
	r.chat()
	r.do("CreateCounter", managerBadge)
	r.built("manager-badge")
	r.do("PutItem", `{"TableName":"unread","Item":{"chat":{"S":"c"},"id":{"N":"1"},"manager":{"S":"m"},"n":{"N":"2"}}}`)
	key := `"Key":{"manager":{"S":"m"}}`
	for _, c := range [][2]string{
		{"PutItem", `{"TableName":"manager-badge","Item":{"manager":{"S":"m"}}}`},
		{"UpdateItem", `{"TableName":"manager-badge",` + key + `}`},
		{"DeleteItem", `{"TableName":"manager-badge",` + key + `}`},
		{"BatchWriteItem", `{"RequestItems":{"manager-badge":[{"DeleteRequest":{` + key + `}}]}}`},
		{"TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"manager-badge",` + key + `}}]}`},
		{"ExecuteStatement", `{"Statement":"DELETE FROM \"manager-badge\" WHERE manager = 'm'"}`},
		{"UpdateTable", `{"TableName":"manager-badge","BillingMode":"PAY_PER_REQUEST","DeletionProtectionEnabled":true}`},
		{"UpdateTimeToLive", `{"TableName":"manager-badge","TimeToLiveSpecification":{"AttributeName":"a","Enabled":true}}`},
		{"CreateBackup", `{"TableName":"manager-badge","BackupName":"backup"}`},
		{"DeleteTable", `{"TableName":"manager-badge"}`},
		{"DeleteTable", `{"TableName":"unread"}`},
		{"CreateCounter", `{"CounterName":"other","TableName":"manager-badge"}`},
		{"CreateCounter", `{"CounterName":"unread","TableName":"unread"}`},
		{"CreateCounter", `{"CounterName":"other","TableName":"unread","Sum":["count"]}`},
		{"CreateCounter", `{"CounterName":"other","TableName":"unread","FilterExpression":"a = :b"}`},
		{"DeleteCounter", `{"CounterName":"unread"}`},
	} {
		if out, err := r.try(c[0], c[1]); err == nil {
			t.Errorf("%s %s: %s", c[0], c[1], out)
		}
	}
	want := `{"Count":1,"Items":[{"count":{"N":"1"},"manager":{"S":"m"},"n":{"N":"2"}}],"ScannedCount":1}`
	if got := r.do("Scan", `{"TableName":"manager-badge"}`); len(got) != len(want) {
		t.Error(got)
	}
	r.do("CreateCounter", `{"CounterName":"all","TableName":"unread"}`)
	r.built("all")
	if got := r.do("GetItem", `{"TableName":"all","Key":{"counter":{"S":"all"}}}`); got != `{"Item":{"count":{"N":"1"},"counter":{"S":"all"}}}` {
		t.Error(got)
	}
}

// BenchmarkHotCounter puts items that all count in one group, and for comparison
// adds to one item.
func BenchmarkHotCounter(b *testing.B) {
	for _, name := range []string{"counter", "none", "ADD"} {
		b.Run(name, func(b *testing.B) {
			r := newCounterRig(b, kvmem.New())
			r.chat()
			if name == "counter" {
				r.do("CreateCounter", `{"CounterName":"all","TableName":"unread"}`)
				r.built("all")
			}
			var last int64
			var mu sync.Mutex
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					mu.Lock()
					last++
					id := strconv.FormatInt(last, 10)
					mu.Unlock()
					var err error
					if name == "ADD" {
						_, err = r.UpdateItem(context.Background(), counterCaller, readRequest(b, new(ddb.UpdateItemInput), `{"TableName":"unread","Key":{"chat":{"S":"c"},"id":{"N":"0"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`))
					} else {
						_, err = r.PutItem(context.Background(), counterCaller, readRequest(b, new(ddb.PutItemInput), `{"TableName":"unread","Item":{"chat":{"S":"c"},"id":{"N":"`+id+`"}}}`))
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// readRequest reads a request from JSON.
func readRequest[T api.Input](t testing.TB, in T, body string) T {
	var d jsontok.Decoder
	d.Reset([]byte(body))
	in.ReadJSON(&d)
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return in
}
