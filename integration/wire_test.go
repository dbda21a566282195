package integration

import (
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// post sends what no SDK would.
func (c *client) post(t testing.TB, target, body string, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx(t), http.MethodPost, c.server.url()+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.account+"/20260101/"+c.region+"/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	for _, f := range change {
		f(r)
	}
	resp, err := transport.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

const dynamo = "DynamoDB_20120810."

func TestResponseHeaders(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		for _, call := range [][2]string{{dynamo + "ListTables", "{}"}, {dynamo + "DescribeTable", `{"TableName":"nowhere"}`}, {"AmazonSQS.ListQueues", "{}"}} {
			resp, body := c.post(t, call[0], call[1])
			want(t, "content type", resp.Header.Get("Content-Type"), "application/x-amz-json-1.0")
			if resp.Header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("%s: no request id", call[0])
			}
			if strings.HasPrefix(call[0], dynamo) {
				want(t, "CRC-32 of "+call[0], resp.Header.Get("X-Amz-Crc32"), strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10))
			}
		}
		resp, _ := c.post(t, "AmazonSQS.GetQueueUrl", `{"QueueName":"nowhere"}`)
		want(t, "the code of the query protocol", resp.Header.Get("X-Amzn-Query-Error"), "AWS.SimpleQueueService.NonExistentQueue;Sender")
	})
}

// A malformed request gets the service's error and changes nothing.
func TestMalformedRequests(t *testing.T) {
	type header = func(*http.Request)
	drop := func(name string) header { return func(r *http.Request) { r.Header.Del(name) } }
	const prefix = "com.amazon.coral.service#"
	tests := []struct {
		name, target, body string
		change             header
		status             int
		code               string
	}{
		{"no JSON", dynamo + "PutItem", `{"TableName":`, nil, 400, prefix + "SerializationException"},
		{"an array", dynamo + "PutItem", `[]`, nil, 400, prefix + "SerializationException"},
		{"a number for a name", dynamo + "PutItem", `{"TableName":12}`, nil, 400, prefix + "SerializationException"},
		{"a string for a map", dynamo + "PutItem", `{"TableName":"Safe","Item":"x"}`, nil, 400, prefix + "SerializationException"},
		{"bytes after the end", dynamo + "PutItem", `{"TableName":"Safe"}}`, nil, 400, prefix + "SerializationException"},
		{"deep nesting", dynamo + "PutItem", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), nil, 400, prefix + "SerializationException"},
		{"an unknown operation", dynamo + "DropEverything", `{}`, nil, 400, prefix + "UnknownOperationException"},
		{"an unknown service", "DynamoDB_19990101.PutItem", `{}`, nil, 400, prefix + "UnknownOperationException"},
		{"no target", "", `{}`, drop("X-Amz-Target"), 400, prefix + "UnknownOperationException"},
		{"no signature", dynamo + "PutItem", `{"TableName":"Safe"}`, drop("Authorization"), 400, prefix + "MissingAuthenticationTokenException"},
		{"two types in one value", dynamo + "PutItem", `{"TableName":"Safe","Item":{"pk":{"S":"a","N":"1"},"sk":{"S":"b"}}}`, nil, 400, "com.amazon.coral.validate#ValidationException"},
		{"no type in a value", dynamo + "PutItem", `{"TableName":"Safe","Item":{"pk":{},"sk":{"S":"b"}}}`, nil, 400, "com.amazon.coral.validate#ValidationException"},
		{"no item", dynamo + "PutItem", `{"TableName":"Safe"}`, nil, 400, "com.amazon.coral.validate#ValidationException"},
		{"base64 that is none", dynamo + "PutItem", `{"TableName":"Safe","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"B":"%%"}}}`, nil, 400, prefix + "SerializationException"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Safe")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var changes []header
				if tt.change != nil {
					changes = append(changes, tt.change)
				}
				resp, body := c.post(t, tt.target, tt.body, changes...)
				var e struct {
					Type string `json:"__type"`
				}
				if err := json.Unmarshal([]byte(body), &e); err != nil {
					t.Fatalf("HTTP %d %q: %v", resp.StatusCode, body, err)
				}
				want(t, "status", resp.StatusCode, tt.status)
				want(t, "code", e.Type, tt.code)
			})
		}
		want(t, "items", try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: aws.String("Safe")})).must(t).Count, 0)
	})
}
