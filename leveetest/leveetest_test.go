package leveetest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/leveetest"
)

// Two servers share nothing.
func TestRunT(t *testing.T) {
	for range 2 {
		queues := sqs.NewFromConfig(leveetest.RunT(t).AWSConfig())
		out, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if err != nil || len(out.QueueUrls) != 0 {
			t.Fatalf("%v, %v", out, err)
		}
		if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
			t.Fatal(err)
		}
	}
}

// The server lives in the bubble of a synctest, where a long poll of twenty
// seconds takes no time.
func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := sqs.NewFromConfig(leveetest.RunT(t).AWSConfig())
		queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) != 0 {
			t.Fatalf("%v, %v", out, err)
		}
		if waited := time.Since(start); waited != 20*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

// A client of the SDK tries again after a throttled request and after a lost
// answer, but not after a conflict.
func TestFail(t *testing.T) {
	srv := leveetest.RunT(t)
	db := dynamodb.NewFromConfig(srv.AWSConfig(), func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})
	if _, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("table"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: types.KeyTypeHash}},
	}); err != nil {
		t.Fatal(err)
	}
	add := &dynamodb.UpdateItemInput{
		TableName: aws.String("table"), Key: map[string]types.AttributeValue{"k": &types.AttributeValueMemberS{Value: "x"}},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		ReturnValues:              types.ReturnValueAllNew,
	}
	leveetest.Fail(t, srv, levee.Fault{Operation: "UpdateItem", Resource: "table", Code: "ThrottlingException", Times: 1})
	leveetest.Fail(t, srv, levee.Fault{Operation: "UpdateItem", Times: 1, Done: true})
	out, err := db.UpdateItem(t.Context(), add)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Attributes["n"].(*types.AttributeValueMemberN).Value; n != "2" { // the answer to the second attempt was lost
		t.Errorf("counted %s", n)
	}
	leveetest.Fail(t, srv, levee.Fault{Code: "TransactionConflictException", Times: 1})
	var conflict *types.TransactionConflictException
	if _, err := db.UpdateItem(t.Context(), add); !errors.As(err, &conflict) {
		t.Errorf("got %v", err)
	}
}
