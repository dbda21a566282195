package sqs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func TestCreateQueueNames(t *testing.T) {
	r := newRig(t)
	const standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	const fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
	yes := []string{"FifoQueue", "true"}
	for _, c := range []struct {
		name       string
		attributes []string
		message    string
	}{
		{"a", nil, ""},
		{strings.Repeat("a", 80), nil, ""},
		{strings.Repeat("a", 81), nil, standard},
		{"", nil, standard},
		{"a b", nil, standard},
		{"a.fifo", nil, standard},
		{"A-z_9", nil, ""},
		{"b.fifo", yes, ""},
		{"b", yes, fifo},
		{".fifo", yes, fifo},
		{"b.c.fifo", yes, fifo},
		{strings.Repeat("b", 75) + ".fifo", yes, ""},
		{strings.Repeat("b", 76) + ".fifo", yes, fifo},
	} {
		_, err := r.CreateQueue(context.Background(), caller, createRequest(c.name, c.attributes...))
		if c.message == "" && err != nil {
			t.Errorf("%q: %v", c.name, err)
		} else if c.message != "" {
			wantError(t, err, "InvalidParameterValue", c.message)
		}
	}
}

func TestAttributeRanges(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	for _, c := range []struct {
		name        string
		least, most int
	}{
		{"DelaySeconds", 0, 900},
		{"MaximumMessageSize", 1024, 1048576},
		{"MessageRetentionPeriod", 60, 1209600},
		{"ReceiveMessageWaitTimeSeconds", 0, 20},
		{"VisibilityTimeout", 0, 43200},
		{"KmsDataKeyReusePeriodSeconds", 60, 86400},
	} {
		r.must(r.set(url, c.name, fmt.Sprint(c.least)))
		r.must(r.set(url, c.name, fmt.Sprint(c.most)))
		for _, bad := range []string{fmt.Sprint(c.least - 1), fmt.Sprint(c.most + 1), "", "x", "1.5"} {
			wantError(t, r.set(url, c.name, bad), "InvalidAttributeValue", "Invalid value for the parameter "+c.name+".")
		}
	}
}

