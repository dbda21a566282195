package levee_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/smithy-go"

	"github.com/levee-io/levee"
)

// tableCalls are the operations on a table, each by another account: the actions that
// the table's policy has to allow, and the call.
func tableCalls(ctx context.Context, db *dynamodb.Client, arn string) map[string]func() error {
	name := aws.String(arn)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	key := map[string]types.AttributeValue{"a": text("x")}
	keys := types.KeysAndAttributes{Keys: []map[string]types.AttributeValue{key}}
	values := map[string]types.AttributeValue{":a": text("x")}
	tags := []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	statement := func(s string) func() error {
		return func() error {
			_, err := db.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String(fmt.Sprintf(s, arn))})
			return err
		}
	}
	return map[string]func() error{
		"GetItem": func() error { _, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key}); return err },
		"PutItem": func() error {
			_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: key})
			return err
		},
		"UpdateItem": func() error {
			_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key})
			return err
		},
		"DeleteItem": func() error {
			_, err := db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key})
			return err
		},
		"Scan": func() error { _, err := db.Scan(ctx, &dynamodb.ScanInput{TableName: name}); return err },
		"Query": func() error {
			_, err := db.Query(ctx, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("a = :a"), ExpressionAttributeValues: values})
			return err
		},
		"BatchGetItem": func() error {
			_, err := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{arn: keys}})
			return err
		},
		"BatchWriteItem": func() error {
			_, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{arn: {{PutRequest: &types.PutRequest{Item: key}}}}})
			return err
		},
		"ConditionCheckItem": func() error {
			check := types.ConditionCheck{TableName: name, Key: key, ConditionExpression: aws.String("a = :a"), ExpressionAttributeValues: values}
			_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{ConditionCheck: &check}}})
			return err
		},
		"PartiQLSelect": statement(`SELECT * FROM "%s" WHERE a = 'x'`),
		"PartiQLInsert": statement(`INSERT INTO "%s" VALUE {'a': 'new'}`),
		"PartiQLUpdate": statement(`UPDATE "%s" SET n = 1 WHERE a = 'x'`),
		"PartiQLDelete": statement(`DELETE FROM "%s" WHERE a = 'y'`),
		"DescribeTable": func() error {
			_, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
			return err
		},
		"UpdateTable": func() error {
			_, err := db.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: name, DeletionProtectionEnabled: aws.Bool(false)})
			return err
		},
		"DescribeTimeToLive": func() error {
			_, err := db.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: name})
			return err
		},
		"UpdateTimeToLive": func() error {
			_, err := db.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: name, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("t"), Enabled: aws.Bool(true)}})
			return err
		},
		"DescribeContinuousBackups": func() error {
			_, err := db.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: name})
			return err
		},
		"UpdateContinuousBackups": func() error {
			_, err := db.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{TableName: name, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)}})
			return err
		},
		"DescribeContributorInsights": func() error {
			_, err := db.DescribeContributorInsights(ctx, &dynamodb.DescribeContributorInsightsInput{TableName: name})
			return err
		},
		"UpdateContributorInsights": func() error {
			_, err := db.UpdateContributorInsights(ctx, &dynamodb.UpdateContributorInsightsInput{TableName: name, ContributorInsightsAction: types.ContributorInsightsActionEnable})
			return err
		},
		"DescribeKinesisStreamingDestination": func() error {
			_, err := db.DescribeKinesisStreamingDestination(ctx, &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: name})
			return err
		},
		"ListTagsOfResource": func() error {
			_, err := db.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: name})
			return err
		},
		"TagResource": func() error {
			_, err := db.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: name, Tags: tags})
			return err
		},
		"UntagResource": func() error {
			_, err := db.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: name, TagKeys: []string{"k"}})
			return err
		},
		"GetResourcePolicy": func() error {
			_, err := db.GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: name})
			return err
		},
	}
}

// Every operation on a table of another account needs the table's policy to allow
// its own action, and no more than that.
func TestPolicyOfATable(t *testing.T) {
	srv := &levee.Server{Logger: slog.New(slog.DiscardHandler), Keys: map[string]levee.Key{
		"OWNER": {Secret: "a", Account: "111122223333"},
		"CLERK": {Secret: "b", Account: "444455556666", User: "clerk",
			Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}}`},
	}}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	owner := dynamodb.NewFromConfig(as(srv, "OWNER"))
	table, err := owner.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("shared"), BillingMode: types.BillingModePayPerRequest,
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("a"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("a"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	arn, stream := *table.TableDescription.TableArn, *table.TableDescription.LatestStreamArn
	allow := func(resource, action string) {
		t.Helper()
		policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"dynamodb:` + action + `","Resource":"` + resource + `"}}`
		if _, err := owner.PutResourcePolicy(ctx, &dynamodb.PutResourcePolicyInput{ResourceArn: aws.String(resource), Policy: aws.String(policy)}); err != nil {
			t.Fatal(action, err)
		}
	}
	denied := func(err error) bool {
		var refused smithy.APIError
		return errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException"
	}
	for action, call := range tableCalls(ctx, dynamodb.NewFromConfig(as(srv, "CLERK")), arn) {
		allow(arn, "DeleteTable")
		if err := call(); !denied(err) {
			t.Errorf("%s without leave: %v", action, err)
		}
		allow(arn, action)
		if err := call(); denied(err) {
			t.Errorf("%s with leave: %v", action, err)
		}
	}

	describe := func() error {
		_, err := dynamodbstreams.NewFromConfig(as(srv, "CLERK")).DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(stream)})
		return err
	}
	if err := describe(); !denied(err) {
		t.Errorf("DescribeStream without leave: %v", err)
	}
	allow(stream, "DescribeStream")
	if err := describe(); err != nil {
		t.Errorf("DescribeStream with leave: %v", err)
	}
}
