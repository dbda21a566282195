package leveetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

// Large items under one key are soon more than the partition of the key gives. In a
// test, srv is leveetest.RunT(t, leveetest.EnforceCapacity).
func Example_hotPartition() {
	srv := &levee.Server{EnforceCapacity: true}
	if err := srv.Start(); err != nil {
		panic(err)
	}
	defer srv.Close()
	db := dynamodb.NewFromConfig(srv.AWSConfig(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })

	ctx := context.Background()
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("reports"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("day"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("day"), KeyType: types.KeyTypeHash}},
	})
	for err == nil {
		_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String("reports"),
			Item: map[string]types.AttributeValue{
				"day":  &types.AttributeValueMemberS{Value: "today"},
				"text": &types.AttributeValueMemberS{Value: strings.Repeat("x", 300<<10)},
			},
		})
	}
	var throttled *types.ThrottlingException
	if errors.As(err, &throttled) {
		fmt.Println(*throttled.ThrottlingReasons[0].Reason)
		fmt.Println(*throttled.ThrottlingReasons[0].Resource)
	}
	// Output:
	// TableWriteKeyRangeThroughputExceeded
	// arn:aws:dynamodb:us-east-1:000000000000:table/reports
}
