package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var pipeRole = aws.String("arn:aws:iam::111122223333:role/pipes")

// A pipe has the life that its operations give it.
func TestPipeLife(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createQueue(t, "from", nil)
		c.createQueue(t, "to.fifo", attributes{"FifoQueue": "true"})
		made := try(c.pipes.CreatePipe(ctx(t), &pipes.CreatePipeInput{
			Name: aws.String("p"), RoleArn: pipeRole, Source: aws.String(c.queueARN("from")), Target: aws.String(c.queueARN("to.fifo")),
			DesiredState: types.RequestedPipeStateStopped, Tags: map[string]string{"a": "1", "b": "2"},
			SourceParameters: &types.PipeSourceParameters{
				SqsQueueParameters: &types.PipeSourceSqsQueueParameters{BatchSize: aws.Int32(5)},
				FilterCriteria:     &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":{"n":[{"numeric":[">",1]}]}}`)}}},
			},
			TargetParameters: &types.PipeTargetParameters{
				InputTemplate:      aws.String(`{"n": <$.body.n>}`),
				SqsQueueParameters: &types.PipeTargetSqsQueueParameters{MessageGroupId: aws.String("$.body.g"), MessageDeduplicationId: aws.String("$.messageId")},
			},
		})).must(t)
		want(t, "state", made.CurrentState, types.PipeStateCreating)
		for i := range 4 {
			c.send(t, c.server.url()+"/"+c.account+"/from", fmt.Sprintf(`{"n":%d,"g":"g"}`, i))
		}
		got := try(c.pipes.DescribePipe(ctx(t), &pipes.DescribePipeInput{Name: aws.String("p")})).must(t)
		want(t, "state", got.CurrentState, types.PipeStateStopped)
		want(t, "batch", *got.SourceParameters.SqsQueueParameters.BatchSize, 5)
		want(t, "template", *got.TargetParameters.InputTemplate, `{"n": <$.body.n>}`)
		want(t, "tags", got.Tags, map[string]string{"a": "1", "b": "2"})
		want(t, "created", got.CreationTime.Equal(*made.CreationTime), true)
		try(c.pipes.UntagResource(ctx(t), &pipes.UntagResourceInput{ResourceArn: got.Arn, TagKeys: []string{"a"}})).must(t)
		try(c.pipes.TagResource(ctx(t), &pipes.TagResourceInput{ResourceArn: got.Arn, Tags: map[string]string{"c": "3"}})).must(t)
		want(t, "tags", try(c.pipes.ListTagsForResource(ctx(t), &pipes.ListTagsForResourceInput{ResourceArn: got.Arn})).must(t).Tags, map[string]string{"b": "2", "c": "3"})
		list := try(c.pipes.ListPipes(ctx(t), &pipes.ListPipesInput{NamePrefix: aws.String("p"), DesiredState: types.RequestedPipeStateStopped})).must(t)
		want(t, "pipes", len(list.Pipes), 1)

		try(c.pipes.StartPipe(ctx(t), &pipes.StartPipeInput{Name: aws.String("p")})).must(t)
		var moved []string
		eventually(t, "what passes the filter is moved", func() bool {
			moved = append(moved, bodies(c.receive(t, c.server.url()+"/"+c.account+"/to.fifo", 10))...)
			return len(moved) == 2
		})
		want(t, "moved", moved, []string{`{"n": 2}`, `{"n": 3}`})
		try(c.pipes.UpdatePipe(ctx(t), &pipes.UpdatePipeInput{Name: aws.String("p"), RoleArn: pipeRole, DesiredState: types.RequestedPipeStateStopped})).must(t)
		try(c.pipes.StopPipe(ctx(t), &pipes.StopPipeInput{Name: aws.String("p")})).must(t)
		try(c.pipes.DeletePipe(ctx(t), &pipes.DeletePipeInput{Name: aws.String("p")})).must(t)
		_, err := c.pipes.DescribePipe(ctx(t), &pipes.DescribePipeInput{Name: aws.String("p")})
		wantCode(t, err, "NotFoundException", "Pipe p does not exist.")
	})
}

