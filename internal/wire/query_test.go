package wire_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/wire"
)

// queryOperations tell in their answers what they were asked.
func queryOperations() []api.Operation {
	return append(newFake().operations(),
		api.Op(sqsapi.Target, "DeleteQueue", api.Control, "", func(context.Context, *api.Caller, *sqsapi.DeleteQueueRequest) (*api.Empty, error) {
			return &api.Empty{}, nil
		}),
		api.Op(sqsapi.Target, "ListQueueTags", api.Control, "", func(_ context.Context, c *api.Caller, in *sqsapi.ListQueueTagsRequest) (*sqsapi.ListQueueTagsResult, error) {
			return &sqsapi.ListQueueTagsResult{Tags: api.Map[string]{{Key: in.QueueUrl.V, Value: c.Account + " & " + c.Region}}}, nil
		}),
		api.Op(sqsapi.Target, "SendMessageBatch", api.Write, "", func(_ context.Context, _ *api.Caller, in *sqsapi.SendMessageBatchRequest) (*sqsapi.SendMessageBatchResult, error) {
			out := new(sqsapi.SendMessageBatchResult)
			for _, e := range in.Entries {
				out.Successful = append(out.Successful, sqsapi.SendMessageBatchResultEntry{Id: e.Id, MD5OfMessageBody: e.MessageBody})
			}
			return out, nil
		}),
		api.Operation{Target: sqsapi.Target, Name: "PurgeQueue"},
	)
}

// queryCall is a request of the query protocol.
type queryCall struct {
	method, path, query, form, auth string
	header                          http.Header
}

const queryAuth = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

