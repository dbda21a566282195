package authz

import (
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// TestTags: the policy of the SQS Developer Guide, "Attribute-based access control",
// with the tag of the user written out.
func TestTags(t *testing.T) {
	const abac = `
		{"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/environment":"beta"}}},
		{"Effect":"Allow","Action":["sqs:CreateQueue","sqs:DeleteQueue","sqs:SetQueueAttributes","sqs:tagqueue"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/environment":"beta"}}},
		{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/stage":"prod"}}},
		{"Effect":"Allow","Action":["sqs:UntagQueue","dynamodb:UntagResource"],"Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["environment","color"]}}},
		{"Effect":"Allow","Action":"dynamodb:*Item","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Environment":"beta"}}},
		{"Effect":"Allow","Action":["dynamodb:CreateTable","dynamodb:TagResource"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/environment":"beta"}}}`
	const queue = "arn:aws:sqs:us-east-1:111122223333:"
	tags := map[string]map[string]string{
		queue + "beta":  {"environment": "beta"},
		queue + "prod":  {"environment": "beta", "stage": "prod"},
		queue + "other": {"environment": "gamma"},
		table + "beta":  {"environment": "beta"},
	}
	g := New(Options{
		Identities: map[string]Identity{"KEY": {"clerk", policy(t, abac)}},
		Tags:       func(arn string) map[string]string { return tags[arn] },
	})
	for _, c := range []struct {
		target, name string
		in           api.Input
		body         string
		allowed      bool
	}{
		{sqsapi.Target, "SendMessage", &sqsapi.SendMessageRequest{}, `{"QueueUrl":"beta"}`, true},
		{sqsapi.Target, "SendMessage", &sqsapi.SendMessageRequest{}, `{"QueueUrl":"other"}`, false},
		{sqsapi.Target, "SendMessage", &sqsapi.SendMessageRequest{}, `{"QueueUrl":"none"}`, false},
		{sqsapi.Target, "SendMessageBatch", &sqsapi.SendMessageBatchRequest{}, `{"QueueUrl":"beta"}`, true},
		{sqsapi.Target, "SendMessage", &sqsapi.SendMessageRequest{}, `{"QueueUrl":"prod"}`, false},
		{sqsapi.Target, "CreateQueue", &sqsapi.CreateQueueRequest{}, `{"QueueName":"q","tags":{"environment":"beta"}}`, true},
		{sqsapi.Target, "CreateQueue", &sqsapi.CreateQueueRequest{}, `{"QueueName":"q","tags":{"environment":"prod"}}`, false},
		{sqsapi.Target, "CreateQueue", &sqsapi.CreateQueueRequest{}, `{"QueueName":"q"}`, false},
		{sqsapi.Target, "TagQueue", &sqsapi.TagQueueRequest{}, `{"QueueUrl":"q","Tags":{"environment":"beta"}}`, true},
		{sqsapi.Target, "UntagQueue", &sqsapi.UntagQueueRequest{}, `{"QueueUrl":"q","TagKeys":["color"]}`, true},
		{sqsapi.Target, "UntagQueue", &sqsapi.UntagQueueRequest{}, `{"QueueUrl":"q","TagKeys":["color","stage"]}`, false},
		{ddb.Target, "GetItem", &ddb.GetItemInput{}, `{"TableName":"beta"}`, true},
		{ddb.Target, "GetItem", &ddb.GetItemInput{}, `{"TableName":"T"}`, false},
		{ddb.Target, "CreateTable", &ddb.CreateTableInput{}, `{"TableName":"T","Tags":[{"Key":"environment","Value":"beta"}]}`, true},
		{ddb.Target, "CreateTable", &ddb.CreateTableInput{}, `{"TableName":"T"}`, false},
		{ddb.Target, "TagResource", &ddb.TagResourceInput{}, `{"ResourceArn":"` + table + `T","Tags":[{"Key":"environment","Value":"prod"}]}`, false},
		{ddb.Target, "UntagResource", &ddb.UntagResourceInput{}, `{"ResourceArn":"` + table + `T","TagKeys":["environment"]}`, true},
		{ddb.Target, "UntagResource", &ddb.UntagResourceInput{}, `{"ResourceArn":"` + table + `T","TagKeys":["stage"]}`, false},
	} {
		if _, err := run(t, g, c.target, c.name, fill(t, c.in, c.body)); (err == nil) != c.allowed {
			t.Errorf("%s %s: %v, want allowed %t", c.name, c.body, err, c.allowed)
		}
	}
}
