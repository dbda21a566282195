package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/wire"
)

// FuzzRequest sends any target, signature and body to operations that echo what
// they can: no request may panic, and what is answered is JSON.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][3]string{
		{"DynamoDB_20120810.PutItem", testAuth, `{"TableName":"abc","Item":{"id":{"S":"a"},"n":{"N":"1"},"m":{"M":{"l":{"L":[{"BOOL":true},{"NULL":true}]}}}}}`},
		{"DynamoDB_20120810.PutItem", testAuth, `{"TableName":"abc","Item":{"b":{"B":"AAEC"},"ss":{"SS":["a","b"]},"x":{"S":"\ud83d\ude00"}}}`},
		{"DynamoDB_20120810.PutItem", testAuth, `{"TableName":1,"Item":[]}`},
		{"AmazonSQS.SendMessage", testAuth, `{"QueueUrl":"q","MessageBody":"x","MessageAttributes":{"a":{"DataType":"String","StringValue":"v"}}}`},
		{"AmazonSQS.SendMessage", "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=, Signature=\xff", `{`},
		{"", "", "null"},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	e := wire.New(wire.Options{Operations: []api.Operation{
		api.Op(dynamodbapi.Target, "PutItem", api.Write, "", func(_ context.Context, _ *api.Caller, in *dynamodbapi.PutItemInput) (*dynamodbapi.GetItemOutput, error) {
			return &dynamodbapi.GetItemOutput{Item: attr.ItemOf(in.Item)}, nil
		}),
		api.Op(sqsapi.Target, "SendMessage", api.Write, "", func(_ context.Context, _ *api.Caller, in *sqsapi.SendMessageRequest) (*sqsapi.SendMessageResult, error) {
			return &sqsapi.SendMessageResult{MessageId: in.MessageBody}, nil
		}),
	}})
	f.Fuzz(func(t *testing.T, target, auth string, body []byte) {
		header := fuzzHeader{"X-Amz-Target": target, "Authorization": auth, "X-Amz-Date": testDate, "Content-Type": "application/json"}
		var resp wire.Response
		e.Serve(t.Context(), &wire.Request{Method: http.MethodPost, Path: "/", Host: "levee", Header: header, Body: body}, &resp)
		if resp.Status >= 500 || !json.Valid(resp.Body) {
			t.Errorf("%d %q", resp.Status, resp.Body)
		}
	})
}

type fuzzHeader map[string]string

func (h fuzzHeader) Get(name string) string    { return h[name] }
func (h fuzzHeader) Joined(name string) string { return h[name] }

// FuzzSignature sends any signature, in the header or in the query, to an endpoint
// that checks them: none is good, and none is a failure of the server.
func FuzzSignature(f *testing.F) {
	const presigned = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=KEY%2F20260101%2Fus-east-1%2Fdynamodb%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
	const header = "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	for _, seed := range [][4]string{
		{header, "", "20260101T000000Z", "/"}, {"", presigned, "", "/"}, {header, presigned, "20260101T000000Z", "/"},
		{"AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=", "a=%zz&b", "Thu, 01 Jan 2026 00:00:00 GMT", "/a/../%2F"},
		{"AWS4-ECDSA-P256-SHA256 Credential=KEY/20260101/*/dynamodb/aws4_request,SignedHeaders=;;,Signature=\xff", "&&=", "x", "//"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	e := wire.New(wire.Options{
		Keys: map[string]wire.Key{"KEY": {Secret: "secret", Account: "111122223333"}},
		Operations: []api.Operation{api.Op(dynamodbapi.Target, "PutItem", api.Write, "", func(context.Context, *api.Caller, *dynamodbapi.PutItemInput) (*dynamodbapi.PutItemOutput, error) {
			return &dynamodbapi.PutItemOutput{}, nil
		})},
	})
	f.Fuzz(func(t *testing.T, auth, query, date, path string) {
		header := fuzzHeader{"X-Amz-Target": "DynamoDB_20120810.PutItem", "Authorization": auth, "X-Amz-Date": date, "Content-Type": "application/x-amz-json-1.0", "Host": "levee"}
		var resp wire.Response
		e.Serve(t.Context(), &wire.Request{Method: http.MethodPost, Path: path, Query: query, Host: "levee", Header: header, Body: []byte(`{"TableName":"abc","Item":{"id":{"S":"a"}}}`)}, &resp)
		if resp.Status < 400 || resp.Status >= 500 {
			t.Errorf("%d %q", resp.Status, resp.Body)
		}
	})
}
