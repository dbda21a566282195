package server_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/wire"
)

// A client of the query protocol and one of JSON work with the same queue.
func TestQueryProtocol(t *testing.T) {
	srv := open(t, quiet())
	query := func(path string, pairs ...string) string {
		form := url.Values{"Version": {"2012-11-05"}, "AWSAccessKeyId": {"000000000000"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		r, _ := http.NewRequest(http.MethodPost, "http://levee"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	holds := func(answer string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(answer, part) {
				t.Errorf("%s\nlacks %s", answer, part)
			}
		}
	}
	const path = "/000000000000/q"
	holds(query("/", "Action", "CreateQueue", "QueueName", "q", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "0"),
		"<CreateQueueResult><QueueUrl>http://levee/000000000000/q</QueueUrl></CreateQueueResult>")
	holds(query(path, "Action", "SendMessage", "MessageBody", "a < b", "MessageAttribute.1.Name", "n",
		"MessageAttribute.1.Value.DataType", "Number", "MessageAttribute.1.Value.StringValue", "1"), "<MD5OfMessageAttributes>")
	holds(do(t, srv, "AmazonSQS.ReceiveMessage", `{"QueueUrl":"`+queueURL+`"}`), `"Body":"a < b"`)
	got := query(path, "Action", "ReceiveMessage", "AttributeName.1", "ApproximateReceiveCount", "MessageAttributeName.1", "All")
	holds(got, "<Body>a &lt; b</Body><Attribute><Name>ApproximateReceiveCount</Name><Value>2</Value></Attribute>",
		"<MessageAttribute><Name>n</Name><Value><StringValue>1</StringValue><DataType>Number</DataType></Value></MessageAttribute>")
	handle := regexp.MustCompile("<ReceiptHandle>(.*)</ReceiptHandle>").FindStringSubmatch(got)[1]
	holds(query(path, "Action", "DeleteMessage", "ReceiptHandle", handle), `/2012-11-05/"><ResponseMetadata>`)
	holds(query(path, "Action", "GetQueueAttributes", "AttributeName.1", "ApproximateNumberOfMessages"),
		"<Attribute><Name>ApproximateNumberOfMessages</Name><Value>0</Value></Attribute>")
	holds(query("/000000000000/nope", "Action", "PurgeQueue"), "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>")
}

// The cooldowns of the service can be had.
func TestQueueCooldowns(t *testing.T) {
	for _, on := range []bool{false, true} {
		cfg := quiet()
		cfg.QueueCooldowns = on
		srv := open(t, cfg)
		do(t, srv, "AmazonSQS.CreateQueue", `{"QueueName":"q"}`)
		do(t, srv, "AmazonSQS.DeleteQueue", `{"QueueUrl":"`+queueURL+`"}`)
		resp, err := wire.Client{Endpoint: srv.Endpoint()}.Do(request("AmazonSQS.CreateQueue", "http://levee/", `{"QueueName":"q"}`))
		if err != nil {
			t.Fatal(err)
		}
		if code := resp.Header.Get("X-Amzn-Query-Error"); (code == "AWS.SimpleQueueService.QueueDeletedRecently;Sender") != on {
			t.Errorf("cooldowns %t: %d %q", on, resp.StatusCode, code)
		}
	}
}
