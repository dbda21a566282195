package dynamodb

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// TestLinearizable has clients read and write a few items at once, one by one and
// in transactions, while the disk is copied as a crash would leave it and the
// engine goes on with the copy. There must be an order of all operations, each
// between its call and its answer, in which their answers are right; of those that
// had no answer before a crash, each happened before it or never.
func TestLinearizable(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 11))
			disk := vfs.NewCrashableMem()
			var l lineage
			for round := 0; round < 4 && !t.Failed(); round++ {
				store, err := kvpebble.Open("store", kvpebble.Options{FS: slowToSync(disk)})
				if err != nil {
					t.Fatal(err)
				}
				h := openEngine(t, store)
				if round == 0 {
					h.mustDo("CreateTable", linearTable)
				}
				stop := l.start(h, rng)
				l.await(100)
				unanswered := l.crash()
				crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
				l.lose(unanswered)
				stop()
				if err := errors.Join(h.Close(), store.Close()); err != nil {
					t.Fatal(err)
				}
				disk = crashed
			}
			l.check(t)
		})
	}
}

const linearTable = `{"TableName":"Linear","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"N"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}`

// linearItems is the number of items.
const linearItems = 3

// linearState is the value of each item, 0 while there is none.
type linearState [linearItems]int

// linearOp is an operation and, in the same type, its answer.
type linearOp struct {
	kind     linearKind
	item, to int // to: the second item of a transfer
	n        int // what is written, added, moved or compared with
}

type linearKind byte

const (
	linearGet      linearKind = iota
	linearPut                 // always
	linearSwap                // n for n-1, if that is there
	linearAdd                 // and tell the sum
	linearTransfer            // from item to to, if there is enough, in a transaction
	linearGetAll              // in a transaction
)

// linearAnswer is what an operation was answered.
type linearAnswer struct {
	lost    bool // there was no answer
	refused bool
	state   linearState // of a linearGetAll
	n       int
}

// linearModel is the table.
var linearModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{linearState{}} },
	Step: func(state, input, output any) []any {
		before, op, got := state.(linearState), input.(linearOp), output.(linearAnswer)
		after, want := op.apply(before)
		switch {
		case got.lost:
			return []any{before, after}
		case got != want:
			return nil
		}
		return []any{after}
	},
}

// apply works out an operation.
func (op linearOp) apply(s linearState) (linearState, linearAnswer) {
	var a linearAnswer
	switch op.kind {
	case linearGet:
		a.n = s[op.item]
	case linearPut:
		s[op.item] = op.n
	case linearSwap:
		if a.refused = s[op.item] != op.n-1; !a.refused {
			s[op.item] = op.n
		}
	case linearAdd:
		s[op.item] += op.n
		a.n = s[op.item]
	case linearTransfer:
		if a.refused = s[op.item] < op.n; !a.refused {
			s[op.item] -= op.n
			s[op.to] += op.n
		}
	case linearGetAll:
		a.state = s
	}
	return s, a
}

// do sends the operation to the engine. ok is false if it was refused because of
// another, which leaves nothing.
func (op linearOp) do(h *harness) (a linearAnswer, ok bool) {
	const update = `"TableName":"Linear","Key":{"k":{"N":"%d"}},"UpdateExpression":"%s","ExpressionAttributeValues":{":n":{"N":"%d"}%s}`
	name, in := "UpdateItem", ""
	switch op.kind {
	case linearGet:
		name, in = "GetItem", fmt.Sprintf(`{"TableName":"Linear","ConsistentRead":true,"Key":{"k":{"N":"%d"}}}`, op.item)
	case linearPut:
		name, in = "PutItem", fmt.Sprintf(`{"TableName":"Linear","Item":{"k":{"N":"%d"},"n":{"N":"%d"}}}`, op.item, op.n)
	case linearSwap:
		in = fmt.Sprintf(`{`+update+`,"ConditionExpression":"n = :b"}`, op.item, "SET n = :n", op.n, fmt.Sprintf(`,":b":{"N":"%d"}`, op.n-1))
	case linearAdd:
		in = fmt.Sprintf(`{`+update+`,"ReturnValues":"UPDATED_NEW"}`, op.item, "ADD n :n", op.n, "")
	case linearTransfer:
		name, in = "TransactWriteItems", fmt.Sprintf(`{"TransactItems":[{"Update":{`+update+`,"ConditionExpression":"n >= :n"}},{"Update":{`+update+`}}]}`,
			op.item, "SET n = n - :n", op.n, "", op.to, "ADD n :n", op.n, "")
	case linearGetAll:
		var gets []string
		for i := range linearItems {
			gets = append(gets, fmt.Sprintf(`{"Get":{"TableName":"Linear","Key":{"k":{"N":"%d"}}}}`, i))
		}
		name, in = "TransactGetItems", `{"TransactItems":[`+strings.Join(gets, ",")+`]}`
	}
	out, err := h.do(name, in)
	return op.answer(h, out, err)
}

