package levee_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/levee-io/levee"
)

func Example() {
	srv, err := levee.Open("") // a directory, or "" for memory
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()

	tables := dynamodb.NewFromConfig(srv.AWSConfig())
	_, err = tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("badges"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("member"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("member"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		log.Fatal(err)
	}
	badge, err := tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String("badges"),
		Key:                       map[string]types.AttributeValue{"member": &types.AttributeValueMemberS{Value: "ada"}},
		UpdateExpression:          aws.String("ADD unread :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		ReturnValues:              types.ReturnValueUpdatedNew,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("unread:", badge.Attributes["unread"].(*types.AttributeValueMemberN).Value)

	queues := sqs.NewFromConfig(srv.AWSConfig())
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("pushes")})
	if err != nil {
		log.Fatal(err)
	}
	_, err = queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("hello ada")})
	if err != nil {
		log.Fatal(err)
	}
	got, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("received:", *got.Messages[0].Body)
	// Output:
	// unread: 1
	// received: hello ada
}
