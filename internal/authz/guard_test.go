package authz

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/autoscalingapi"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/logsapi"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/iam"
	"github.com/levee-io/levee/internal/jsontok"
)

const table = "arn:aws:dynamodb:us-east-1:111122223333:table/"

func caller() *api.Caller {
	return &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}, AccessKey: "KEY", BaseURL: "http://localhost"}
}

// fill reads a request from JSON.
func fill(t *testing.T, in api.Input, text string) api.Input {
	t.Helper()
	var d jsontok.Decoder
	d.Reset([]byte(text))
	in.ReadJSON(&d)
	if err := d.End(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return in
}

// scalingIn is what UpdateTableReplicaAutoScaling needs in a region.
func scalingIn(region string) []string {
	target := " arn:aws:application-autoscaling:" + region + ":111122223333:scalable-target/*"
	var list []string
	for _, action := range []string{
		"DeleteScalingPolicy" + target, "DeleteScheduledAction" + target, "DeregisterScalableTarget" + target,
		"DescribeScalableTargets *", "DescribeScalingActivities *", "DescribeScalingPolicies *", "DescribeScheduledActions *",
		"PutScalingPolicy" + target, "PutScheduledAction" + target, "RegisterScalableTarget" + target,
	} {
		list = append(list, "application-autoscaling:"+action)
	}
	return list
}

// What each request needs, from the Service Authorization Reference.
func TestDemands(t *testing.T) {
	const west = "arn:aws:dynamodb:us-west-2:111122223333:table/"
	const queue = "arn:aws:sqs:us-east-1:111122223333:q"
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:"
	for _, c := range []struct {
		target, name string
		in           api.Input
		body         string
		want         []string
	}{
		{ddb.Target, "GetItem", &ddb.GetItemInput{}, `{"TableName":"T"}`, []string{"dynamodb:GetItem " + table + "T"}},
		{ddb.Target, "GetItem", &ddb.GetItemInput{}, `{"TableName":"arn:aws:dynamodb:us-east-1:444455556666:table/T"}`,
			[]string{"dynamodb:GetItem arn:aws:dynamodb:us-east-1:444455556666:table/T"}},
		{pipesapi.Target, "CreatePipe", &pipesapi.CreatePipeRequest{Name: api.Some("p")}, `{"RoleArn":"arn:aws:iam::111122223333:role/r"}`,
			[]string{"iam:PassRole arn:aws:iam::111122223333:role/r", "pipes:CreatePipe arn:aws:pipes:us-east-1:111122223333:pipe/p"}},
		{pipesapi.Target, "StopPipe", &pipesapi.StopPipeRequest{Name: api.Some("p")}, `{}`, []string{"pipes:StopPipe arn:aws:pipes:us-east-1:111122223333:pipe/p"}},
		{pipesapi.Target, "ListPipes", &pipesapi.ListPipesRequest{}, `{}`, []string{"pipes:ListPipes *"}},
		{ddb.Target, "Query", &ddb.QueryInput{}, `{"TableName":"T","IndexName":"I"}`, []string{"dynamodb:Query " + table + "T/index/I"}},
		{ddb.Target, "Scan", &ddb.ScanInput{}, `{"TableName":"T"}`, []string{"dynamodb:Scan " + table + "T"}},
		{ddb.Target, "BatchGetItem", &ddb.BatchGetItemInput{}, `{"RequestItems":{"A":{"Keys":[]},"B":{"Keys":[]}}}`,
			[]string{"dynamodb:BatchGetItem " + table + "A", "dynamodb:BatchGetItem " + table + "B"}},
		{ddb.Target, "TransactGetItems", &ddb.TransactGetItemsInput{}, `{"TransactItems":[{"Get":{"TableName":"A"}},{"Get":{"TableName":"A"}}]}`,
			[]string{"dynamodb:GetItem " + table + "A"}},
		{ddb.Target, "TransactWriteItems", &ddb.TransactWriteItemsInput{},
			`{"TransactItems":[{"Put":{"TableName":"A"}},{"Update":{"TableName":"A"}},{"Delete":{"TableName":"B"}},{"ConditionCheck":{"TableName":"C"}}]}`,
			[]string{"dynamodb:PutItem " + table + "A", "dynamodb:UpdateItem " + table + "A", "dynamodb:DeleteItem " + table + "B", "dynamodb:ConditionCheckItem " + table + "C"}},
		{ddb.Target, "CreateTable", &ddb.CreateTableInput{}, `{"TableName":"T","GlobalTableSourceArn":"arn:aws:dynamodb:us-west-1:444455556666:table/T"}`,
			[]string{"dynamodb:CreateTable " + table + "T", "dynamodb:AssociateTableReplica arn:aws:dynamodb:us-west-1:444455556666:table/T"}},
		{ddb.Target, "CreateTable", &ddb.CreateTableInput{}, `{"TableName":"T","Tags":[],"ResourcePolicy":"{}"}`,
			[]string{"dynamodb:CreateTable " + table + "T", "dynamodb:TagResource " + table + "T", "dynamodb:PutResourcePolicy " + table + "T"}},
		{ddb.Target, "UpdateTable", &ddb.UpdateTableInput{}, `{"TableName":"T","ReplicaUpdates":[{"Delete":{"RegionName":"us-west-2"}},{"Update":{"RegionName":"us-east-2"}}],"GlobalTableWitnessUpdates":[{"Delete":{"RegionName":"us-east-2"}}]}`,
			[]string{"dynamodb:UpdateTable " + table + "T", "dynamodb:DeleteTable " + west + "T", "dynamodb:DeleteTableReplica " + west + "T",
				"dynamodb:DeleteGlobalTableWitness " + table + "T", "dynamodb:DeleteGlobalTableWitness " + west + "T"}},
		{ddb.Target, "UpdateTable", &ddb.UpdateTableInput{}, `{"TableName":"T","ReplicaUpdates":[{"Create":{"RegionName":"us-west-2"}}]}`,
			[]string{"dynamodb:UpdateTable " + table + "T", "dynamodb:CreateTable " + west + "T", "dynamodb:CreateTableReplica " + west + "T", "dynamodb:Query " + west + "T",
				"dynamodb:Scan " + west + "T", "dynamodb:UpdateItem " + west + "T", "dynamodb:PutItem " + west + "T", "dynamodb:GetItem " + west + "T",
				"dynamodb:DeleteItem " + west + "T", "dynamodb:BatchWriteItem " + west + "T"}},
		{ddb.Target, "UpdateTimeToLive", &ddb.UpdateTimeToLiveInput{}, `{"TableName":"T"}`, []string{"dynamodb:UpdateTimeToLive " + table + "T"}},
		{ddb.Target, "UpdateTimeToLive", &ddb.UpdateTimeToLiveInput{}, `{"TableName":"Global"}`,
			[]string{"dynamodb:UpdateTimeToLive " + table + "Global", "dynamodb:UpdateTimeToLive " + west + "Global"}},
		{ddb.Target, "UpdateTableReplicaAutoScaling", &ddb.UpdateTableReplicaAutoScalingInput{}, `{"TableName":"Global"}`,
			append(append([]string{"dynamodb:UpdateTableReplicaAutoScaling " + table + "Global"}, scalingIn("us-east-1")...), scalingIn("us-west-2")...)},
		{ddb.Target, "RestoreTableFromBackup", &ddb.RestoreTableFromBackupInput{}, `{"TargetTableName":"N","BackupArn":"` + table + `T/backup/1"}`,
			[]string{"dynamodb:RestoreTableFromBackup " + table + "T/backup/1", "dynamodb:RestoreTableFromBackup " + table + "N"}},
		{ddb.Target, "ExecuteStatement", &ddb.ExecuteStatementInput{}, `{"Statement":"SELECT * FROM \"T\".\"I\" WHERE a = ?"}`, []string{"dynamodb:PartiQLSelect " + table + "T/index/I"}},
		{ddb.Target, "ExecuteStatement", &ddb.ExecuteStatementInput{}, `{"Statement":"SELECT * FROM"}`, nil},
		{ddb.Target, "BatchExecuteStatement", &ddb.BatchExecuteStatementInput{}, `{"Statements":[{"Statement":"DELETE FROM T WHERE a = 1"},{"Statement":"DELETE FROM T WHERE a = 2"},{"Statement":"INSERT INTO U VALUE {'a': 1}"}]}`,
			[]string{"dynamodb:PartiQLDelete " + table + "T", "dynamodb:PartiQLInsert " + table + "U"}},
		{ddb.Target, "ExecuteTransaction", &ddb.ExecuteTransactionInput{}, `{"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM T WHERE a = 1 AND b = 2)"},{"Statement":"FROM T WHERE a = 2 SET b = 1"}]}`,
			[]string{"dynamodb:PartiQLSelect " + table + "T", "dynamodb:PartiQLUpdate " + table + "T"}},
		{ddb.Target, "ListTables", &ddb.ListTablesInput{}, `{}`, []string{"dynamodb:ListTables *"}},
		{ddb.Target, "DescribeEndpoints", &ddb.DescribeEndpointsRequest{}, `{}`, nil},
		{ddb.Target, "DescribeGlobalTable", &ddb.DescribeGlobalTableInput{}, `{"GlobalTableName":"G"}`,
			[]string{"dynamodb:DescribeGlobalTable arn:aws:dynamodb::111122223333:global-table/G"}},
		{streams.Target, "GetRecords", &streams.GetRecordsInput{}, `{"ShardIterator":"` + table + `T/stream/L|1|AAAA"}`,
			[]string{"dynamodb:GetRecords " + table + "T/stream/L"}},
		{logsapi.Target, "DescribeLogGroups", &logsapi.DescribeLogGroupsRequest{}, `{}`, []string{"logs:DescribeLogGroups " + group + "*"}},
		{logsapi.Target, "DescribeLogStreams", &logsapi.DescribeLogStreamsRequest{}, `{"logGroupName":"/aws/lambda/f"}`,
			[]string{"logs:DescribeLogStreams " + group + "/aws/lambda/f:*"}},
		{logsapi.Target, "FilterLogEvents", &logsapi.FilterLogEventsRequest{}, `{"logGroupIdentifier":"` + group + `/aws/lambda/f:*"}`,
			[]string{"logs:FilterLogEvents " + group + "/aws/lambda/f:*"}},
		{logsapi.Target, "GetLogEvents", &logsapi.GetLogEventsRequest{}, `{"logGroupIdentifier":"/aws/lambda/f","logStreamName":"s"}`,
			[]string{"logs:GetLogEvents " + group + "/aws/lambda/f:log-stream:s"}},
		{autoscalingapi.Target, "DescribeScalingPolicies", &autoscalingapi.DescribeScalingPoliciesRequest{}, `{"ServiceNamespace":"dynamodb"}`,
			[]string{"application-autoscaling:DescribeScalingPolicies *"}},
		{autoscalingapi.Target, "PutScalingPolicy", &autoscalingapi.PutScalingPolicyRequest{}, `{"ServiceNamespace":"dynamodb"}`,
			[]string{"application-autoscaling:PutScalingPolicy arn:aws:application-autoscaling:us-east-1:111122223333:scalable-target/*"}},
		{leveeapi.Target, "Transact", &leveeapi.TransactInput{},
			`{"TransactItems":[{"Put":{"TableName":"A"}},{"SendMessage":{"QueueUrl":"http://localhost/111122223333/q"}},{"DeleteMessage":{"QueueUrl":"http://localhost/111122223333/q"}},
				{"ChangeMessageVisibility":{"QueueUrl":"http://localhost/111122223333/q"}},{"ReturnMessage":{"QueueUrl":"http://localhost/111122223333/q2"}},{"Checkpoint":{"StreamArn":"` + table + `A/stream/L"}}]}`,
			[]string{"dynamodb:PutItem " + table + "A", "sqs:sendmessage " + queue, "sqs:deletemessage " + queue, "sqs:changemessagevisibility " + queue, "sqs:changemessagevisibility " + queue + "2", "dynamodb:GetRecords " + table + "A/stream/L"}},
		{leveeapi.Target, "ListCheckpoints", &leveeapi.ListCheckpointsInput{}, `{"StreamArn":"` + table + `A/stream/L"}`, []string{"dynamodb:GetRecords " + table + "A/stream/L"}},
		{sqsapi.Target, "SendMessageBatch", &sqsapi.SendMessageBatchRequest{}, `{"QueueUrl":"http://localhost/111122223333/q"}`, []string{"sqs:sendmessage " + queue}},
		{sqsapi.Target, "ReceiveMessage", &sqsapi.ReceiveMessageRequest{}, `{"QueueUrl":"http://localhost/000000000000/q/"}`, []string{"sqs:receivemessage " + queue}},
		{sqsapi.Target, "ReceiveMessage", &sqsapi.ReceiveMessageRequest{}, `{"QueueUrl":"https://sqs/444455556666/q"}`,
			[]string{"sqs:receivemessage arn:aws:sqs:us-east-1:444455556666:q"}},
		{sqsapi.Target, "GetQueueUrl", &sqsapi.GetQueueUrlRequest{}, `{"QueueName":"q","QueueOwnerAWSAccountId":"444455556666"}`,
			[]string{"sqs:getqueueurl arn:aws:sqs:us-east-1:444455556666:q"}},
		{sqsapi.Target, "ListQueues", &sqsapi.ListQueuesRequest{}, `{}`, []string{"sqs:listqueues arn:aws:sqs:us-east-1:111122223333:"}},
		{sqsapi.Target, "StartMessageMoveTask", &sqsapi.StartMessageMoveTaskRequest{}, `{"SourceArn":"` + queue + `"}`,
			[]string{"sqs:startmessagemovetask " + queue, "sqs:receivemessage " + queue, "sqs:deletemessage " + queue, "sqs:getqueueattributes " + queue}},
		{sqsapi.Target, "StartMessageMoveTask", &sqsapi.StartMessageMoveTaskRequest{}, `{"SourceArn":"` + queue + `","DestinationArn":"` + queue + `2"}`,
			[]string{"sqs:startmessagemovetask " + queue, "sqs:receivemessage " + queue, "sqs:deletemessage " + queue, "sqs:getqueueattributes " + queue, "sqs:sendmessage " + queue + "2"}},
		{sqsapi.Target, "CancelMessageMoveTask", &sqsapi.CancelMessageMoveTaskRequest{},
			`{"TaskHandle":"` + base64.StdEncoding.EncodeToString([]byte(`{"sourceArn":"`+queue+`"}`)) + `"}`,
			[]string{"sqs:cancelmessagemovetask " + queue, "sqs:receivemessage " + queue, "sqs:deletemessage " + queue, "sqs:getqueueattributes " + queue}},
		{sqsapi.Target, "ListMessageMoveTasks", &sqsapi.ListMessageMoveTasksRequest{}, `{"SourceArn":"` + queue + `"}`,
			[]string{"sqs:listmessagemovetasks " + queue, "sqs:getqueueattributes " + queue}},
		{sqsapi.Target, "CreateQueue", &sqsapi.CreateQueueRequest{}, `{"QueueName":"q","tags":{"a":"b"}}`, []string{"sqs:createqueue " + queue, "sqs:tagqueue " + queue}},
		{sqsapi.Target, "GetQueueUrl", &sqsapi.GetQueueUrlRequest{}, `{"QueueName":"q","QueueOwnerAWSAccountId":"000000000000"}`, []string{"sqs:getqueueurl " + queue}},
	} {
		replicas := func(arn string) []string {
			if arn == table+"Global" {
				return []string{"us-west-2"}
			}
			return nil
		}
		d := demands{caller: caller(), operation: &api.Operation{Target: c.target, Name: c.name}, replicaRegions: replicas}
		d.collect(fill(t, c.in, c.body))
		var got []string
		for _, need := range d.list {
			got = append(got, need.action+" "+need.resource)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s:\n got %q\nwant %q", c.name, c.body, got, c.want)
		}
	}
}

// run sends a request through a guard and returns the account for which the
// operation ran.
func run(t *testing.T, g *Guard, target, name string, in api.Input) (string, error) {
	t.Helper()
	var account string
	ops := g.Wrap([]api.Operation{{Target: target, Name: name, Class: api.Read, Handle: func(_ context.Context, c *api.Caller, _ api.Input) (api.Output, error) {
		account = c.Account
		return nil, nil
	}}})
	_, err := ops[0].Handle(context.Background(), caller(), in)
	return account, err
}

func policy(t *testing.T, statement string) []*iam.Policy {
	t.Helper()
	p, err := iam.Parse(`{"Version":"2012-10-17","Statement":[`+statement+`]}`, iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	return []*iam.Policy{p}
}

func TestGuard(t *testing.T) {
	const reader = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`
	const foreign = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"dynamodb:*","Resource":"*"}}`
	there := "arn:aws:dynamodb:us-east-1:444455556666:table/"
	for _, c := range []struct {
		what     string
		identity Identity
		resource map[string]string
		in       api.Input
		name     string
		body     string
		account  string // for which it ran
		refused  string // in the message
	}{
		{"a key without policy may do all", Identity{}, nil, &ddb.PutItemInput{}, "PutItem", `{"TableName":"T"}`, "111122223333", ""},
		{"a policy allows", Identity{"clerk", policy(t, reader)}, nil, &ddb.GetItemInput{}, "GetItem", `{"TableName":"T"}`, "111122223333", ""},
		{"no policy allows", Identity{"clerk", policy(t, reader)}, nil, &ddb.PutItemInput{}, "PutItem", `{"TableName":"T"}`, "",
			"User: arn:aws:iam::111122223333:user/clerk is not authorized to perform: dynamodb:PutItem on resource: " + table + "T because no identity-based policy allows the dynamodb:PutItem action"},
		{"one action of many is refused", Identity{"clerk", policy(t, reader)}, nil, &ddb.TransactWriteItemsInput{}, "TransactWriteItems",
			`{"TransactItems":[{"Put":{"TableName":"A"}}]}`, "", "dynamodb:PutItem on resource: " + table + "A"},
		{"a condition on the request", Identity{"clerk", policy(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}}`)}, nil,
			&ddb.QueryInput{}, "Query", `{"TableName":"T","Select":"COUNT"}`, "111122223333", ""},
		{"a condition that does not hold", Identity{"clerk", policy(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}}`)}, nil,
			&ddb.QueryInput{}, "Query", `{"TableName":"T"}`, "", "dynamodb:Query"},
		{"a condition on the key of a table that is not there allows nothing", Identity{"clerk", policy(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["clerk"]}}}`)}, nil,
			&ddb.GetItemInput{}, "GetItem", `{"TableName":"T"}`, "", "dynamodb:GetItem"},
		{"another account's table", Identity{}, map[string]string{there + "T": foreign}, &ddb.GetItemInput{}, "GetItem", `{"TableName":"` + there + `T"}`, "444455556666", ""},
		{"the table's policy counts for its indexes", Identity{}, map[string]string{there + "T": foreign}, &ddb.QueryInput{}, "Query", `{"TableName":"` + there + `T","IndexName":"I"}`, "444455556666", ""},
		{"another account's table without policy", Identity{}, nil, &ddb.GetItemInput{}, "GetItem", `{"TableName":"` + there + `T"}`, "", "because no resource-based policy allows"},
		{"tables of two accounts", Identity{}, map[string]string{there + "T": foreign}, &ddb.BatchGetItemInput{}, "BatchGetItem",
			`{"RequestItems":{"A":{"Keys":[]},"` + there + `T":{"Keys":[]}}}`, "", "of one account"},
		{"a policy that cannot be read allows nothing", Identity{}, map[string]string{there + "T": "{"}, &ddb.GetItemInput{}, "GetItem", `{"TableName":"` + there + `T"}`, "", "resource-based"},
	} {
		g := New(Options{Identities: map[string]Identity{"KEY": c.identity}, ResourcePolicy: func(arn string) string { return c.resource[arn] }})
		account, err := run(t, g, ddb.Target, c.name, fill(t, c.in, c.body))
		var typed *api.Error
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.refused != "" && (!errors.As(err, &typed) || typed.Code != "AccessDeniedException" || !strings.Contains(typed.Message, c.refused)):
			t.Errorf("%s: got %v, want %q", c.what, err, c.refused)
		}
		if account != c.account {
			t.Errorf("%s: ran for account %q, want %q", c.what, account, c.account)
		}
	}
}

// Cross-account permissions do not apply to operations that manage a queue.
func TestQueueAdministrationIsNotShared(t *testing.T) {
	const all = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}`
	g := New(Options{ResourcePolicy: func(string) string { return all }})
	send := &sqsapi.SendMessageRequest{QueueUrl: api.Some("http://localhost/444455556666/q")}
	if account, err := run(t, g, sqsapi.Target, "SendMessage", send); err != nil || account != "444455556666" {
		t.Errorf("SendMessage ran for %q: %v", account, err)
	}
	remove := &sqsapi.DeleteQueueRequest{QueueUrl: send.QueueUrl}
	var typed *api.Error
	if _, err := run(t, g, sqsapi.Target, "DeleteQueue", remove); !errors.As(err, &typed) || typed.Code != "AccessDenied" {
		t.Errorf("DeleteQueue: got %v, want AccessDenied", err)
	}
}
