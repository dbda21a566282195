package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/wire"
)

// targets are all operations of all services.
func targets() []string {
	var all []string
	for prefix, names := range map[string][]string{
		dynamodbapi.Target:    dynamodbapi.OperationNames,
		streamsapi.Target:     streamsapi.OperationNames,
		sqsapi.Target:         sqsapi.OperationNames,
		autoscalingapi.Target: autoscalingapi.OperationNames,
	} {
		for _, name := range names {
			all = append(all, prefix+"."+name)
		}
	}
	slices.Sort(all) // a seed means the same in each run
	return all
}

type headers map[string]string

func (h headers) Get(name string) string    { return h[name] }
func (h headers) Joined(name string) string { return h[name] }

// FuzzOperations sends any body to any operation of the real engines: the answer
// is never that the server failed, which is what a panic comes to.
func FuzzOperations(f *testing.F) {
	seeds := []string{
		``, `{}`, `{"TableName":"abc"}`, `{"QueueUrl":"` + queueURL + `"}`, `{"QueueName":"r.fifo","Attributes":{"FifoQueue":"true"}}`,
		`{"TableName":"abc","Item":{"id":{"S":"b"},"l":{"L":[{"M":{"x":{"BS":["AAE="]}}}]}},"ConditionExpression":"attribute_not_exists(id)"}`,
		`{"TableName":"abc","Key":{"id":{"S":"a"}},"UpdateExpression":"SET l[0].x = if_not_exists(n, :o) + :o REMOVE y ADD n :o DELETE s :t","ExpressionAttributeValues":{":o":{"N":"1e100"},":t":{"SS":["a"]}},"ReturnValues":"ALL_NEW"}`,
		`{"TableName":"abc","KeyConditionExpression":"id = :i","FilterExpression":"size(n) > :i OR contains(n, :i)","ProjectionExpression":"a.b[1], #n","ExpressionAttributeNames":{"#n":"n"},"ExpressionAttributeValues":{":i":{"S":"a"}},"Limit":1,"ReturnConsumedCapacity":"INDEXES"}`,
		`{"TableName":"abc","Segment":1,"TotalSegments":3,"ExclusiveStartKey":{"id":{"S":"a"}}}`,
		`{"TransactItems":[{"Put":{"TableName":"abc","Item":{"id":{"S":"c"}}}},{"ConditionCheck":{"TableName":"abc","Key":{"id":{"S":"a"}},"ConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}],"ClientRequestToken":"t"}`,
		`{"RequestItems":{"abc":{"Keys":[{"id":{"S":"a"}}]}}}`, `{"RequestItems":{"abc":[{"DeleteRequest":{"Key":{"id":{"S":"z"}}}}]}}`,
		`{"TableName":"def","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"N"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`,
		`{"ServiceNamespace":"dynamodb","ResourceId":"table/abc","ScalableDimension":"dynamodb:table:ReadCapacityUnits","MinCapacity":1,"MaxCapacity":9,"PolicyName":"p","PolicyType":"TargetTrackingScaling","ScheduledActionName":"a","Schedule":"rate(1 day)","NextToken":"AA"}`,
		`{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/abc/stream/x","ShardId":"s","ShardIteratorType":"LATEST"}`, `{"ShardIterator":"AAAA","Limit":1}`,
		`{"QueueUrl":"` + queueURL + `","MessageBody":"x","MessageAttributes":{"a":{"DataType":"Number","StringValue":"1"}},"DelaySeconds":0}`,
		`{"QueueUrl":"` + queueURL + `","Entries":[{"Id":"1","MessageBody":"x","ReceiptHandle":"AAAA","VisibilityTimeout":1}]}`,
		`{"QueueUrl":"` + queueURL + `","ReceiptHandle":"AAAAAQAAAAEAAAAAAAAAAcgczJcqHQ-dH66YBVJfiqI","VisibilityTimeout":3,"MaxNumberOfMessages":10}`,
	}
	all := targets()
	for i := range all {
		f.Add(uint8(i), seeds[i%len(seeds)])
	}
	for i, seed := range seeds {
		f.Add(uint8(i*7), seed)
	}
	srv := open(f, quiet())
	setUp(f, srv)
	f.Fuzz(func(t *testing.T, op uint8, body string) {
		target := all[int(op)%len(all)]
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // of a long poll
		defer cancel()
		head := headers{
			"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0", "X-Amz-Date": "20260101T000000Z",
			"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=00",
		}
		var resp wire.Response
		srv.Endpoint().Serve(ctx, &wire.Request{Method: http.MethodPost, Path: "/", Host: "levee", Header: head, Body: []byte(body)}, &resp)
		if resp.Status >= 500 && ctx.Err() == nil || len(resp.Body) > 0 && !json.Valid(resp.Body) {
			t.Errorf("%s %s: %d %s", target, body, resp.Status, resp.Body)
		}
	})
}
