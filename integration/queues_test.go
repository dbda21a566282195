package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

type attributes = map[string]string

// createQueue creates a queue and returns its URL.
func (c *client) createQueue(t testing.TB, name string, attrs attributes) string {
	t.Helper()
	if strings.HasSuffix(name, ".fifo") {
		all := attributes{"FifoQueue": "true"}
		for k, v := range attrs {
			all[k] = v
		}
		attrs = all
	}
	return *try(c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: &name, Attributes: attrs})).must(t).QueueUrl
}

func (c *client) queueAttributes(t testing.TB, url string, names ...types.QueueAttributeName) attributes {
	t.Helper()
	if len(names) == 0 {
		names = []types.QueueAttributeName{types.QueueAttributeNameAll}
	}
	return try(c.sqs.GetQueueAttributes(ctx(t), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})).must(t).Attributes
}

func (c *client) queueARN(name string) string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:%s", c.region, c.account, name)
}

const noSuchQueue = "The specified queue does not exist."

func TestCreateQueue(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Jobs", attributes{"VisibilityTimeout": "45"})
		want(t, "URL", url, c.server.url()+"/"+c.account+"/Jobs")
		want(t, "URL by name", *try(c.sqs.GetQueueUrl(ctx(t), &sqs.GetQueueUrlInput{QueueName: aws.String("Jobs")})).must(t).QueueUrl, url)

		got := c.queueAttributes(t, url)
		for name, value := range (attributes{
			"QueueArn": c.queueARN("Jobs"), "VisibilityTimeout": "45", "DelaySeconds": "0", "MessageRetentionPeriod": "345600", "MaximumMessageSize": "1048576",
			"ReceiveMessageWaitTimeSeconds": "0", "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
			"ApproximateNumberOfMessagesDelayed": "0", "SqsManagedSseEnabled": "true",
		}) {
			want(t, name, got[name], value)
		}
		created, err := strconv.ParseInt(got["CreatedTimestamp"], 10, 64)
		if err != nil || time.Since(time.Unix(created, 0)).Abs() > time.Hour {
			t.Errorf("created at %q", got["CreatedTimestamp"])
		}
		if _, fifo := got["FifoQueue"]; fifo {
			t.Error("a standard queue has the attribute FifoQueue")
		}
		want(t, "asked for", c.queueAttributes(t, url, types.QueueAttributeNameQueueArn), attributes{"QueueArn": c.queueARN("Jobs")})

		// The same again is the same queue.
		want(t, "URL", c.createQueue(t, "Jobs", attributes{"VisibilityTimeout": "45"}), url)
		want(t, "URL", c.createQueue(t, "Jobs", nil), url)
		_, err = c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: aws.String("Jobs"), Attributes: attributes{"VisibilityTimeout": "46"}})
		wantError[*types.QueueNameExists](t, err, "A queue already exists with the same name and a different value for attribute VisibilityTimeout")
	})
}

func TestCreateFifoQueue(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Jobs.fifo", attributes{"ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
		stored := attributes{"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
		got := c.queueAttributes(t, url)
		for name, value := range stored {
			want(t, name, got[name], value)
		}
	})
}

func TestCreateQueueRefuses(t *testing.T) {
	const standardName = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	tests := []struct {
		name          string
		attrs         attributes
		code, message string
	}{
		{"a.b", nil, "InvalidParameterValue", standardName},
		{strings.Repeat("x", 81), nil, "InvalidParameterValue", standardName},
		{"plain", attributes{"FifoQueue": "true"}, "InvalidParameterValue",
			"The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."},
		{"visibility", attributes{"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		{"delay", attributes{"DelaySeconds": "x"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."},
		{"retention", attributes{"MessageRetentionPeriod": "59"}, "InvalidAttributeValue", "Invalid value for the parameter MessageRetentionPeriod."},
		{"size", attributes{"MaximumMessageSize": "1023"}, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."},
		{"wait", attributes{"ReceiveMessageWaitTimeSeconds": "21"}, "InvalidAttributeValue", "Invalid value for the parameter ReceiveMessageWaitTimeSeconds."},
		{"unknown", attributes{"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."},
		{"content", attributes{"ContentBasedDeduplication": "true"}, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
	}
	onStores(t, func(t *testing.T, c *client) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: &tt.name, Attributes: tt.attrs})
				wantCode(t, err, tt.code, tt.message)
			})
		}
		want(t, "queues", len(try(c.sqs.ListQueues(ctx(t), &sqs.ListQueuesInput{})).must(t).QueueUrls), 0)
	})
}

func TestListQueues(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		var all []string
		for i := range 5 {
			all = append(all, c.createQueue(t, fmt.Sprint("list-", i), nil))
		}
		c.createQueue(t, "other", nil)
		var got []string
		pages := 0
		for p := sqs.NewListQueuesPaginator(c.sqs, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("list-"), MaxResults: aws.Int32(2)}); p.HasMorePages(); pages++ {
			got = append(got, try(p.NextPage(ctx(t))).must(t).QueueUrls...)
		}
		slices.Sort(got)
		want(t, "queues", got, all)
		want(t, "pages", pages, 3)
	})
}

