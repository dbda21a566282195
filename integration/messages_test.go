package integration

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
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

func (c *client) send(t testing.TB, url, body string) *sqs.SendMessageOutput {
	t.Helper()
	return try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})).must(t)
}

// receive takes up to n messages with everything that is known about them.
func (c *client) receive(t testing.TB, url string, n int32) []types.Message {
	t.Helper()
	return try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: n,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})).must(t).Messages
}

func (c *client) deleteMessage(t testing.TB, url string, m types.Message) {
	t.Helper()
	try(c.sqs.DeleteMessage(ctx(t), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})).must(t)
}

func (c *client) setVisibility(t testing.TB, url string, m types.Message, seconds int32) {
	t.Helper()
	try(c.sqs.ChangeMessageVisibility(ctx(t), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})).must(t)
}

func bodies(messages []types.Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return out
}

func hexMD5(b string) string {
	sum := md5.Sum([]byte(b))
	return hex.EncodeToString(sum[:])
}

func TestMessageLife(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Life", nil)
		before := time.Now().Add(-time.Minute).UnixMilli()
		sent := c.send(t, url, "hello, \u00e9\U0001F680")
		want(t, "MD5 of the body", *sent.MD5OfMessageBody, hexMD5("hello, \u00e9\U0001F680"))
		want(t, "sequence number, of FIFO queues only", aws.ToString(sent.SequenceNumber), "")

		got := c.receive(t, url, 10)
		if len(got) != 1 {
			t.Fatalf("received %s", show(got))
		}
		m := got[0]
		want(t, "id", *m.MessageId, *sent.MessageId)
		want(t, "body", *m.Body, "hello, \u00e9\U0001F680")
		want(t, "MD5", *m.MD5OfBody, *sent.MD5OfMessageBody)
		want(t, "receives", m.Attributes["ApproximateReceiveCount"], "1")
		for _, name := range []string{"SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
			if at, err := strconv.ParseInt(m.Attributes[name], 10, 64); err != nil || at < before {
				t.Errorf("%s is %q", name, m.Attributes[name])
			}
		}
		if m.Attributes["SenderId"] == "" {
			t.Error("no SenderId")
		}
		want(t, "received while in flight", len(c.receive(t, url, 10)), 0)
		want(t, "in flight", c.queueAttributes(t, url)["ApproximateNumberOfMessagesNotVisible"], "1")

		c.setVisibility(t, url, m, 0)
		again := c.receive(t, url, 10)
		want(t, "received again", len(again), 1)
		want(t, "receives", again[0].Attributes["ApproximateReceiveCount"], "2")
		c.deleteMessage(t, url, again[0])
		c.deleteMessage(t, url, again[0]) // deleting twice is no error
		_, err := c.sqs.ChangeMessageVisibility(ctx(t), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: again[0].ReceiptHandle, VisibilityTimeout: 5})
		wantCode(t, err, "InvalidParameterValue", "Value "+*again[0].ReceiptHandle+
			" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		a := c.queueAttributes(t, url)
		want(t, "messages", a["ApproximateNumberOfMessages"]+a["ApproximateNumberOfMessagesNotVisible"], "00")
	})
}

// md5OfAttributes is the checksum as the developer guide describes it.
func md5OfAttributes(attrs map[string]types.MessageAttributeValue) string {
	var names []string
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	var b []byte
	chunk := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range names {
		a := attrs[name]
		chunk(name)
		chunk(*a.DataType)
		if a.StringValue != nil {
			b = append(b, 1)
			chunk(*a.StringValue)
		} else {
			b = append(b, 2)
			chunk(string(a.BinaryValue))
		}
	}
	return hexMD5(string(b))
}

func TestMessageAttributes(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Attributes", nil)
		attrs := map[string]types.MessageAttributeValue{
			"City":         {DataType: aws.String("String"), StringValue: aws.String("Seoul")},
			"Population":   {DataType: aws.String("Number"), StringValue: aws.String("9411000")},
			"Raw":          {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 255}},
			"Price.Custom": {DataType: aws.String("Number.KRW"), StringValue: aws.String("1000.5")},
		}
		sent := try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("b"), MessageAttributes: attrs})).must(t)
		want(t, "MD5 of the attributes", *sent.MD5OfMessageAttributes, md5OfAttributes(attrs))

		take := func(names ...string) types.Message {
			t.Helper()
			got := try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, MessageAttributeNames: names})).must(t).Messages
			if len(got) != 1 {
				t.Fatalf("received %s", show(got))
			}
			c.setVisibility(t, url, got[0], 0)
			return got[0]
		}
		want(t, "not asked for", len(take().MessageAttributes), 0)
		all := take("All")
		want(t, "all", all.MessageAttributes, attrs)
		want(t, "MD5 of all", *all.MD5OfMessageAttributes, md5OfAttributes(attrs))
		one := map[string]types.MessageAttributeValue{"City": attrs["City"]}
		city := take("City")
		want(t, "one", city.MessageAttributes, one)
		want(t, "MD5 of one", *city.MD5OfMessageAttributes, md5OfAttributes(one))
		want(t, "by prefix", len(take("Pri.*").MessageAttributes), 1)
	})
}