func (c queryCall) send(t *testing.T, tr transport) answer {
	t.Helper()
	method := c.method
	if method == "" {
		method = http.MethodPost
	}
	path := c.path
	if path == "" {
		path = "/"
	}
	if c.query != "" {
		path += "?" + c.query
	}
	r, err := http.NewRequest(method, tr.url+path, strings.NewReader(c.form))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	if c.auth != none {
		r.Header.Set("Authorization", queryAuth)
		r.Header.Set("X-Amz-Date", testDate)
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	return tr.sendRequest(t, r)
}

var requestIDs = regexp.MustCompile(`<RequestId>[0-9a-f-]{36}</RequestId>`)

func answerXML(operation, result string) string {
	return `<?xml version="1.0"?><` + operation + `Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">` + result +
		`<ResponseMetadata><RequestId/></ResponseMetadata></` + operation + `Response>`
}

func errorXML(kind, code, message string) string {
	return `<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>` + kind +
		`</Type><Code>` + code + `</Code><Message>` + message + `</Message><Detail/></Error><RequestId/></ErrorResponse>`
}

func TestQueryAnswers(t *testing.T) {
	tags := func(url, who string) string {
		return answerXML("ListQueueTags", "<ListQueueTagsResult><Tag><Key>"+url+"</Key><Value>"+who+"</Value></Tag></ListQueueTagsResult>")
	}
	const here = "111122223333 &amp; eu-west-1"
	tests := map[string]struct {
		call   queryCall
		status int
		body   string
	}{
		"form": {queryCall{form: "Action=SendMessage&Version=2012-11-05&QueueUrl=q&MessageBody=a+b%26"}, 200,
			answerXML("SendMessage", "<SendMessageResult><MessageId>m-1</MessageId></SendMessageResult>")},
		"no result": {queryCall{form: "Action=DeleteQueue&QueueUrl=q"}, 200, answerXML("DeleteQueue", "")},
		"empty result": {queryCall{form: "Action=ReceiveMessage&QueueUrl=q"}, 200,
			answerXML("ReceiveMessage", "<ReceiveMessageResult></ReceiveMessageResult>")},
		"get": {queryCall{method: "GET", query: "Action=ListQueueTags&QueueUrl=http%3A%2F%2Fx%2F1%2Fq"}, 200, tags("http://x/1/q", here)},
		"post without a form": {queryCall{query: "Action=ListQueueTags&QueueUrl=q", header: http.Header{"Content-Type": {"text/plain"}}}, 200,
			tags("q", here)},
		"both":              {queryCall{query: "Action=ListQueueTags", form: "QueueUrl=q"}, 200, tags("q", here)},
		"first one counts":  {queryCall{form: "Action=ListQueueTags&QueueUrl=q&QueueUrl=p"}, 200, tags("q", here)},
		"path":              {queryCall{path: "/111122223333/q%2Eb", form: "Action=ListQueueTags"}, 200, tags("/111122223333/q.b", here)},
		"slash after path":  {queryCall{path: "/111122223333/q/", form: "Action=ListQueueTags"}, 200, tags("/111122223333/q", here)},
		"parameter or path": {queryCall{path: "/111122223333/q", form: "Action=ListQueueTags&QueueUrl=p"}, 200, tags("p", here)},
		"path of get":       {queryCall{method: "GET", path: "/111122223333/q", query: "Action=ListQueueTags"}, 200, tags("/111122223333/q", here)},
		"path of no queue": {queryCall{path: "/a/q", form: "Action=ListQueueTags"}, 400,
			errorXML("Sender", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist for this wsdl version.")},
		"batch": {queryCall{form: "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=2" +
			"&SendMessageBatchRequestEntry.10.Id=c&SendMessageBatchRequestEntry.10.MessageBody=%0D%3Cx%3E" +
			"&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=1"}, 200,
			answerXML("SendMessageBatch", "<SendMessageBatchResult>"+entryXML("a", "1")+entryXML("b", "2")+entryXML("c", "&#xD;&lt;x&gt;")+"</SendMessageBatchResult>")},

		"signature version 2": {queryCall{auth: none, form: "Action=ListQueueTags&QueueUrl=q&AWSAccessKeyId=444455556666&SignatureVersion=2" +
			"&SignatureMethod=HmacSHA256&Timestamp=2026-01-01T00%3A00%3A00Z&Signature=eA%3D%3D"}, 200, tags("q", "444455556666 &amp; us-east-1")},
		"presigned": {queryCall{method: "GET", auth: none, query: "Action=ListQueueTags&QueueUrl=q&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
			"&X-Amz-Credential=444455556666%2F20260101%2Fus-west-2%2Fsqs%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0"}, 200,
			tags("q", "444455556666 &amp; us-west-2")},
		"unsigned": {queryCall{auth: none, form: "Action=DeleteQueue&QueueUrl=q"}, 403,
			errorXML("Sender", "AccessDenied", "Request is missing Authentication Token")},

		"no action":                      {queryCall{form: "QueueUrl=q"}, 400, errorXML("Sender", "MissingAction", "The request must contain the parameter Action.")},
		"no action of get":               {queryCall{method: "GET", query: "Version=2012-11-05"}, 400, errorXML("Sender", "MissingAction", "The request must contain the parameter Action.")},
		"unknown action":                 {queryCall{form: "Action=Nope%3C"}, 400, errorXML("Sender", "InvalidAction", "The action Nope&lt; is not valid for this endpoint.")},
		"an operation without a handler": {queryCall{form: "Action=PurgeQueue"}, 400, errorXML("Sender", "InvalidAction", "The action PurgeQueue is not valid for this endpoint.")},
		"of another system":              {queryCall{form: "Action=ListTables"}, 400, errorXML("Sender", "InvalidAction", "The action ListTables is not valid for this endpoint.")},
		"syntax":                         {queryCall{form: "Action=DeleteQueue&QueueUrl=%zz"}, 404, errorXML("Sender", "MalformedQueryString", "The query string contains a syntax error.")},
		"too many":                       {queryCall{form: strings.Repeat("a&", api.MaxElements+1)}, 400, errorXML("Sender", "InvalidQueryParameter", "Too many parameters.")},
		"missing":                        {queryCall{form: "Action=SendMessage&QueueUrl=q"}, 400, errorXML("Sender", "MissingParameter", "The request must contain the parameter MessageBody.")},
		"empty batch": {queryCall{form: "Action=SendMessageBatch&QueueUrl=q"}, 400,
			errorXML("Sender", "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")},
		"no number": {queryCall{form: "Action=SendMessage&QueueUrl=q&MessageBody=x&DelaySeconds=soon"}, 400,
			errorXML("Sender", "InvalidParameterValue", "Value soon for parameter DelaySeconds is invalid. Reason: Must be an integer.")},
		"failure": {queryCall{form: "Action=SendMessage&QueueUrl=q&MessageBody=fail+OverLimit"}, 403, errorXML("Sender", "OverLimit", "as asked")},
		"parameter": {queryCall{form: "Action=SendMessage&QueueUrl=q&MessageBody=fail+InvalidParameterValue"}, 400,
			errorXML("Sender", "InvalidParameterValue", "as asked")},
	}
	onTransports(t, wire.Options{Operations: queryOperations()}, func(t *testing.T, tr transport) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := tt.call.send(t, tr)
				id := "<RequestId>" + got.header.Get("X-Amzn-Requestid") + "</RequestId>"
				if !requestIDs.MatchString(id) || !strings.Contains(got.body, id) {
					t.Errorf("no request id in %s", got.body)
				}
				if body := requestIDs.ReplaceAllString(got.body, "<RequestId/>"); got.status != tt.status || body != tt.body {
					t.Errorf("got %d %s\nwant %d %s", got.status, body, tt.status, tt.body)
				}
				if kind := got.header.Get("Content-Type"); kind != "text/xml" {
					t.Errorf("content type %q", kind)
				}
			})
		}
	})
}

