package levee_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

// Each message is counted once, whatever crashes: what the function collects and the removal of the message are one
// transaction.
func ExampleClient_Consume() {
	srv, err := levee.Open("")
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	client := levee.NewClient(srv.AWSConfig())
	_, err = client.Tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("chats"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("chat"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("chat"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		log.Fatal(err)
	}
	queue, err := client.Queues.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String("messages.fifo"),
		Attributes: map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"hello", "anybody there?", "end"} {
		_, err = client.Queues.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: queue.QueueUrl, MessageGroupId: aws.String("ada"), MessageBody: aws.String(text),
		})
		if err != nil {
			log.Fatal(err)
		}
	}

	key := map[string]types.AttributeValue{"chat": &types.AttributeValueMemberS{Value: "ada"}}
	err = client.Consume(ctx, *queue.QueueUrl, func(_ context.Context, tx *levee.Tx, m sqstypes.Message) error {
		if *m.Body == "end" { // the last of its group, so the others are counted
			stop()
			return nil
		}
		tx.Update(types.Update{
			TableName:                 aws.String("chats"),
			Key:                       key,
			UpdateExpression:          aws.String("ADD messages :one"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		})
		return nil
	})
	fmt.Println("ended:", err)

	chat, err := client.Tables.GetItem(context.Background(), &dynamodb.GetItemInput{
		TableName: aws.String("chats"), Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("messages:", chat.Item["messages"].(*types.AttributeValueMemberN).Value)
	// Output:
	// ended: context canceled
	// messages: 2
}