func TestSetQueueAttributes(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Set", nil)
		set := func(a attributes) error {
			_, err := c.sqs.SetQueueAttributes(ctx(t), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: a})
			return err
		}
		if err := set(attributes{"VisibilityTimeout": "7", "DelaySeconds": "1"}); err != nil {
			t.Fatal(err)
		}
		got := c.queueAttributes(t, url)
		want(t, "visibility", got["VisibilityTimeout"], "7")
		want(t, "delay", got["DelaySeconds"], "1")
		err := set(attributes{"VisibilityTimeout": "8", "DelaySeconds": "901"})
		wantError[*types.InvalidAttributeValue](t, err, "Invalid value for the parameter DelaySeconds.")
		want(t, "visibility after a refusal", c.queueAttributes(t, url)["VisibilityTimeout"], "7")
		wantError[*types.InvalidAttributeName](t, set(attributes{"QueueArn": "x"}), "Unknown Attribute QueueArn.")
		_, err = c.sqs.GetQueueAttributes(ctx(t), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"Colour"}})
		wantError[*types.InvalidAttributeName](t, err, "Unknown Attribute Colour.")
	})
}

func TestDeleteQueue(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Gone", nil)
		c.send(t, url, "lost")
		try(c.sqs.DeleteQueue(ctx(t), &sqs.DeleteQueueInput{QueueUrl: &url})).must(t)
		_, err := c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
		e := wantError[*types.QueueDoesNotExist](t, err, noSuchQueue)
		want(t, "code of the query protocol", e.ErrorCode(), "AWS.SimpleQueueService.NonExistentQueue")
		_, err = c.sqs.GetQueueUrl(ctx(t), &sqs.GetQueueUrlInput{QueueName: aws.String("Gone")})
		wantError[*types.QueueDoesNotExist](t, err, noSuchQueue)
		_, err = c.sqs.DeleteQueue(ctx(t), &sqs.DeleteQueueInput{QueueUrl: &url})
		wantError[*types.QueueDoesNotExist](t, err, noSuchQueue)

		// The service would refuse this for 60 seconds (QueueDeletedRecently). Levee
		// does not, by choice: the tests of its users cannot wait.
		want(t, "messages", c.queueAttributes(t, c.createQueue(t, "Gone", nil))["ApproximateNumberOfMessages"], "0")
	})
}

func TestPurgeQueue(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Purged", nil)
		for i := range 5 {
			c.send(t, url, fmt.Sprint(i))
		}
		c.receive(t, url, 1)
		try(c.sqs.PurgeQueue(ctx(t), &sqs.PurgeQueueInput{QueueUrl: &url})).must(t)
		eventually(t, "the queue is empty", func() bool {
			a := c.queueAttributes(t, url)
			return a["ApproximateNumberOfMessages"] == "0" && a["ApproximateNumberOfMessagesNotVisible"] == "0"
		})
		want(t, "received", len(c.receive(t, url, 10)), 0)
		// Nor does Levee make a second purge wait for 60 seconds (PurgeQueueInProgress).
		try(c.sqs.PurgeQueue(ctx(t), &sqs.PurgeQueueInput{QueueUrl: &url})).must(t)
		c.send(t, url, "after")
		want(t, "received", bodies(c.receive(t, url, 10)), []string{"after"})
	})
}

func TestQueueTags(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := *try(c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: aws.String("Tagged"), Tags: attributes{"team": "chat"}})).must(t).QueueUrl
		tags := func() attributes {
			return try(c.sqs.ListQueueTags(ctx(t), &sqs.ListQueueTagsInput{QueueUrl: &url})).must(t).Tags
		}
		want(t, "tags", tags(), attributes{"team": "chat"})
		try(c.sqs.TagQueue(ctx(t), &sqs.TagQueueInput{QueueUrl: &url, Tags: attributes{"team": "search", "env": "test"}})).must(t)
		want(t, "tags", tags(), attributes{"team": "search", "env": "test"})
		try(c.sqs.UntagQueue(ctx(t), &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: []string{"team"}})).must(t)
		want(t, "tags", tags(), attributes{"env": "test"})
	})
}

// A move task takes dead letters back to the queue that they come from.
func TestMoveTask(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		dead := c.createQueue(t, "Dead", nil)
		live := c.createQueue(t, "Live", attributes{"VisibilityTimeout": "0", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, c.queueARN("Dead"))})
		for i := range 3 {
			try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &live, MessageBody: aws.String(fmt.Sprint(i))})).must(t)
		}
		count := func(url string) string {
			return try(c.sqs.GetQueueAttributes(ctx(t), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})).must(t).Attributes["ApproximateNumberOfMessages"]
		}
		for count(dead) != "3" {
			try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &live, MaxNumberOfMessages: 10})).must(t)
		}
		source := aws.String(c.queueARN("Dead"))
		try(c.sqs.StartMessageMoveTask(ctx(t), &sqs.StartMessageMoveTaskInput{SourceArn: source})).must(t)
		for {
			task := try(c.sqs.ListMessageMoveTasks(ctx(t), &sqs.ListMessageMoveTasksInput{SourceArn: source})).must(t).Results[0]
			if *task.Status == "COMPLETED" {
				want(t, "messages moved", task.ApproximateNumberOfMessagesMoved, 3)
				break
			}
			want(t, "status", *task.Status, "RUNNING")
		}
		want(t, "dead letters left", count(dead), "0")
		want(t, "messages back", count(live), "3")
	})
}
