package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// bench is an injector before operations that only count how often they run.
type bench struct {
	Injector
	ops map[string]api.Operation
	ran map[string]int
}

func newBench() *bench {
	b := &bench{ops: map[string]api.Operation{}, ran: map[string]int{}}
	var table []api.Operation
	for _, name := range []string{"PutItem", "GetItem", "BatchWriteItem", "TransactWriteItems", "SendMessage"} {
		table = append(table, api.Operation{Name: name, Handle: func(context.Context, *api.Caller, api.Input) (api.Output, error) {
			b.ran[name]++
			return &ddb.PutItemOutput{}, nil
		}})
	}
	for _, op := range b.Wrap(append(table, api.Operation{Name: "unknown"})) {
		b.ops[op.Name] = op
	}
	return b
}

// do runs an operation and returns the code of its error.
func (b *bench) do(name string, in api.Input) string {
	out, err := b.ops[name].Handle(context.Background(), &api.Caller{}, in)
	var e *api.Error
	if errors.As(err, &e) {
		return e.Code
	} else if err != nil || out == nil {
		return "neither answer nor error"
	}
	return ""
}

func put(table string) *ddb.PutItemInput {
	return &ddb.PutItemInput{TableName: api.Some(table)}
}

// TestTimes checks which of several requests fail.
func TestTimes(t *testing.T) {
	b := newBench()
	if b.ops["unknown"].Handle != nil {
		t.Error("an operation without a handler got one")
	}
	stop := b.Add(Fault{Operation: "PutItem", Skip: 1, Times: 2, Code: "ThrottlingException"})
	for i, want := range []string{"", "ThrottlingException", "ThrottlingException", ""} {
		if got := b.do("GetItem", &ddb.GetItemInput{}); got != "" {
			t.Errorf("GetItem: %s", got)
		}
		if got := b.do("PutItem", put("t")); got != want {
			t.Errorf("PutItem %d: %q, want %q", i, got, want)
		}
	}
	if n := stop(); n != 2 || stop() != 2 {
		t.Errorf("%d failed", n)
	}
	if b.ran["PutItem"] != 2 {
		t.Errorf("PutItem ran %d times", b.ran["PutItem"])
	}
	always := b.Add(Fault{})
	for range 3 {
		if got := b.do("GetItem", &ddb.GetItemInput{}); got != "InternalServerError" {
			t.Errorf("GetItem: %q", got)
		}
	}
	if n := always(); n != 3 || b.count.Load() != 0 {
		t.Errorf("%d failed", n)
	}
	if got := b.do("GetItem", &ddb.GetItemInput{}); got != "" {
		t.Errorf("after all faults: %s", got)
	}
}

// TestResource checks that a request is recognized by what it names, however it
// names it.
func TestResource(t *testing.T) {
	action := []ddb.TransactWriteItem{{Delete: &ddb.Delete{TableName: api.Some("other")}}, {Put: &ddb.Put{TableName: api.Some("t")}}}
	for name, in := range map[string]api.Input{
		"name":        put("t"),
		"ARN":         put("arn:aws:dynamodb:us-east-1:000000000000:table/t"),
		"batch":       &ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: "other"}, {Key: "t"}}},
		"transaction": &ddb.TransactWriteItemsInput{TransactItems: action},
		"queue":       &sqsapi.SendMessageRequest{QueueUrl: api.Some("http://localhost/000000000000/t")},
	} {
		if !concerns(in, "t") {
			t.Errorf("%s: not recognized", name)
		}
		if concerns(in, "ot") || concerns(in, "x") {
			t.Errorf("%s: taken for another", name)
		}
	}
	b := newBench()
	defer b.Add(Fault{Resource: "t"})()
	if b.do("PutItem", put("other")) != "" || b.do("PutItem", put("t")) == "" {
		t.Error("the wrong table failed")
	}
}

// TestTransaction checks the error of a transaction whose item is in conflict.
func TestTransaction(t *testing.T) {
	f := Fault{Code: ddb.CodeTransactionConflictException}
	if e := f.error(put("t")); e.Error() != "TransactionConflictException: Transaction is ongoing for the item" {
		t.Error(e)
	}
	e := f.error(&ddb.TransactWriteItemsInput{TransactItems: make([]ddb.TransactWriteItem, 3)})
	if want := "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None, None]"; e.Error() != want || len(e.Reasons) != 3 || e.Reasons[0].Message != "Transaction is ongoing for the item" {
		t.Errorf("%v %v", e, e.Reasons)
	}
}

// TestDoneAndDelay checks faults that carry the request out.
func TestDoneAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		stop := b.Add(Fault{Operation: "PutItem", Done: true})
		if got := b.do("PutItem", put("t")); got != "InternalServerError" || b.ran["PutItem"] != 1 {
			t.Errorf("%q, ran %d times", got, b.ran["PutItem"])
		}
		stop()
		defer b.Add(Fault{Delay: time.Minute})()
		start := time.Now()
		if got := b.do("PutItem", put("t")); got != "" || time.Since(start) != time.Minute {
			t.Errorf("%q after %v", got, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.ops["PutItem"].Handle(ctx, &api.Caller{}, put("t")); !errors.Is(err, context.DeadlineExceeded) || b.ran["PutItem"] != 2 {
			t.Errorf("a client that is gone: %v", err)
		}
	})
}
