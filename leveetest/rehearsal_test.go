package leveetest_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/levee-io/levee/internal/rehearse"
	"github.com/levee-io/levee/leveetest"
)

// tolerance is how far the throttles of a rehearsal and those of a server under the
// same requests may be apart: keys fall on partitions by chance in the one and evenly
// in the other, a rehearsal decides about the requests of a step at its beginning, and
// clients back off by chance.
const tolerance = 0.03

// A server that enforces capacity throttles as often as the rehearsal says, for the
// same arrivals, sent by an SDK on a clock that passes only while nothing is done.
func TestLiveAsRehearsed(t *testing.T) {
	for name, text := range map[string]string{
		"provisioned with burst": `
duration: 3m
traffic: [{spike: {from: 0, to: 20, at: 1m, for: 2m}, items: [{size: 20KB}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 200, read: 1}}, client: {attempts: 1}}]`,
		"new on-demand table": `
duration: 25s
traffic: [{spike: {from: 20, to: 400, at: 10s, for: 15s}, items: [{size: 20KB}]}]
designs: [{table: {mode: on-demand}, client: {attempts: 1}}]`,
		"configured maximum": `
duration: 20s
traffic: [{rate: 100, items: [{size: 5KB}]}]
designs: [{table: {mode: on-demand, maximum: {write: 400}}, client: {attempts: 1}}]`,
		"hot partition": `
duration: 30s
traffic: [{rate: 150, items: [{size: 20KB, keys: {kind: hot, hot: 1, share: 0.5}}]}]
designs: [{table: {mode: on-demand}, client: {attempts: 1}}]`,
		"partition that splits for heat": `
duration: 19m
traffic: [{spike: {from: 0, to: 4, at: 5m, for: 14m}, arrivals: even, items: [{size: 390KB}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 990, read: 10}}, client: {attempts: 1}}]`,
		"back pressure of an index": `
duration: 60s
traffic: [{rate: 80}]
designs: [{table: {mode: provisioned, provisioned: {write: 1000, read: 1}, indexes: [{size: 100B, provisioned: {write: 50, read: 1}}]}, client: {attempts: 1}}]`,
		"transactions": `
duration: 60s
traffic: [{rate: 50, items: [{size: 1KB}, {size: 3KB}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 300, read: 1}}, client: {attempts: 1}}]`,
		"reads": `
duration: 60s
traffic: [{rate: 90, items: [{size: 1KB, read: true, keys: {kind: hot, hot: 1, share: 1}}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 1, read: 60}}, client: {attempts: 1}}]`,
		"retries": `
duration: 60s
step: 50ms
traffic: [{spike: {from: 20, to: 120, at: 20s, for: 30s}, items: [{size: 2KB}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 100, read: 1}}, client: {attempts: 4, base: 1s}}]`,
		"FIFO queue without batches": `
duration: 20s
traffic: [{rate: 400, groups: 100, items: [{size: 1KB}]}]
designs:
  - table: {mode: on-demand}
    queue: {fifo: true, batch: 1}
    consumers: {count: 40, batch: 10, takes: 1ms}
    client: {attempts: 1}`,
		"FIFO queue with batches": `
duration: 20s
traffic: [{rate: 4000, groups: 100, arrivals: even, items: [{size: 1KB}]}]
designs:
  - table: {mode: on-demand}
    queue: {fifo: true, batch: 10}
    consumers: {count: 100, batch: 10, takes: 1ms}
    client: {attempts: 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := rehearse.Read(strings.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := rehearse.Run(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			var live int64
			synctest.Test(t, func(t *testing.T) { live = newStage(t, s).play() })
			want := rehearsed(&r.Designs[0])
			t.Logf("of %d requests: rehearsed %d throttles, live %d", r.Designs[0].All.Arrived, want, live)
			if want == 0 || math.Abs(float64(live-want)) > tolerance*float64(want) {
				t.Errorf("rehearsed %d throttles, live there are %d", want, live)
			}
		})
	}
}

// rehearsed is how often the table refused or, with a queue, sends were refused.
func rehearsed(d *rehearse.DesignResult) (n int64) {
	for _, r := range d.Reasons {
		if queue := strings.Contains(r.Reason, "queue"); queue == (d.Design.Queue != nil) {
			n += r.Count
		}
	}
	return n
}

// stage is a server on which a scenario's first design is played.
type stage struct {
	t         *testing.T
	scenario  *rehearse.Scenario
	design    *rehearse.Design
	db        *dynamodb.Client
	queues    *sqs.Client
	queue     *string
	random    *rand.Rand
	keys      int // that were given out
	waiting   int // messages of the batch to be sent
	throttled atomic.Int64
	requests  sync.WaitGroup
}

func newStage(t *testing.T, s *rehearse.Scenario) *stage {
	p := &stage{t: t, scenario: s, design: &s.Designs[0], random: rand.New(rand.NewPCG(5, 6))}
	cfg := leveetest.RunT(t, leveetest.EnforceCapacity).AWSConfig()
	cfg.Retryer = p.retryer
	p.db, p.queues = dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	if p.design.Queue != nil {
		out, err := p.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
		p.must(err)
		p.queue = out.QueueUrl
		return p
	}
	p.createTable()
	return p
}

func (p *stage) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// retryer makes as many attempts as the design's client, with its back-off.
func (p *stage) retryer() aws.Retryer {
	c := p.design.Client
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.RateLimiter = c.Attempts, ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			p.throttled.Add(1)
			most := min(time.Duration(c.Base)<<(attempt-1), time.Duration(c.Most))
			return time.Duration(rand.Float64() * float64(most)), nil
		})
	})
}

func (p *stage) createTable() {
	d := &p.design.Table
	ofString := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	key := func(name string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: aws.String(name), KeyType: types.KeyTypeHash}}
	}
	provisioned := func(r rehearse.ReadWrite) *types.ProvisionedThroughput {
		return &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(int64(r.Read)), WriteCapacityUnits: aws.Int64(int64(r.Write))}
	}
	in := &dynamodb.CreateTableInput{
		TableName: aws.String("table"), AttributeDefinitions: []types.AttributeDefinition{ofString("pk")}, KeySchema: key("pk"),
		BillingMode: types.BillingModePayPerRequest,
	}
	if d.Mode == "provisioned" {
		in.BillingMode, in.ProvisionedThroughput = types.BillingModeProvisioned, provisioned(d.Provisioned)
	}
	if d.Maximum.Write > 0 {
		in.OnDemandThroughput = &types.OnDemandThroughput{MaxWriteRequestUnits: aws.Int64(int64(d.Maximum.Write))}
	}
	for i := range d.Indexes {
		name := fmt.Sprint("by", i)
		in.AttributeDefinitions = append(in.AttributeDefinitions, ofString(name))
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: key(name), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
			ProvisionedThroughput: provisioned(d.Indexes[i].Provisioned),
		})
	}
	_, err := p.db.CreateTable(p.t.Context(), in)
	p.must(err)
}

// play sends what arrives when it arrives, and returns how often something was
// throttled.
func (p *stage) play() int64 {
	began := time.Now()
	for at, source := range p.scenario.Arrivals {
		time.Sleep(time.Until(began.Add(at)))
		if p.design.Queue != nil {
			p.send()
			continue
		}
		items := p.scenario.Traffic[source].Items
		var puts []types.TransactWriteItem
		for i := range items {
			puts = append(puts, types.TransactWriteItem{Put: &types.Put{TableName: aws.String("table"), Item: p.item(&items[i])}})
		}
		if p.design.Client.Attempts == 1 {
			p.request(items, puts)
		} else {
			p.requests.Go(func() { p.request(items, puts) })
		}
	}
	p.requests.Wait()
	return p.throttled.Load()
}

// item is an item of the size that it is to have, under a key as they are distributed.
func (p *stage) item(i *rehearse.Item) map[string]types.AttributeValue {
	p.keys++
	key := fmt.Sprint("key ", p.keys)
	if i.Keys.Kind == "hot" && p.random.Float64() < i.Keys.Share {
		key = fmt.Sprint("hot ", p.random.IntN(i.Keys.Hot))
	}
	item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: key}}
	size := len("pk") + len(key)
	for i := range p.design.Table.Indexes {
		item[fmt.Sprint("by", i)] = &types.AttributeValueMemberS{Value: key}
		size += len("by0") + len(key)
	}
	item["x"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", int(i.Size)-size-1)}
	return item
}

func (p *stage) request(items []rehearse.Item, puts []types.TransactWriteItem) {
	var err error
	switch {
	case items[0].Read:
		_, err = p.db.GetItem(p.t.Context(), &dynamodb.GetItemInput{
			TableName: aws.String("table"), Key: map[string]types.AttributeValue{"pk": puts[0].Put.Item["pk"]}, ConsistentRead: aws.Bool(true),
		})
	case len(puts) > 1:
		_, err = p.db.TransactWriteItems(p.t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: puts})
	default:
		_, err = p.db.PutItem(p.t.Context(), &dynamodb.PutItemInput{TableName: puts[0].Put.TableName, Item: puts[0].Put.Item})
	}
	p.answered(err)
}

// answered counts an answer that says that there was no capacity.
func (p *stage) answered(err error) {
	if err == nil {
		return
	}
	var canceled *types.TransactionCanceledException
	var typed smithy.APIError
	switch {
	case errors.As(err, &canceled):
		for _, r := range canceled.CancellationReasons {
			if code := aws.ToString(r.Code); code != "None" && code != "ProvisionedThroughputExceeded" {
				p.t.Errorf("cancelled for %s", code)
			}
		}
	case errors.As(err, &typed) && throttles[typed.ErrorCode()]:
	default:
		p.t.Error(err)
	}
	p.throttled.Add(1)
}

var throttles = map[string]bool{"ProvisionedThroughputExceededException": true, "ThrottlingException": true, "RequestThrottled": true}

// send sends a message, together with others as many as the design has in a batch.
func (p *stage) send() {
	if p.waiting++; p.waiting < p.design.Queue.Batch {
		return
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: p.queue}
	for i := range p.waiting {
		p.keys++
		in.Entries = append(in.Entries, sqstypes.SendMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint(i)), MessageBody: aws.String("x"),
			MessageGroupId: aws.String(fmt.Sprint(p.keys % p.scenario.Traffic[0].Groups)), MessageDeduplicationId: aws.String(fmt.Sprint(p.keys)),
		})
	}
	before := p.throttled.Load()
	_, err := p.queues.SendMessageBatch(p.t.Context(), in)
	p.answered(err)
	if p.throttled.Load() > before { // each message of it
		p.throttled.Add(int64(p.waiting) - 1)
	}
	p.waiting = 0
}
