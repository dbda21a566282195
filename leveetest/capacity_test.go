package leveetest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/levee-io/levee/leveetest"
)

// An application that keeps all its counters under one key finds out before its
// customers do: a partition gives 1,000 writes a second, whatever the table has.
func TestHotPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamodb.NewFromConfig(leveetest.RunT(t, leveetest.EnforceCapacity).AWSConfig(), once)
		createCounters(t, db)
		for n := 1; ; n++ {
			err := count(t, db, "all")
			if err == nil {
				continue
			}
			if n != 1001 {
				t.Errorf("write %d of the second is throttled, want the first after 1,000", n)
			}
			reason, resource := throttledBy(err)
			if reason != "TableWriteKeyRangeThroughputExceeded" || !strings.HasSuffix(resource, ":table/counters") {
				t.Errorf("throttled by %s of %s: %v", reason, resource, err)
			}
			return
		}
	})
}

// once sends each request once, so that the test sees what the SDK would retry.
func once(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }

func createCounters(t *testing.T, db *dynamodb.Client) {
	t.Helper()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("counters"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// count is what the application does.
func count(t *testing.T, db *dynamodb.Client, name string) error {
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String("counters"), Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: name}},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	})
	return err
}

// throttledBy returns the first ThrottlingReason of an error.
func throttledBy(err error) (reason, resource string) {
	var reasons []types.ThrottlingReason
	var onDemand *types.ThrottlingException
	var provisioned *types.ProvisionedThroughputExceededException
	switch {
	case errors.As(err, &onDemand):
		reasons = onDemand.ThrottlingReasons
	case errors.As(err, &provisioned):
		reasons = provisioned.ThrottlingReasons
	}
	if len(reasons) == 0 {
		return "", ""
	}
	return aws.ToString(reasons[0].Reason), aws.ToString(reasons[0].Resource)
}

// Without enforcement nothing is throttled, and the tag of a table turns it on for
// that table.
func TestCapacityOfOneTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := dynamodb.NewFromConfig(leveetest.RunT(t).AWSConfig(), once)
		createCounters(t, db)
		for range 1500 {
			if err := count(t, db, "all"); err != nil {
				t.Fatal(err)
			}
		}
		table, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("counters")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.TagResource(t.Context(), &dynamodb.TagResourceInput{
			ResourceArn: table.Table.TableArn, Tags: []types.Tag{{Key: aws.String("levee:capacity"), Value: aws.String("enforce")}},
		})
		for n := 0; err == nil && n < 1500; n++ {
			err = count(t, db, "all")
		}
		var e smithy.APIError
		if !errors.As(err, &e) || e.ErrorCode() != "ThrottlingException" {
			t.Errorf("%v, want it throttled", err)
		}
	})
}