// A pipe from a stream to a queue brings each change once, also over the death of
// the server.
func TestPipeOfStream(t *testing.T) {
	c := newClient(startServer(t, "--data", t.TempDir()), newAccount(), "eu-west-1")
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	url := c.createQueue(t, "changes", nil)
	try(c.pipes.CreatePipe(ctx(t), &pipes.CreatePipeInput{
		Name: aws.String("p"), RoleArn: pipeRole, Source: c.describe(t, "source").LatestStreamArn, Target: aws.String(c.queueARN("changes")),
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{StartingPosition: types.DynamoDBStreamStartPositionTrimHorizon}},
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("<$.dynamodb.Keys.id.S>")},
	})).must(t)
	const changes = 200
	for i := range changes {
		try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint(i)}}})).must(t)
		if i%50 == 49 {
			c.server.restart(t, os.Kill)
		}
	}
	seen := map[string]int{}
	eventually(t, "all changes are in the queue", func() bool {
		for _, m := range c.receive(t, url, 10) {
			seen[*m.Body]++
			try(c.sqs.DeleteMessage(ctx(t), &sqs.DeleteMessageInput{QueueUrl: aws.String(url), ReceiptHandle: m.ReceiptHandle})).must(t)
		}
		return len(seen) == changes
	})
	for _, m := range c.receive(t, url, 10) {
		seen[*m.Body]++
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("the change of %s came %d times", id, n)
		}
	}
}

// What a pipe brings to sinks: to an endpoint each message with its id, signed; to
// files the changes of a table, by lines.
func TestPipesToSinks(t *testing.T) {
	dir := t.TempDir()
	posted := make(chan *http.Request, 100)
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { posted <- r }))
	t.Cleanup(endpoint.Close)
	file := filepath.Join(dir, "sinks.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "hook: {http: {url: %q, signing_key: key}}\narchive: {files: {dir: %q, max_age: 1s}}\n", endpoint.URL, filepath.Join(dir, "archive")), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newClient(startServer(t, "--data", filepath.Join(dir, "data"), "--sinks", file), newAccount(), "eu-west-1")
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	url := c.createQueue(t, "events", nil)
	try(c.pipes.CreatePipe(ctx(t), &pipes.CreatePipeInput{
		Name: aws.String("posts"), RoleArn: pipeRole, Source: aws.String(c.queueARN("events")), Target: aws.String("arn:aws:levee:::sink/hook"),
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("<$.body>")},
	})).must(t)
	try(c.pipes.CreatePipe(ctx(t), &pipes.CreatePipeInput{
		Name: aws.String("archives"), RoleArn: pipeRole, Source: c.describe(t, "source").LatestStreamArn, Target: aws.String("arn:aws:levee:::sink/archive"),
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{StartingPosition: types.DynamoDBStreamStartPositionTrimHorizon}},
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String(`{"event":<$.eventID>,"id":<$.dynamodb.Keys.id.S>}`)},
	})).must(t)
	sent := c.send(t, url, `{"a":1}`)
	select {
	case r := <-posted:
		want(t, "id", r.Header.Get("Webhook-Id"), *sent.MessageId)
		want(t, "signed", r.Header.Get("Webhook-Signature") != "", true)
	case <-ctx(t).Done():
		t.Fatal("nothing is posted")
	}
	for i := range 20 {
		try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint(i)}}})).must(t)
	}
	eventually(t, "all changes are in files that are finished", func() bool {
		ids := map[string]bool{}
		files, err := filepath.Glob(filepath.Join(dir, "archive", "*", "*", "*", "*", "*.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				var one struct{ Event, ID string }
				if err := json.Unmarshal([]byte(line), &one); err != nil || one.Event == "" {
					t.Fatalf("%s: %q: %v", path, line, err)
				}
				ids[one.ID] = true
			}
		}
		return len(ids) == 20
	})
}
