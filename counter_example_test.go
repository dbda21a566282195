package levee_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

// The table counts by itself: whoever puts an order changes the count and the sum of its customer.
func ExampleClient_CreateCounter() {
	srv, err := levee.Open("")
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()

	client := levee.NewClient(srv.AWSConfig())
	_, err = client.Tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = client.CreateCounter(ctx, levee.Counter{
		Name:    "orders-of-customer",
		Table:   "orders",
		GroupBy: []types.AttributeDefinition{{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS}},
		Sum:     []string{"total"},
		Filter:  "attribute_not_exists(cancelled)",
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.AwaitCounter(ctx, "orders-of-customer"); err != nil {
		log.Fatal(err)
	}

	for id, total := range []string{"12.50", "30", "7.25"} {
		_, err := client.Tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]types.AttributeValue{
			"id":       &types.AttributeValueMemberN{Value: fmt.Sprint(id)},
			"customer": &types.AttributeValueMemberS{Value: "ada"},
			"total":    &types.AttributeValueMemberN{Value: total},
		}})
		if err != nil {
			log.Fatal(err)
		}
	}

	ada, err := client.ReadCounter(ctx, "orders-of-customer", map[string]types.AttributeValue{"customer": &types.AttributeValueMemberS{Value: "ada"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("orders:", ada.Items, "total:", ada.Sums["total"])
	// Output:
	// orders: 3 total: 49.75
}