func TestAttributeErrors(t *testing.T) {
	r := newRig(t)
	standard, fifo := r.create("q"), r.create("q.fifo", "FifoQueue", "true")
	for _, c := range []struct{ url, name, value, code, message string }{
		{standard, "Nonsense", "1", "InvalidAttributeName", "Unknown Attribute Nonsense."},
		{standard, "QueueArn", "1", "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{standard, "FifoQueue", "true", "InvalidAttributeName", "Unknown Attribute FifoQueue."},
		{standard, "ContentBasedDeduplication", "true", "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		{fifo, "FifoQueue", "false", "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."},
		{fifo, "DeduplicationScope", "group", "InvalidAttributeValue", "Invalid value for the parameter DeduplicationScope."},
		{fifo, "FifoThroughputLimit", "perMessageGroupId", "InvalidAttributeValue",
			"Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup."},
		{standard, "RedrivePolicy", `{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}`, "InvalidParameterValue",
			`Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.`},
		{standard, "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:none","maxReceiveCount":3}`, "InvalidParameterValue",
			`Value {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:none","maxReceiveCount":3} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`},
		{standard, "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:q","maxReceiveCount":1001}`, "InvalidParameterValue",
			`Value {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:q","maxReceiveCount":1001} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.`},
		{standard, "RedriveAllowPolicy", `{"redrivePermission":"byQueue"}`, "InvalidParameterValue",
			`Value {"redrivePermission":"byQueue"} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. ` +
				"When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."},
	} {
		wantError(t, r.set(c.url, c.name, c.value), c.code, c.message)
	}
	wantError(t, r.set(standard, "SqsManagedSseEnabled", "true", "KmsMasterKeyId", "k"), "InvalidAttributeName",
		"You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
}

func TestAttributesOfNewQueues(t *testing.T) {
	r := newRig(t)
	common := pairs(
		"ApproximateNumberOfMessages", "0", "ApproximateNumberOfMessagesNotVisible", "0",
		"ApproximateNumberOfMessagesDelayed", "0", "VisibilityTimeout", "30", "MaximumMessageSize", "1048576",
		"MessageRetentionPeriod", "345600", "DelaySeconds", "0", "ReceiveMessageWaitTimeSeconds", "0",
		"SqsManagedSseEnabled", "true",
	)
	check := func(url string, want api.Map[string]) {
		t.Helper()
		out, err := r.GetQueueAttributes(context.Background(), caller, &model.GetQueueAttributesRequest{
			QueueUrl: api.Some(url), AttributeNames: []string{"All"},
		})
		r.must(err)
		for _, a := range want {
			if v, ok := out.Attributes.Get(a.Key); !ok || v != a.Value {
				t.Errorf("%s = %q, want %q", a.Key, v, a.Value)
			}
		}
		if len(out.Attributes) != len(want)+2 { // and two timestamps
			t.Errorf("attributes %v, want %v and timestamps", out.Attributes, want)
		}
	}
	check(r.create("q"), append(slices.Clone(common), pairs("QueueArn", "arn:aws:sqs:eu-west-1:111122223333:q")...))
	check(r.create("q.fifo", "FifoQueue", "true"), append(slices.Clone(common), pairs(
		"QueueArn", "arn:aws:sqs:eu-west-1:111122223333:q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "false",
		"DeduplicationScope", "queue", "FifoThroughputLimit", "perQueue")...))
}

func TestCreateQueueTwice(t *testing.T) {
	r := newRig(t)
	url := r.create("q", "DelaySeconds", "5")
	if again := r.create("q"); again != url {
		t.Errorf("URL %s, want %s", again, url)
	}
	r.create("q", "DelaySeconds", "5", "VisibilityTimeout", "30") // 30 is what it has by default
	_, err := r.CreateQueue(context.Background(), caller, createRequest("q", "DelaySeconds", "6"))
	wantError(t, err, "QueueNameExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
}

func TestQueueURLs(t *testing.T) {
	r := newRig(t)
	r.create("q")
	for url, found := range map[string]bool{
		"http://other.host:1/111122223333/q":                   true,
		"https://sqs.us-east-1.amazonaws.com/111122223333/q":   true,
		"http://localhost/queue/eu-west-1/111122223333/q":      true,
		"http://localhost:4566/000000000000/q":                 true,
		"http://localhost:4566/999999999999/q":                 false,
		"http://localhost:4566/111122223333/p":                 false,
		"q":                                                    false,
		"":                                                     false,
		"http://localhost:4566/111122223333/":                  false,
		"http://localhost:4566/111122223333/q/../../secrets/x": false,
	} {
		_, err := r.GetQueueAttributes(context.Background(), caller, &model.GetQueueAttributesRequest{QueueUrl: api.Some(url)})
		if found && err != nil {
			t.Errorf("%q: %v", url, err)
		} else if !found {
			wantError(t, err, "QueueDoesNotExist", "The specified queue does not exist.")
		}
	}
}

func TestNamespacesAreIsolated(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	for _, ns := range []api.Namespace{{Account: "222233334444", Region: "eu-west-1"}, {Account: "111122223333", Region: "us-east-1"}} {
		other := &api.Caller{Namespace: ns, BaseURL: caller.BaseURL}
		_, err := r.GetQueueUrl(context.Background(), other, &model.GetQueueUrlRequest{QueueName: api.Some("q")})
		wantError(t, err, "QueueDoesNotExist", "The specified queue does not exist.")
		_, err = r.SendMessage(context.Background(), other, sendRequest(url, "x", ""))
		wantError(t, err, "QueueDoesNotExist", "The specified queue does not exist.")
		list, err := r.ListQueues(context.Background(), other, &model.ListQueuesRequest{})
		r.must(err)
		if list.QueueUrls != nil {
			t.Errorf("%v sees %v", ns, list.QueueUrls)
		}
	}
}

func TestListQueues(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"b2", "a", "b1", "c", "b3"} {
		r.create(name)
	}
	list := func(in *model.ListQueuesRequest) string {
		t.Helper()
		out, err := r.ListQueues(context.Background(), caller, in)
		r.must(err)
		var got []string
		for _, url := range out.QueueUrls {
			got = append(got, url[strings.LastIndexByte(url, '/')+1:])
		}
		in.NextToken = out.NextToken
		if out.NextToken.OK {
			got = append(got, "...")
		}
		return strings.Join(got, " ")
	}
	expect := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
	expect(list(&model.ListQueuesRequest{}), "a b1 b2 b3 c")
	in := &model.ListQueuesRequest{QueueNamePrefix: api.Some("b"), MaxResults: api.Some[int64](2)}
	expect(list(in), "b1 b2 ...")
	expect(list(in), "b3")
	_, err := r.ListQueues(context.Background(), caller, &model.ListQueuesRequest{NextToken: api.Some("*")})
	wantError(t, err, "InvalidParameterValue", "")
}

func TestDeleteQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	r.send(url, "old", "")
	old := r.receive(url, 1)[0]
	drop := func() error {
		_, err := r.DeleteQueue(context.Background(), caller, &model.DeleteQueueRequest{QueueUrl: api.Some(url)})
		return err
	}
	r.must(drop())
	wantError(t, drop(), "QueueDoesNotExist", "The specified queue does not exist.")
	r.create("q")
	r.wantBodies(r.receive(url, 10), "")
	wantError(t, r.delete(url, old), "ReceiptHandleIsInvalid", `The input receipt handle "`+old.ReceiptHandle.V+`" is not a valid receipt handle.`)
	r.reopen()
	r.wantBodies(r.receive(url, 10), "")
	it := r.store.Scan(kvRange())
	defer func() { _ = it.Close() }()
	for it.Next() {
		if k := it.Key()[1]; k != kindIdentity && k != kindQueue {
			t.Errorf("row %x is left", it.Key())
		}
	}
}

func TestCooldowns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openRig(t, kvmem.New(), Options{EnforceCooldowns: true})
		url := r.create("q")
		purge := func() error {
			_, err := r.PurgeQueue(context.Background(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(url)})
			return err
		}
		r.must(purge())
		time.Sleep(59 * time.Second)
		wantError(t, purge(), "PurgeQueueInProgress", "Only one PurgeQueue operation on q is allowed every 60 seconds.")
		time.Sleep(time.Second)
		r.must(purge())

		_, err := r.DeleteQueue(context.Background(), caller, &model.DeleteQueueRequest{QueueUrl: api.Some(url)})
		r.must(err)
		time.Sleep(59 * time.Second)
		_, err = r.CreateQueue(context.Background(), caller, createRequest("q"))
		wantError(t, err, "QueueDeletedRecently",
			"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
		time.Sleep(time.Second)
		r.create("q")
	})
}

func TestPurgeQueue(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	for _, body := range []string{"1", "2", "3"} {
		r.send(url, body, "g")
	}
	held := r.receive(url, 1)[0]
	_, err := r.PurgeQueue(context.Background(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(url)})
	r.must(err)
	r.wantCounts(url, "0", "0", "0")
	r.must(r.delete(url, held))
	r.send(url, "1", "g") // still a duplicate
	r.send(url, "4", "g")
	r.wantBodies(r.receive(url, 10), "4")
	r.reopen()
	r.wantCounts(url, "0", "1", "0")
}

func TestTags(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	url := r.create("q")
	tags := func() string {
		t.Helper()
		out, err := r.ListQueueTags(ctx, caller, &model.ListQueueTagsRequest{QueueUrl: api.Some(url)})
		r.must(err)
		return fmt.Sprint(out.Tags)
	}
	_, err := r.TagQueue(ctx, caller, &model.TagQueueRequest{QueueUrl: api.Some(url), Tags: pairs("b", "2", "a", "1", "c", "")})
	r.must(err)
	_, err = r.UntagQueue(ctx, caller, &model.UntagQueueRequest{QueueUrl: api.Some(url), TagKeys: []string{"a", "x"}})
	r.must(err)
	r.reopen()
	if got, want := tags(), fmt.Sprint(pairs("b", "2", "c", "")); got != want {
		t.Errorf("tags %s, want %s", got, want)
	}
	if got, want := r.Tags("arn:aws:sqs:eu-west-1:111122223333:q"), map[string]string{"b": "2", "c": ""}; !maps.Equal(got, want) {
		t.Errorf("tags of the ARN %v, want %v", got, want)
	}
	if got := r.Tags("arn:aws:sqs:eu-west-1:111122223333:other"); got != nil {
		t.Errorf("tags of no queue %v", got)
	}
}

func TestOperationTable(t *testing.T) {
	ops := newRig(t).Operations()
	if len(ops) != len(model.OperationNames) {
		t.Fatalf("%d operations, want %d", len(ops), len(model.OperationNames))
	}
	for i, op := range ops {
		if op.Name != model.OperationNames[i] || op.Target != model.Target || op.Doc == "" || (op.New == nil) != (op.Handle == nil) {
			t.Errorf("row %d: %+v", i, op)
		}
	}
}
