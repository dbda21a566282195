package integration

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// acrossRestarts prepares something, ends the server in both ways, and checks
// what is there afterwards. check gets what prepare returned.
func acrossRestarts[T any](t *testing.T, prepare func(t *testing.T, c *client) T, check func(t *testing.T, c *client, state T)) {
	t.Parallel()
	for name, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "--data", t.TempDir())
			c := newClient(s, newAccount(), "eu-west-1")
			state := prepare(t, c)
			s.restart(t, sig)
			check(t, c, state)
		})
	}
}

func TestTablesAndItemsSurvive(t *testing.T) {
	acrossRestarts(t, func(t *testing.T, c *client) *types.TableDescription {
		d := c.createTable(t, "Kept", withGSI("by-g", projectAll, attribute("g", "S")), withLSI("by-l", projectKeys, attribute("l", "N")))
		for i := range 50 {
			c.put(t, "Kept", with(key("p", fmt.Sprintf("%02d", i)), item{"g": str([]string{"even", "odd"}[i%2]), "l": num(-i), "set": strs("a", "b"), "b": bin("\x00\xff")}))
		}
		try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: aws.String("Kept"), Key: key("p", "00")})).must(t)
		try(c.db.UpdateItem(ctx(t), &dynamodb.UpdateItemInput{TableName: aws.String("Kept"), Key: key("p", "02"), UpdateExpression: aws.String("SET g = :g"),
			ExpressionAttributeValues: item{":g": str("odd")}})).must(t)
		c.createTable(t, "Dropped")
		try(c.db.DeleteTable(ctx(t), &dynamodb.DeleteTableInput{TableName: aws.String("Dropped")})).must(t)
		return d
	}, func(t *testing.T, c *client, before *types.TableDescription) {
		d := c.describe(t, "Kept")
		want(t, "id", *d.TableId, *before.TableId)
		want(t, "ARN", *d.TableArn, *before.TableArn)
		want(t, "created", d.CreationDateTime.UnixMilli(), before.CreationDateTime.UnixMilli())
		want(t, "keys", d.KeySchema, before.KeySchema)
		eventually(t, "the dropped table is gone", func() bool {
			return slices.Equal(try(c.db.ListTables(ctx(t), &dynamodb.ListTablesInput{})).must(t).TableNames, []string{"Kept"})
		})
		c.wantItem(t, "Kept", key("p", "00"), nil)
		c.wantItem(t, "Kept", key("p", "07"), with(key("p", "07"), item{"g": str("odd"), "l": num(-7), "set": strs("a", "b"), "b": bin("\x00\xff")}))
		count := func(index, condition string, values item) int32 {
			return try(c.db.Query(ctx(t), &dynamodb.QueryInput{TableName: aws.String("Kept"), IndexName: &index, KeyConditionExpression: &condition, ExpressionAttributeValues: values})).must(t).Count
		}
		want(t, "odd", count("by-g", "g = :g", item{":g": str("odd")}), 26)
		want(t, "even", count("by-g", "g = :g", item{":g": str("even")}), 23)
		want(t, "by-l", count("by-l", "pk = :p AND l < :l", item{":p": str("p"), ":l": num(-9)}), 40)
		c.put(t, "Kept", key("p", "after"))
	})
}

func TestStreamsSurvive(t *testing.T) {
	type state struct {
		arn     string
		records []streamtypes.Record
		next    *string // an iterator after all records
	}
	acrossRestarts(t, func(t *testing.T, c *client) state {
		arn := *c.createTable(t, "Streamed", withStream(types.StreamViewTypeNewAndOldImages)).LatestStreamArn
		for i := range 10 {
			c.put(t, "Streamed", with(key("one", "key"), item{"v": num(i)}))
		}
		s := state{arn: arn, records: c.history(t, arn)}
		for _, shard := range c.shards(t, arn) {
			if r, next := c.drain(t, c.iterator(t, arn, *shard.ShardId, streamtypes.ShardIteratorTypeTrimHorizon, nil)); len(r) > 0 {
				s.next = next
			}
		}
		return s
	}, func(t *testing.T, c *client, s state) {
		want(t, "records", len(s.records), 10)
		again := c.history(t, s.arn)
		want(t, "records", len(again), 10)
		for i := range min(len(again), len(s.records)) {
			want(t, "sequence number", *again[i].Dynamodb.SequenceNumber, *s.records[i].Dynamodb.SequenceNumber)
			want(t, "event id", *again[i].EventID, *s.records[i].EventID)
			want(t, "image", again[i].Dynamodb.NewImage, s.records[i].Dynamodb.NewImage)
		}
		c.put(t, "Streamed", with(key("one", "key"), item{"v": num(10)}))
		out := try(c.streams.GetRecords(ctx(t), &dynamodbstreams.GetRecordsInput{ShardIterator: s.next})).must(t)
		want(t, "records of an iterator from before", len(out.Records), 1)
		if len(out.Records) == 1 && !ascending(*s.records[9].Dynamodb.SequenceNumber, *out.Records[0].Dynamodb.SequenceNumber) {
			t.Errorf("sequence number %s after %s", *out.Records[0].Dynamodb.SequenceNumber, *s.records[9].Dynamodb.SequenceNumber)
		}
	})
}

