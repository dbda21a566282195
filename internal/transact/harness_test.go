package transact

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/sqs"
)

var caller = &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}, BaseURL: "http://levee"}

const queueURL = "http://levee/111122223333/"

// rig is the engines of one store under test. Requests and answers are JSON.
type rig struct {
	testing.TB
	store  kv.Store
	tables *dynamodb.Engine
	queues *sqs.Engine
	*Engine
	ops map[string]api.Operation
}

// newRig has a table tab with the key "k" and a stream, a queue q and a FIFO queue
// q.fifo.
func newRig(t testing.TB) *rig {
	t.Helper()
	r := openRig(t, kvmem.New())
	r.do("CreateTable", `{"TableName":"tab","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
		"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`)
	r.do("CreateQueue", `{"QueueName":"q"}`)
	r.do("CreateQueue", `{"QueueName":"q.fifo","Attributes":{"FifoQueue":"true","ContentBasedDeduplication":"true"}}`)
	return r
}

func openRig(t testing.TB, store kv.Store) *rig {
	t.Helper()
	r := &rig{TB: t, store: store}
	r.open()
	t.Cleanup(r.close)
	return r
}

func (r *rig) open() {
	r.Helper()
	var err error
	if r.tables, err = dynamodb.Open(r.store, dynamodb.Options{}); err != nil {
		r.Fatal(err)
	}
	if r.queues, err = sqs.Open(r.store, sqs.Options{}); err != nil {
		r.Fatal(err)
	}
	r.Engine = Open(r.store, r.tables, r.queues, nil)
	r.ops = map[string]api.Operation{}
	for _, list := range [][]api.Operation{r.tables.Operations(), r.queues.Operations(), r.Engine.Operations()} {
		for _, op := range list {
			r.ops[op.Name] = op
		}
	}
}

func (r *rig) close() {
	r.Helper()
	if err := errors.Join(r.Engine.Close(), r.queues.Close(), r.tables.Close()); err != nil {
		r.Error(err)
	}
}

// reopen replaces the engines by new ones on the same store.
func (r *rig) reopen() { r.close(); r.open() }

// try sends a request.
func (r *rig) try(name, body string) (string, error) {
	r.Helper()
	in := r.ops[name].New()
	var d jsontok.Decoder
	d.Reset([]byte(body))
	in.ReadJSON(&d)
	if err := d.End(); err != nil {
		r.Fatalf("%s: %v", body, err)
	}
	var v api.Violations
	in.Validate(&v)
	if err := v.Err(); err != nil {
		return "", err
	}
	out, err := r.ops[name].Handle(context.Background(), caller, in)
	if err != nil {
		return "", err
	}
	return string(out.AppendJSON(nil)), nil
}

// do is try for what must succeed.
func (r *rig) do(name, body string) string {
	r.Helper()
	out, err := r.try(name, body)
	if err != nil {
		r.Fatalf("%s %s: %v", name, body, err)
	}
	return out
}

// transact sends a transaction, given by its actions.
func (r *rig) transact(items ...string) (string, error) {
	r.Helper()
	return r.try("Transact", `{"TransactItems":[`+strings.Join(items, ",")+`]}`)
}

// receive receives a message, with the handle last.
func (r *rig) receive(queue string, seconds int) (body, handle string) {
	r.Helper()
	out := r.do("ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q,"VisibilityTimeout":%d}`, queueURL+queue, seconds))
	return member(out, "Body"), member(out, "ReceiptHandle")
}

// member returns the first string member of a name, "" if there is none.
func member(out, name string) string {
	_, after, _ := strings.Cut(out, `"`+name+`":"`)
	value, _, _ := strings.Cut(after, `"`)
	return value
}

// count is the number of items in a table.
func (r *rig) count(table string) string {
	r.Helper()
	out := r.do("Scan", fmt.Sprintf(`{"TableName":%q,"Select":"COUNT"}`, table))
	_, after, _ := strings.Cut(out, `"Count":`)
	n, _, _ := strings.Cut(after, ",")
	return n
}

func put(key string) string {
	return fmt.Sprintf(`{"Put":{"TableName":"tab","Item":{"k":{"S":%q}}}}`, key)
}

func check(key string) string {
	return fmt.Sprintf(`{"ConditionCheck":{"TableName":"tab","Key":{"k":{"S":%q}},"ConditionExpression":"attribute_exists(k)"}}`, key)
}

func send(queue, body string) string {
	group := ""
	if strings.HasSuffix(queue, ".fifo") {
		group = `,"MessageGroupId":"g"`
	}
	return fmt.Sprintf(`{"SendMessage":{"QueueUrl":%q,"MessageBody":%q%s}}`, queueURL+queue, body, group)
}

func remove(queue, handle string) string {
	return fmt.Sprintf(`{"DeleteMessage":{"QueueUrl":%q,"ReceiptHandle":%q}}`, queueURL+queue, handle)
}

func show(queue, handle string, seconds int) string {
	return fmt.Sprintf(`{"ChangeMessageVisibility":{"QueueUrl":%q,"ReceiptHandle":%q,"VisibilityTimeout":%d}}`, queueURL+queue, handle, seconds)
}

const stream = "arn:aws:dynamodb:us-east-1:111122223333:table/tab/stream/L"

func move(from, to string) string {
	text := fmt.Sprintf(`"Consumer":"c","StreamArn":%q,"ShardId":"s"`, stream)
	if from != "" {
		text += fmt.Sprintf(`,"PreviousSequenceNumber":%q`, from)
	}
	if to != "" {
		text += fmt.Sprintf(`,"SequenceNumber":%q`, to)
	}
	return `{"Checkpoint":{` + text + `}}`
}

// reasons returns the codes of the reasons of a cancelled transaction.
func reasons(t testing.TB, err error) string {
	t.Helper()
	var typed *api.Error
	if !errors.As(err, &typed) {
		t.Fatalf("got %v, want an error of the API", err)
	}
	if typed.Code != "TransactionCanceledException" {
		return typed.Code
	}
	var codes []string
	for _, reason := range typed.Reasons {
		codes = append(codes, reason.Code)
	}
	return strings.Join(codes, " ")
}
