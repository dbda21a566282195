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