func TestSendMessageRefuses(t *testing.T) {
	tests := []struct {
		name          string
		in            sqs.SendMessageInput
		code, message string
	}{
		{"too long", sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 1<<20+1))}, "InvalidParameterValue",
			"One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."},
		{"an empty body", sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter", "The request must contain the parameter MessageBody."},
		{"a long delay", sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 901}, "InvalidParameterValue",
			"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{"a character that XML cannot have", sqs.SendMessageInput{MessageBody: aws.String("a\u0000b")}, "InvalidMessageContents",
			"Invalid binary character '#x0' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."},
	}
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Strict", nil)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.QueueUrl = &url
				_, err := c.sqs.SendMessage(ctx(t), &tt.in)
				wantCode(t, err, tt.code, tt.message)
			})
		}
		want(t, "messages", c.queueAttributes(t, url)["ApproximateNumberOfMessages"], "0")
		_, err := c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: aws.String(c.server.url() + "/" + c.account + "/nowhere"), MessageBody: aws.String("x")})
		wantError[*types.QueueDoesNotExist](t, err, noSuchQueue)
	})
}

func TestReceiveMessageRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Strict", nil)
		for _, tt := range []struct {
			in      sqs.ReceiveMessageInput
			message string
		}{
			{sqs.ReceiveMessageInput{MaxNumberOfMessages: 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
			{sqs.ReceiveMessageInput{WaitTimeSeconds: 21}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
			{sqs.ReceiveMessageInput{VisibilityTimeout: 43201}, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		} {
			tt.in.QueueUrl = &url
			_, err := c.sqs.ReceiveMessage(ctx(t), &tt.in)
			wantCode(t, err, "InvalidParameterValue", tt.message)
		}
		_, err := c.sqs.DeleteMessage(ctx(t), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: aws.String("nonsense")})
		wantError[*types.ReceiptHandleIsInvalid](t, err, `The input receipt handle "nonsense" is not a valid receipt handle.`)
		_, err = c.sqs.ChangeMessageVisibility(ctx(t), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: aws.String("nonsense"), VisibilityTimeout: 1})
		wantError[*types.ReceiptHandleIsInvalid](t, err, `The input receipt handle "nonsense" is not a valid receipt handle.`)
	})
}

func TestVisibilityTimeout(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Visible", attributes{"VisibilityTimeout": "1"})
		c.send(t, url, "m")
		first := c.receive(t, url, 1)
		var second []types.Message
		eventually(t, "the message comes back", func() bool {
			second = c.receive(t, url, 1)
			return len(second) == 1
		})
		want(t, "id", *second[0].MessageId, *first[0].MessageId)
		want(t, "receives", second[0].Attributes["ApproximateReceiveCount"], "2")

		// A message that is visible again has no timeout to change.
		c.setVisibility(t, url, second[0], 0)
		_, err := c.sqs.ChangeMessageVisibility(ctx(t), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: second[0].ReceiptHandle, VisibilityTimeout: 5})
		var notInFlight *types.MessageNotInflight
		if !asError(err, &notInFlight) {
			t.Errorf("got %v; want a MessageNotInflight", err)
		}

		// A longer timeout of one receive.
		got := try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, VisibilityTimeout: 600})).must(t).Messages
		want(t, "received", len(got), 1)
		time.Sleep(1500 * time.Millisecond) // past the queue's own
		want(t, "received while in flight", len(c.receive(t, url, 1)), 0)
	})
}

func TestDelay(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Delayed", nil)
		try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("later"), DelaySeconds: 1})).must(t)
		c.send(t, url, "now")
		want(t, "at once", bodies(c.receive(t, url, 10)), []string{"now"})
		// A long poll sees a delayed message when its time comes.
		got := try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})).must(t).Messages
		want(t, "later", bodies(got), []string{"later"})
	})
}

