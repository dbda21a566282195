// Command handler is a Lambda function as people write them: built with
// aws-lambda-go and with the SDK. It counts the messages and records that it gets in
// the table that TABLE names, by their id, and takes nothing of its surroundings but
// what the service gives it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var db = dynamodb.New(dynamodb.Options{
	Region:       os.Getenv("AWS_REGION"),
	BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
	Credentials:  credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
})

func main() {
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		var source struct {
			Records []struct {
				EventSource string `json:"eventSource"`
			}
		}
		if err := json.Unmarshal(event, &source); err != nil {
			return nil, err
		}
		switch {
		case len(source.Records) == 0:
			return direct(ctx, event)
		case source.Records[0].EventSource == "aws:sqs":
			return messages(ctx, event)
		}
		return nil, records(ctx, event)
	})
}

// direct answers an invocation that no mapping made.
func direct(ctx context.Context, event json.RawMessage) (any, error) {
	var in struct{ Fail string }
	if err := json.Unmarshal(event, &in); err != nil {
		return nil, err
	}
	if in.Fail != "" {
		return nil, errors.New(in.Fail)
	}
	lc, _ := lambdacontext.FromContext(ctx)
	fmt.Println("asked directly")
	return map[string]string{"function": lambdacontext.FunctionName, "arn": lc.InvokedFunctionArn, "request": lc.AwsRequestID}, nil
}

// messages counts messages, and reports those that it is told to fail the first
// time.
func messages(ctx context.Context, event json.RawMessage) (any, error) {
	var in events.SQSEvent
	if err := json.Unmarshal(event, &in); err != nil {
		return nil, err
	}
	var out events.SQSEventResponse
	for _, m := range in.Records {
		if m.Body == "fail once" && m.Attributes["ApproximateReceiveCount"] == "1" {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			continue
		}
		if err := count(ctx, m.Body); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// records counts the records of a table.
func records(ctx context.Context, event json.RawMessage) error {
	var in events.DynamoDBEvent
	if err := json.Unmarshal(event, &in); err != nil {
		return err
	}
	for _, r := range in.Records {
		if err := count(ctx, r.EventName+" "+r.Change.Keys["id"].String()); err != nil {
			return err
		}
	}
	return nil
}

func count(ctx context.Context, what string) error {
	_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(os.Getenv("TABLE")), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: what}},
		UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	})
	return err
}