// answer reads an answer.
func (op linearOp) answer(h *harness, out string, err error) (a linearAnswer, ok bool) {
	var e *api.Error
	switch errors.As(err, &e); {
	case err == nil && op.kind == linearGetAll:
		for i, one := range strings.SplitAfter(out, `},{`) {
			a.state[i] = numberIn(one)
		}
	case err == nil && (op.kind == linearGet || op.kind == linearAdd):
		a.n = numberIn(out)
	case err == nil:
	case strings.Contains(err.Error(), "ConditionalCheckFailed"):
		a.refused = true
	case e != nil && strings.Contains(e.Error(), "Conflict"):
		return a, false
	default:
		h.t.Error(err)
	}
	return a, true
}

// lineage records the operations of clients.
type lineage struct {
	tick atomic.Int64

	mu      sync.Mutex
	history []porcupine.Operation
	open    map[int]porcupine.Operation // by client
	life    int                         // grows with each crash
	answers chan struct{}
}

// start sets clients to work.
func (l *lineage) start(h *harness, seeds *rand.Rand) (stop func()) {
	const clients = 5
	l.mu.Lock()
	l.open, l.answers = map[int]porcupine.Operation{}, make(chan struct{}, 1<<16)
	life := l.life
	l.mu.Unlock()
	var done atomic.Bool
	var wg sync.WaitGroup
	for c := range clients {
		rng := rand.New(rand.NewPCG(seeds.Uint64(), 12))
		wg.Go(func() {
			for !done.Load() && l.one(h, c, life, rng) {
			}
		})
	}
	return func() { done.Store(true); wg.Wait() }
}

// one runs one operation. After a crash there are none: what began then would be on
// the disk, perhaps, and not in the history.
func (l *lineage) one(h *harness, client, life int, rng *rand.Rand) (more bool) {
	// Nothing is compared with 0, which in the model is also what there is not.
	op := linearOp{kind: linearKind(rng.IntN(6)), item: rng.IntN(linearItems), n: 2 + rng.IntN(4)}
	op.to = (op.item + 1) % linearItems
	l.mu.Lock()
	if life != l.life {
		l.mu.Unlock()
		return false
	}
	l.open[client] = porcupine.Operation{ClientId: client, Input: op, Call: l.tick.Add(1)}
	l.mu.Unlock()
	a, ok := op.do(h)
	l.mu.Lock()
	defer l.mu.Unlock()
	if life != l.life {
		return false // the crash was before the answer
	}
	o := l.open[client]
	delete(l.open, client)
	if o.Output, o.Return = a, l.tick.Add(1); ok {
		l.history = append(l.history, o)
	}
	l.answers <- struct{}{}
	return true
}

// await waits for so many answers.
func (l *lineage) await(n int) {
	for range n {
		<-l.answers
	}
}

// crash notes that whatever is not answered now was not before the crash.
func (l *lineage) crash() []porcupine.Operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.life++
	var list []porcupine.Operation
	for _, o := range l.open {
		list = append(list, o)
	}
	return list
}

// lose records operations without an answer, which are over once the crash is.
func (l *lineage) lose(list []porcupine.Operation) {
	for _, o := range list {
		o.Output, o.Return = linearAnswer{lost: true}, l.tick.Add(1)
		l.history = append(l.history, o)
	}
}

func (l *lineage) check(t *testing.T) {
	t.Helper()
	if porcupine.CheckOperations(linearModel.ToModel(), l.history) {
		return
	}
	slices.SortFunc(l.history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	for _, o := range l.history {
		t.Logf("%s-%d client %d: %+v is answered with %+v", strconv.FormatInt(o.Call, 10), o.Return, o.ClientId, o.Input, o.Output)
	}
	t.Errorf("no order of the %d operations explains their answers", len(l.history))
}