// A waiting receive is woken by a send, long before its time is over.
func TestLongPollIsWoken(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Polled", nil)
		got := make(chan []types.Message, 1)
		waiting := make(chan struct{})
		go func() {
			close(waiting)
			out, err := c.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			if err != nil {
				t.Error(err)
				got <- nil
				return
			}
			got <- out.Messages
		}()
		<-waiting
		time.Sleep(100 * time.Millisecond) // lets the receive get to the server; it works without, too
		c.send(t, url, "wake up")
		select {
		case m := <-got:
			want(t, "received", bodies(m), []string{"wake up"})
		case <-time.After(15 * time.Second):
			t.Error("a send did not wake a receive that waits 20 s")
		}
		want(t, "nothing more", len(try(c.sqs.ReceiveMessage(ctx(t), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 1})).must(t).Messages), 0)
	})
}

func TestMessageBatches(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Batched", nil)
		var entries []types.SendMessageBatchRequestEntry
		for i := range 10 {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("id-", i)), MessageBody: aws.String(fmt.Sprint("body ", i))})
		}
		entries[9].DelaySeconds = 901
		out := try(c.sqs.SendMessageBatch(ctx(t), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})).must(t)
		want(t, "successful", len(out.Successful), 9)
		want(t, "failed", len(out.Failed), 1)
		want(t, "the failure", *out.Failed[0].Id+" "+*out.Failed[0].Code+" "+aws.ToString(out.Failed[0].Message), "id-9 InvalidParameterValue "+
			"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.")
		want(t, "the sender's fault", out.Failed[0].SenderFault, true)
		for _, s := range out.Successful {
			want(t, "MD5", *s.MD5OfMessageBody, hexMD5("body "+strings.TrimPrefix(*s.Id, "id-")))
		}

		var got []types.Message
		eventually(t, "all are received", func() bool {
			got = append(got, c.receive(t, url, 10)...)
			return len(got) >= 9
		})
		var visible []types.ChangeMessageVisibilityBatchRequestEntry
		var gone []types.DeleteMessageBatchRequestEntry
		for i, m := range got {
			visible = append(visible, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 600})
			gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		changed := try(c.sqs.ChangeMessageVisibilityBatch(ctx(t), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: visible})).must(t)
		want(t, "changed", len(changed.Successful), 9)
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense")})
		deleted := try(c.sqs.DeleteMessageBatch(ctx(t), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: gone})).must(t)
		want(t, "deleted", len(deleted.Successful), 9)
		want(t, "not deleted", len(deleted.Failed), 1)
		want(t, "why", *deleted.Failed[0].Code, "ReceiptHandleIsInvalid")
	})
}

func TestMessageBatchesRefuse(t *testing.T) {
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "Strict", nil)
		send := func(entries ...types.SendMessageBatchRequestEntry) error {
			_, err := c.sqs.SendMessageBatch(ctx(t), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
			return err
		}
		var eleven []types.SendMessageBatchRequestEntry
		for i := range 11 {
			eleven = append(eleven, entry(fmt.Sprint(i), "x"))
		}
		wantError[*types.TooManyEntriesInBatchRequest](t, send(eleven...), "Maximum number of entries per request are 10. You have sent 11.")
		wantError[*types.BatchEntryIdsNotDistinct](t, send(entry("a", "x"), entry("b", "x"), entry("a", "x")), "Id a repeated.")
		wantError[*types.InvalidBatchEntryId](t, send(entry("a b", "x")), "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		wantError[*types.EmptyBatchRequest](t, send([]types.SendMessageBatchRequestEntry{}...), "There should be at least one SendMessageBatchRequestEntry in the request.")
		half := strings.Repeat("x", 1<<19+1)
		wantError[*types.BatchRequestTooLong](t, send(entry("a", half), entry("b", half)), "Batch requests cannot be longer than 1048576 bytes. You have sent 1048578 bytes.")
		want(t, "messages", c.queueAttributes(t, url)["ApproximateNumberOfMessages"], "0")
	})
}

func TestDeadLetterQueue(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		dead := c.createQueue(t, "Dead", nil)
		url := c.createQueue(t, "Live", attributes{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"2"}`, c.queueARN("Dead"))})
		sent := c.send(t, url, "poison")
		for range 2 {
			got := c.receive(t, url, 10)
			want(t, "received", len(got), 1)
			c.setVisibility(t, url, got[0], 0)
		}
		want(t, "received the third time", len(c.receive(t, url, 10)), 0)
		var got []types.Message
		eventually(t, "the message is in the dead-letter queue", func() bool {
			got = c.receive(t, dead, 10)
			return len(got) == 1
		})
		want(t, "id", *got[0].MessageId, *sent.MessageId)
		want(t, "body", *got[0].Body, "poison")
		want(t, "source", got[0].Attributes["DeadLetterQueueSourceArn"], c.queueARN("Live"))
		sources := try(c.sqs.ListDeadLetterSourceQueues(ctx(t), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dead})).must(t)
		want(t, "sources", sources.QueueUrls, []string{url})
	})
}