func entryXML(id, body string) string {
	return "<SendMessageBatchResultEntry><Id>" + id + "</Id><MD5OfMessageBody>" + body + "</MD5OfMessageBody></SendMessageBatchResultEntry>"
}

// The region of a request that was not signed for one is that of its host.
func TestQueryRegionByHost(t *testing.T) {
	onTransports(t, wire.Options{Operations: queryOperations()}, func(t *testing.T, tr transport) {
		for host, want := range map[string]string{
			"sqs.eu-west-1.amazonaws.com":   "eu-west-1",
			"ap-south-1.queue.localhost:80": "ap-south-1",
			"queue.amazonaws.com":           "us-east-1",
			"localhost:8000":                "us-east-1",
		} {
			r, _ := http.NewRequest(http.MethodGet, tr.url+"/?Action=ListQueueTags&QueueUrl=q&AWSAccessKeyId=444455556666", http.NoBody)
			r.Host = host
			if got := tr.sendRequest(t, r); !strings.Contains(got.body, "<Value>444455556666 &amp; "+want+"</Value>") {
				t.Errorf("%s: %s, want %s", host, got.body, want)
			}
		}
	})
}

// With keys, a request is verified like any other: as a form, and presigned for
// whoever holds the URL. Older signatures are none.
func TestQueryVerification(t *testing.T) {
	creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: authKeys["AKIDEXAMPLE"].Secret}
	hash := func(body string) string { sum := sha256.Sum256([]byte(body)); return hex.EncodeToString(sum[:]) }
	ctx := context.Background()
	onTransports(t, wire.Options{Operations: queryOperations(), Keys: authKeys}, func(t *testing.T, tr transport) {
		form := url.Values{"Action": {"ListQueueTags"}, "QueueUrl": {"http://h/1/a b"}}.Encode()
		r, _ := http.NewRequest(http.MethodPost, tr.url+"/", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := v4.NewSigner().SignHTTP(ctx, creds, r, hash(form), "sqs", "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := tr.sendRequest(t, r); got.status != 200 || !strings.Contains(got.body, "111122223333") {
			t.Errorf("form: %d %s", got.status, got.body)
		}
		r, _ = http.NewRequest(http.MethodGet, tr.url+"/111122223333/q?Action=ListQueueTags&Version=2012-11-05", http.NoBody)
		uri, _, err := v4.NewSigner().PresignHTTP(ctx, creds, r, hash(""), "sqs", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for address, status := range map[string]int{uri: 200, strings.Replace(uri, "ListQueueTags", "DeleteQueue", 1): 403} {
			r, _ = http.NewRequest(http.MethodGet, address, http.NoBody)
			if got := tr.sendRequest(t, r); got.status != status {
				t.Errorf("presigned: %d %s, want %d", got.status, got.body, status)
			}
		}
		old := queryCall{auth: none, form: "Action=DeleteQueue&QueueUrl=q&AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2&Signature=x"}
		if got := old.send(t, tr); got.status != 403 {
			t.Errorf("signature version 2: %d %s", got.status, got.body)
		}
	})
}
