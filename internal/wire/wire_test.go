package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/wire"
)

func coral(code string) string { return `{"__type":"com.amazon.coral.service#` + code + `"}` }

func serialization(text string) string {
	return `{"__type":"com.amazon.coral.service#SerializationException","Message":"` + text + `"}`
}

const notOperation = "<UnknownOperationException/>\n"

func TestDynamoDBAnswers(t *testing.T) {
	const get = "DynamoDB_20120810.GetItem"
	item := func(table string) call {
		return call{target: get, body: `{"TableName":"` + table + `","Key":{"id":{"S":"a"}}}`}
	}
	tests := map[string]struct {
		call   call
		status int
		body   string
	}{
		"success": {item("some"), 200, `{"Item":{"id":{"S":"a"}}}`},

		// What is no operation.
		"other method":                   {call{method: "PUT"}, 404, notOperation},
		"options":                        {call{method: "OPTIONS"}, 404, notOperation},
		"get elsewhere":                  {call{method: "GET", path: "/x"}, 404, notOperation},
		"health":                         {call{method: "GET", path: "/healthz"}, 200, `{"status":"ok"}` + "\n"},
		"healthy":                        {call{method: "GET", path: "/"}, 200, "healthy: dynamodb.us-east-1.amazonaws.com "},
		"body without type":              {call{body: "hi", contentType: none}, 404, notOperation},
		"body of another type":           {call{body: "a=b", contentType: "application/x-www-form-urlencoded"}, 404, notOperation},
		"any path":                       {call{path: "/a/b", body: `{}`, target: "DynamoDB_20120810.Nope"}, 400, coral("UnknownOperationException")},
		"no target":                      {call{target: none}, 400, coral("UnknownOperationException")},
		"no dot":                         {call{target: "whatever"}, 400, coral("UnknownOperationException")},
		"unknown operation":              {call{target: "DynamoDB_20120810.ListTable", body: "{}"}, 400, coral("UnknownOperationException")},
		"an operation without a handler": {call{target: "DynamoDB_20120810.DescribeLimits", body: "{}"}, 400, coral("UnknownOperationException")},
		"unknown prefix":                 {call{target: "DynamoDB_20111205.ListTables", body: "{}"}, 400, coral("UnknownOperationException")},
		"malformed, then unknown":        {call{target: none, body: "hi"}, 400, coral("SerializationException")},

		// Signatures.
		"unsigned": {call{auth: none, body: "{}"}, 400,
			`{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		"malformed, then unsigned": {call{auth: none, body: "{"}, 400, coral("SerializationException")},
		"both signatures": {call{path: "/?X-Amz-Algorithm"}, 400,
			`{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}`},
		"empty signature": {call{auth: "AWS4-", date: none}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-"}`},
		"no signed headers": {call{auth: "AWS4- Signature=b, Credential=a"}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- Signature=b, Credential=a"}`},
		"empty presigned": {call{auth: none, path: "/?X-Amz-Algorithm"}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."}`},
		"algorithm": {call{auth: "AWS4-HMAC-SHA25 Credential=a/b/c/d/e, SignedHeaders=host, Signature=f"}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). "}`},
		"credential": {call{auth: "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=f"}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'"}`},
		"scope": {call{auth: "AWS4-HMAC-SHA256 Credential=a/b/c d/d/e, SignedHeaders=host, Signature=f"}, 400,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'"}`},
		"region": {call{auth: "AWS4-HMAC-SHA256 Credential=a/b/c*/d/e, SignedHeaders=host, Signature=f"}, 400,
			`{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Credential should be scoped to a valid region, not 'c*'. Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "}`},
		"no key id": {call{auth: "AWS4-HMAC-SHA256 Credential=/b/c/d/aws4_request, SignedHeaders=host, Signature=f"}, 400,
			`{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}`},

		// Bodies.
		"no body":         {call{target: get}, 400, coral("SerializationException")},
		"not JSON":        {call{target: get, body: "hi"}, 400, coral("SerializationException")},
		"cut":             {call{target: get, body: `{"TableName":"a"`}, 400, coral("SerializationException")},
		"two values":      {call{target: get, body: `{}{}`}, 400, coral("SerializationException")},
		"wrong, then cut": {call{target: get, body: `{"TableName":1,"Key":{`}, 400, coral("SerializationException")},
		"a list":          {call{target: get, body: `[]`}, 400, serialization("Start of list found where not expected")},
		"a string":        {call{target: get, body: `"x"`}, 400, serialization("Unexpected field type")},
		"number name":     {call{target: get, body: `{"TableName":23}`}, 400, serialization("NUMBER_VALUE cannot be converted to String")},
		"decimal name":    {call{target: get, body: `{"TableName":34.56}`}, 400, serialization("DECIMAL_VALUE cannot be converted to String")},
		"true name":       {call{target: get, body: `{"TableName": true}`}, 400, serialization("TRUE_VALUE cannot be converted to String")},
		"false name":      {call{target: get, body: `{"TableName":false}`}, 400, serialization("FALSE_VALUE cannot be converted to String")},
		"list name":       {call{target: get, body: `{"TableName":[]}`}, 400, serialization("Unrecognized collection type class java.lang.String")},
		"map name":        {call{target: get, body: `{"TableName":{}}`}, 400, serialization("Start of structure or map found where not expected")},
		"string boolean":  {call{target: get, body: `{"ConsistentRead":"a"}`}, 400, serialization("Unexpected token received from parser")},
		"number boolean":  {call{target: get, body: `{"ConsistentRead":0}`}, 400, serialization("NUMBER_VALUE cannot be converted to Boolean")},
		"list boolean":    {call{target: get, body: `{"ConsistentRead":[]}`}, 400, serialization("Unrecognized collection type class java.lang.Boolean")},
		"string integer":  {call{body: `{"Limit":"1"}`}, 400, serialization("STRING_VALUE cannot be converted to Integer")},
		"string list":     {call{target: get, body: `{"AttributesToGet":"a"}`}, 400, serialization("Unexpected field type")},
		"map list":        {call{target: get, body: `{"AttributesToGet":{}}`}, 400, serialization("Start of structure or map found where not expected")},
		"string map":      {call{target: get, body: `{"Key":"a"}`}, 400, serialization("Unexpected field type")},
		"string value":    {call{target: get, body: `{"Key":{"a\"{":"b"}}`}, 400, serialization("Unexpected value type in payload")},
		"list value":      {call{target: get, body: `{"Key":{"a":[]}}`}, 400, serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue")},
		"number as S":     {call{target: get, body: `{"Key":{"a":{"S":1}}}`}, 400, serialization("NUMBER_VALUE cannot be converted to String")},
		"base64 length":   {call{target: get, body: `{"Key":{"a":{"B":"23456"}}}`}, 400, serialization("Base64 encoded length is expected a multiple of 4 bytes but found: 5")},
		"number as B":     {call{target: get, body: `{"Key":{"a":{"B":23}}}`}, 400, serialization("only base-64-encoded strings are convertible to bytes")},
		"true as B":       {call{target: get, body: `{"Key":{"a":{"B":true}}}`}, 400, serialization("only base-64-encoded strings are convertible to bytes")},
		"list as B":       {call{target: get, body: `{"Key":{"a":{"B":[]}}}`}, 400, serialization("Unrecognized collection type class java.nio.ByteBuffer")},
		"map as B":        {call{target: get, body: `{"Key":{"a":{"B":{}}}}`}, 400, serialization("Start of structure or map found where not expected")},
		"base64":          {call{target: get, body: `{"Key":{"a":{"B":"=+/="}}}`}, 400, serialization("Invalid last non-pad Base64 character dectected")},

		"many elements": {call{target: get, body: `{"AttributesToGet":[` + strings.Repeat(`"a",`, 10_000) + `"a"]}`}, 400, serialization("Too many elements")},
		"deep":          {call{target: get, body: strings.Repeat("[", 10_000)}, 400, coral("SerializationException")},
		"not UTF-8":     {call{target: get, body: "{\"TableName\":\"\xff\"}"}, 400, coral("SerializationException")},

		// Constraints.
		"required": {call{target: get, body: `{}`}, 400,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'key' failed to satisfy constraint: Member must not be null"}`},
		"empty value": {call{target: get, body: `{"TableName":"abc","Key":{"a":{}}}`}, 400,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`},

		// Errors of the engine.
		"missing":    {item("missing"), 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`},
		"panic":      {item("panic"), 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`},
		"unexpected": {item("unexpected"), 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`},
		"canceled": {item("canceled"), 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":[{"Code":"ConditionalCheckFailed","Item":{"id":{"S":"a"}},"Message":"The conditional request failed"},{"Code":"None"}]}`},
		"condition": {item("condition"), 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"id":{"S":"a"}}}`},
		"throttled": {item("throttled"), 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down","ThrottlingReasons":[{"reason":"TableReadProvisionedThroughputExceeded","resource":"arn:aws:dynamodb:x"}]}`},
		"streams": {call{target: "DynamoDBStreams_20120810.ListStreams", body: "{}"}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`},
	}
	onTransports(t, wire.Options{Operations: newFake().operations()}, func(t *testing.T, tr transport) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := tr.send(t, tt.call)
				if got.status != tt.status || got.body != tt.body {
					t.Errorf("got %d %s\nwant %d %s", got.status, got.body, tt.status, tt.body)
				}
				checkDynamoDBHeaders(t, got)
			})
		}
	})
}

func checkDynamoDBHeaders(t *testing.T, got answer) {
	t.Helper()
	if id := got.header.Get("X-Amzn-Requestid"); !regexp.MustCompile(`^[0-9A-Z]{52}$`).MatchString(id) {
		t.Errorf("request id %q", id)
	}
	if want := strconv.Itoa(int(crc32.ChecksumIEEE([]byte(got.body)))); got.header.Get("X-Amz-Crc32") != want {
		t.Errorf("crc32 %q, want %s", got.header.Get("X-Amz-Crc32"), want)
	}
	if want := strconv.Itoa(len(got.body)); got.header.Get("Content-Length") != want {
		t.Errorf("length %q, want %s", got.header.Get("Content-Length"), want)
	}
	if q := got.header.Get("X-Amzn-Query-Error"); q != "" {
		t.Errorf("DynamoDB has no query error, got %q", q)
	}
}

func TestSQSAnswers(t *testing.T) {
	auth := strings.Replace(testAuth, "/dynamodb/", "/sqs/", 1)
	send := func(body string) call {
		return call{target: "AmazonSQS.SendMessage", auth: auth, body: body}
	}
	fail := func(code string) call { return send(`{"QueueUrl":"q","MessageBody":"fail ` + code + `"}`) }
	asked := func(name string) string { return `{"__type":"` + name + `","message":"as asked"}` }
	const sqs, coralNS = "com.amazonaws.sqs#", "com.amazon.coral.service#"
	tests := map[string]struct {
		call   call
		status int
		query  string
		body   string
	}{
		"success": {send(`{"QueueUrl":"q","MessageBody":"x"}`), 200, "", `{"MessageId":"m-1"}`},
		"unknown operation": {call{target: "AmazonSQS.Nope", auth: auth, body: "{}"}, 400,
			"InvalidAction;Sender", coral("UnknownOperationException")},
		"no target, by scope": {call{target: none, auth: auth, body: "{}"}, 400,
			"InvalidAction;Sender", coral("UnknownOperationException")},
		"unsigned": {call{target: "AmazonSQS.SendMessage", auth: none, body: "{}"}, 403, "AccessDenied;Sender",
			`{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		"malformed": {send(`{`), 400, "MalformedInput;Sender", coral("SerializationException")},
		"a list":    {send(`[]`), 400, "MalformedInput;Sender", serialization("Start of list found where not expected")},
		"no queue": {send(`{"MessageBody":"x"}`), 400, "AWS.SimpleQueueService.NonExistentQueue;Sender",
			`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`},
		"no message": {send(`{"QueueUrl":"q"}`), 400, "MissingParameter;Sender",
			`{"__type":"com.amazon.coral.service#MissingRequiredParameterException","message":"The request must contain the parameter MessageBody."}`},
		"no name": {call{target: "AmazonSQS.GetQueueUrl", auth: auth, body: "{}"}, 400, "InvalidParameterValue;Sender",
			`{"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"Value for parameter QueueName is invalid. Reason: Must specify a queue name."}`},

		"batch":    {fail("EmptyBatchRequest"), 400, "AWS.SimpleQueueService.EmptyBatchRequest;Sender", asked(sqs + "EmptyBatchRequest")},
		"purge":    {fail("PurgeQueueInProgress"), 403, "AWS.SimpleQueueService.PurgeQueueInProgress;Sender", asked(sqs + "PurgeQueueInProgress")},
		"exists":   {fail("QueueNameExists"), 400, "QueueAlreadyExists;Sender", asked(sqs + "QueueNameExists")},
		"handle":   {fail("ReceiptHandleIsInvalid"), 404, "ReceiptHandleIsInvalid;Sender", asked(sqs + "ReceiptHandleIsInvalid")},
		"limit":    {fail("OverLimit"), 403, "OverLimit;Sender", asked(sqs + "OverLimit")},
		"contents": {fail("InvalidMessageContents"), 400, "InvalidMessageContents;Sender", asked(sqs + "InvalidMessageContents")},
		"value":    {fail("InvalidParameterValue"), 400, "InvalidParameterValue;Sender", asked(coralNS + "InvalidParameterValueException")},
		"kms":      {fail("KmsOptInRequired"), 403, "KMS.OptInRequired;Sender", asked(sqs + "KmsOptInRequired")},
	}
	onTransports(t, wire.Options{Operations: newFake().operations()}, func(t *testing.T, tr transport) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := tr.send(t, tt.call)
				if got.status != tt.status || got.body != tt.body {
					t.Errorf("got %d %s\nwant %d %s", got.status, got.body, tt.status, tt.body)
				}
				if q := got.header.Get("X-Amzn-Query-Error"); q != tt.query {
					t.Errorf("query error %q, want %q", q, tt.query)
				}
				if id := got.header.Get("X-Amzn-Requestid"); !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
					t.Errorf("request id %q", id)
				}
				if crc := got.header.Get("X-Amz-Crc32"); crc != "" {
					t.Errorf("SQS has no checksum, got %q", crc)
				}
			})
		}
	})
}

func TestContentTypes(t *testing.T) {
	onTransports(t, wire.Options{Operations: newFake().operations()}, func(t *testing.T, tr transport) {
		for given, want := range map[string]string{
			"application/x-amz-json-1.0":                "application/x-amz-json-1.0",
			"application/x-amz-json-1.1":                "application/x-amz-json-1.1",
			"application/json":                          "application/json",
			"application/x-amz-json-1.0; charset=utf-8": "application/x-amz-json-1.0",
			"application/json;blahblah":                 "application/json",
		} {
			got := tr.send(t, call{contentType: given, body: "{}"})
			if got.status != 200 || got.header.Get("Content-Type") != want {
				t.Errorf("%s: %d %q, want %q", given, got.status, got.header.Get("Content-Type"), want)
			}
		}
	})
}

func TestCaller(t *testing.T) {
	auth := func(key, region string) string {
		return "AWS4-HMAC-SHA256 Credential=" + key + "/20260101/" + region + "/dynamodb/aws4_request, SignedHeaders=host, Signature=00"
	}
	onTransports(t, wire.Options{Operations: newFake().operations()}, func(t *testing.T, tr transport) {
		for _, tt := range []struct{ key, region, account string }{
			{"123456789012", "us-east-1", "123456789012"},
			{"ASIAQNZGKIQY56JQ7WML", "eu-west-1", "029608264753"}, // published as an example of the encoding
			{"AKIAIOSFODNN7EXAMPLE", "ap-northeast-2", "084097185385"},
			{"test", "local", "353665842533"},
		} {
			for range 2 { // resolved, then remembered
				got := tr.send(t, call{body: "{}", auth: auth(tt.key, tt.region)})
				var names struct{ TableNames []string }
				if err := json.Unmarshal([]byte(got.body), &names); err != nil {
					t.Fatal(err)
				}
				want := []string{tt.account, tt.region, tt.key, tr.url, got.header.Get("X-Amzn-Requestid")}
				if fmt.Sprint(names.TableNames) != fmt.Sprint(want) {
					t.Errorf("caller %v, want %v", names.TableNames, want)
				}
			}
		}
	})
}

func TestBodyLimits(t *testing.T) {
	onTransports(t, wire.Options{Operations: newFake().operations()}, func(t *testing.T, tr transport) {
		if _, ok := tr.doer.(wire.Client); ok {
			t.Skip("a client in the process gets an error instead")
		}
		for _, tt := range []struct {
			target string
			size   int
			status int
		}{
			{"AmazonSQS.SendMessage", 4<<20 + 1, 413},
			{"DynamoDB_20120810.GetItem", 4<<20 + 1, 400},
			{"DynamoDB_20120810.GetItem", 16<<20 + 1, 413},
		} {
			got := tr.send(t, call{target: tt.target, body: strings.Repeat(" ", tt.size)})
			if got.status != tt.status {
				t.Errorf("%s with %d bytes: %d, want %d", tt.target, tt.size, got.status, tt.status)
			}
			if tt.status == 413 && got.body != "" {
				t.Errorf("a body that is too large is refused without words, got %q", got.body)
			}
		}
	})
}

// A client's deadline is no failure of the server.
func TestDeadlinesAreNotLogged(t *testing.T) {
	var log syncBuffer
	f := newFake()
	f.left = make(chan error, 1)
	e := wire.New(wire.Options{Operations: f.operations(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	go func() { <-f.waiting }()
	resp, err := wire.Client{Endpoint: e}.Do(pollCall().request("http://levee.test").WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client got %v", err)
	}
	if text := log.String(); text != "" {
		t.Errorf("the log has %s", text)
	}
}

func TestUnexpectedErrorsAreLogged(t *testing.T) {
	var log syncBuffer
	opts := wire.Options{Operations: newFake().operations(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	onTransports(t, opts, func(t *testing.T, tr transport) {
		for _, table := range []string{"panic", "unexpected"} {
			got := tr.send(t, call{target: "DynamoDB_20120810.GetItem", body: `{"TableName":"` + table + `","Key":{}}`})
			if strings.Contains(got.body, "secret") {
				t.Errorf("the answer leaks: %s", got.body)
			}
			text := log.String()
			for _, want := range []string{"a secret of the engine", got.header.Get("X-Amzn-Requestid"), "DynamoDB_20120810.GetItem"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: the log does not have %q:\n%s", table, want, text)
				}
			}
		}
	})
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var seen []wire.Observation
	opts := wire.Options{Operations: newFake().operations(), Observe: func(o wire.Observation) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, o)
	}}
	onTransports(t, opts, func(t *testing.T, tr transport) {
		seen = nil
		got := tr.send(t, call{target: "DynamoDB_20120810.GetItem", body: `{"TableName":"missing","Key":{}}`})
		tr.send(t, call{target: "DynamoDB_20120810.Nope", body: `{}`})
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 2 {
			t.Fatalf("%d observations", len(seen))
		}
		o := seen[0]
		o.Start, o.Duration = time.Time{}, 0
		want := wire.Observation{
			Target: "DynamoDB_20120810.GetItem", RequestID: got.header.Get("X-Amzn-Requestid"),
			Code: "ResourceNotFoundException", Status: http.StatusBadRequest, In: 32, Out: len(got.body),
		}
		if o != want {
			t.Errorf("observed %+v, want %+v", o, want)
		}
		if seen[1].Target != "" || seen[1].Code != "UnknownOperationException" {
			t.Errorf("observed %+v of an unknown target", seen[1])
		}
	})
}

// syncBuffer is a buffer that a server may write to while a test reads it.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
