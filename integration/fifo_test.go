package integration

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (c *client) sendTo(t testing.TB, url, group, dedup, body string) *sqs.SendMessageOutput {
	t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body, MessageGroupId: &group}
	if dedup != "" {
		in.MessageDeduplicationId = &dedup
	}
	return try(c.sqs.SendMessage(ctx(t), in)).must(t)
}

func TestFifoOrder(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Order.fifo", nil)
		last := ""
		for i := range 6 {
			group := []string{"a", "b"}[i%2]
			n := *c.sendTo(t, url, group, fmt.Sprint(i), fmt.Sprint(group, i)).SequenceNumber
			if len(n) != 20 || n <= last {
				t.Errorf("sequence number %s after %s", n, last)
			}
			last = n
		}
		// As many as possible of one group, in order; then of the next.
		got := c.receive(t, url, 10)
		want(t, "received", bodies(got), []string{"a0", "a2", "a4", "b1", "b3", "b5"})
		want(t, "group", got[0].Attributes["MessageGroupId"], "a")
		want(t, "deduplication id", got[1].Attributes["MessageDeduplicationId"], "2")
		want(t, "both groups are closed", len(c.receive(t, url, 10)), 0)

		// A group opens when all its messages in flight are deleted or visible again.
		for _, m := range got[:3] {
			c.deleteMessage(t, url, m)
		}
		c.sendTo(t, url, "a", "6", "a6")
		want(t, "received", bodies(c.receive(t, url, 10)), []string{"a6"})
		for _, m := range got[3:] {
			c.setVisibility(t, url, m, 0)
		}
		want(t, "received again, in order", bodies(c.receive(t, url, 2)), []string{"b1", "b3"})
		want(t, "closed", len(c.receive(t, url, 10)), 0)
	})
}

func TestFifoDeduplication(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Once.fifo", nil)
		first := c.sendTo(t, url, "a", "id", "body")
		again := c.sendTo(t, url, "a", "id", "another body")
		want(t, "message id of the repeat", *again.MessageId, *first.MessageId)
		want(t, "sequence number of the repeat", *again.SequenceNumber, *first.SequenceNumber)
		c.sendTo(t, url, "b", "id", "in another group") // the scope is the queue
		got := c.receive(t, url, 10)
		want(t, "received", bodies(got), []string{"body"})
		c.deleteMessage(t, url, got[0])
		c.sendTo(t, url, "a", "id", "after its deletion")
		want(t, "received", len(c.receive(t, url, 10)), 0)
	})
}

func TestFifoDeduplicationByContent(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Content.fifo", attributes{"ContentBasedDeduplication": "true"})
		c.sendTo(t, url, "a", "", "same")
		c.sendTo(t, url, "a", "", "same")
		c.sendTo(t, url, "a", "", "different")
		c.sendTo(t, url, "a", "explicit", "same")
		// SHA-256 of "same", which is the id that content makes.
		c.sendTo(t, url, "a", "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5", "by the hash of same")
		got := c.receive(t, url, 10)
		want(t, "received", bodies(got), []string{"same", "different", "same"})
		want(t, "id", got[0].Attributes["MessageDeduplicationId"], "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5")
	})
}

func TestFifoDeduplicationByGroup(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Scope.fifo", attributes{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
		c.sendTo(t, url, "a", "id", "a")
		c.sendTo(t, url, "a", "id", "a again")
		c.sendTo(t, url, "b", "id", "b")
		want(t, "received", bodies(c.receive(t, url, 10)), []string{"a", "b"})
	})
}

// The same attempt of a receive gives the same messages with the same handles.
func TestFifoReceiveAttempt(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Attempt.fifo", nil)
		c.sendTo(t, url, "a", "1", "m")
		attempt := func(id string) []types.Message {
			t.Helper()
			return try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, ReceiveRequestAttemptId: &id})).must(t).Messages
		}
		first, second := attempt("x"), attempt("x")
		want(t, "received", len(second), 1)
		want(t, "handle", *second[0].ReceiptHandle, *first[0].ReceiptHandle)
		want(t, "another attempt", len(attempt("y")), 0)
	})
}

func TestFifoDeleteWithAnExpiredHandle(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Expired.fifo", nil)
		c.sendTo(t, url, "a", "1", "m")
		m := c.receive(t, url, 1)[0]
		c.setVisibility(t, url, m, 0)
		_, err := c.sqs.DeleteMessage(ctx(t), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
		wantCode(t, err, "InvalidParameterValue", "Value "+*m.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
		want(t, "received", bodies(c.receive(t, url, 1)), []string{"m"})
	})
}

func TestFifoBatchKeepsItsOrder(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Batch.fifo", nil)
		var entries []types.SendMessageBatchRequestEntry
		var order []string
		for i := range 10 {
			order = append(order, fmt.Sprint(i))
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: &order[i], MessageBody: aws.String(fmt.Sprint(i)),
				MessageGroupId: aws.String("a"), MessageDeduplicationId: aws.String(fmt.Sprint(i))})
		}
		want(t, "sent", len(try(c.sqs.SendMessageBatch(ctx(t), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})).must(t).Successful), 10)
		want(t, "received", bodies(c.receive(t, url, 10)), order)
	})
}

func TestFifoDeadLetters(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		dead := c.createQueue(t, "Dead.fifo", nil)
		url := c.createQueue(t, "Live.fifo", attributes{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, c.queueARN("Dead.fifo"))})
		c.sendTo(t, url, "a", "1", "poison")
		c.sendTo(t, url, "a", "2", "good")
		c.setVisibility(t, url, c.receive(t, url, 1)[0], 0)
		want(t, "the group goes on", bodies(c.receive(t, url, 1)), []string{"good"})
		got := c.receive(t, dead, 1)
		want(t, "dead", bodies(got), []string{"poison"})
		want(t, "group", got[0].Attributes["MessageGroupId"], "a")
	})
}

func TestFifoRefuses(t *testing.T) {
	tests := []struct {
		name          string
		in            sqs.SendMessageInput
		code, message string
	}{
		{"no group", sqs.SendMessageInput{MessageDeduplicationId: aws.String("1")}, "MissingParameter", "The request must contain the parameter MessageGroupId."},
		{"no deduplication id", sqs.SendMessageInput{MessageGroupId: aws.String("a")}, "InvalidParameterValue",
			"The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{"a delay of one message", sqs.SendMessageInput{MessageGroupId: aws.String("a"), MessageDeduplicationId: aws.String("1"), DelaySeconds: 5}, "InvalidParameterValue",
			"Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."},
		{"a group of odd characters", sqs.SendMessageInput{MessageGroupId: aws.String("a b"), MessageDeduplicationId: aws.String("1")}, "InvalidParameterValue",
			"Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."},
	}
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Strict.fifo", nil)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.QueueUrl, tt.in.MessageBody = &url, aws.String("x")
				_, err := c.sqs.SendMessage(ctx(t), &tt.in)
				wantCode(t, err, tt.code, tt.message)
			})
		}
		want(t, "received", len(c.receive(t, url, 10)), 0)
	})
}