func TestTransactionTokensSurvive(t *testing.T) {
	add := func(n int) types.TransactWriteItem {
		return txUpdate("Counters", key("c", "n"), "ADD n :n", item{":n": num(n)})
	}
	acrossRestarts(t, func(t *testing.T, c *client) struct{} {
		c.createTable(t, "Counters")
		try(c.transact(t, "token", add(1))).must(t)
		return struct{}{}
	}, func(t *testing.T, c *client, _ struct{}) {
		try(c.transact(t, "token", add(1))).must(t)
		c.wantItem(t, "Counters", key("c", "n"), with(key("c", "n"), item{"n": num(1)}))
		_, err := c.transact(t, "token", add(2))
		var mismatch *types.IdempotentParameterMismatchException
		if !asError(err, &mismatch) {
			t.Errorf("got %v; want an IdempotentParameterMismatchException", err)
		}
	})
}

func TestQueuesSurvive(t *testing.T) {
	type state struct{ url, inFlight, dead string }
	acrossRestarts(t, func(t *testing.T, c *client) state {
		s := state{dead: c.createQueue(t, "Dead", nil)}
		s.url = c.createQueue(t, "Kept", attributes{"VisibilityTimeout": "600", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, c.queueARN("Dead"))})
		for _, body := range []string{"in flight", "deleted"} {
			c.send(t, s.url, body)
		}
		for _, m := range c.receive(t, s.url, 10) {
			if *m.Body == "deleted" {
				c.deleteMessage(t, s.url, m)
			} else {
				s.inFlight = *m.ReceiptHandle
			}
		}
		for i := range 5 {
			c.send(t, s.url, fmt.Sprint("waiting ", i))
		}
		try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String("delayed"), DelaySeconds: 900})).must(t)
		gone := c.createQueue(t, "Gone", nil)
		try(c.sqs.DeleteQueue(ctx(t), &sqs.DeleteQueueInput{QueueUrl: &gone})).must(t)
		return s
	}, func(t *testing.T, c *client, s state) {
		want(t, "queues", try(c.sqs.ListQueues(ctx(t), &sqs.ListQueuesInput{})).must(t).QueueUrls, []string{s.dead, s.url})
		a := c.queueAttributes(t, s.url)
		want(t, "visibility timeout", a["VisibilityTimeout"], "600")
		want(t, "waiting", a["ApproximateNumberOfMessages"], "5")
		want(t, "in flight", a["ApproximateNumberOfMessagesNotVisible"], "1")
		want(t, "delayed", a["ApproximateNumberOfMessagesDelayed"], "1")
		got := bodies(c.receive(t, s.url, 10))
		slices.Sort(got)
		want(t, "received", got, []string{"waiting 0", "waiting 1", "waiting 2", "waiting 3", "waiting 4"})

		// The receipt from before still counts, and so does the receive.
		try(c.sqs.ChangeMessageVisibility(ctx(t), &sqs.ChangeMessageVisibilityInput{QueueUrl: &s.url, ReceiptHandle: &s.inFlight, VisibilityTimeout: 0})).must(t)
		again := c.receive(t, s.url, 10)
		want(t, "received again", bodies(again), []string{"in flight"})
		want(t, "receives", again[0].Attributes["ApproximateReceiveCount"], "2")
		c.setVisibility(t, s.url, again[0], 0)
		want(t, "the third receive", len(c.receive(t, s.url, 10)), 0)
		eventually(t, "the message is dead", func() bool { return len(c.receive(t, s.dead, 1)) == 1 })
	})
}

func TestFifoQueuesSurvive(t *testing.T) {
	type state struct{ url, sequence, inFlight string }
	acrossRestarts(t, func(t *testing.T, c *client) state {
		s := state{url: c.createQueue(t, "Kept.fifo", attributes{"VisibilityTimeout": "600"})}
		c.sendTo(t, s.url, "a", "1", "a1")
		c.sendTo(t, s.url, "done", "2", "deleted")
		for _, m := range c.receive(t, s.url, 10) {
			if *m.Body == "deleted" {
				c.deleteMessage(t, s.url, m)
			} else {
				s.inFlight = *m.ReceiptHandle
			}
		}
		c.sendTo(t, s.url, "a", "3", "a2")
		c.sendTo(t, s.url, "b", "4", "b1")
		s.sequence = *c.sendTo(t, s.url, "b", "5", "b2").SequenceNumber
		return s
	}, func(t *testing.T, c *client, s state) {
		// Duplicates of all messages, received, deleted or not, are still suppressed.
		for id, group := range []string{1: "a", 2: "done", 3: "a", 4: "b", 5: "b"} {
			if group != "" {
				c.sendTo(t, s.url, group, fmt.Sprint(id), "a duplicate")
			}
		}
		if n := *c.sendTo(t, s.url, "b", "6", "b3").SequenceNumber; n <= s.sequence {
			t.Errorf("sequence number %s after %s", n, s.sequence)
		}
		want(t, "group a is closed", bodies(c.receive(t, s.url, 10)), []string{"b1", "b2", "b3"})
		try(c.sqs.DeleteMessage(ctx(t), &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: &s.inFlight})).must(t)
		want(t, "group a goes on", bodies(c.receive(t, s.url, 10)), []string{"a2"})
	})
}
