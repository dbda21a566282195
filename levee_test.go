package levee_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/leveetest"
)

func createTable(t *testing.T, db *dynamodb.Client, name string) {
	t.Helper()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &name,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, db *dynamodb.Client, table, id string) {
	t.Helper()
	_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: id},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// has reports whether a table has an item.
func has(t *testing.T, db *dynamodb.Client, table, id string) bool {
	t.Helper()
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item != nil
}

// overHTTP returns a configuration that reaches an address instead of the
// process itself.
func overHTTP(cfg aws.Config, url string) aws.Config {
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	cfg.BaseEndpoint = &url
	return cfg
}

// The same data is reached in process, through the listener and through the
// handler.
func TestThreeWaysIn(t *testing.T) {
	srv := &levee.Server{Listen: "127.0.0.1:0"}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	web := httptest.NewServer(srv.Handler())
	defer web.Close()
	inside := dynamodb.NewFromConfig(srv.AWSConfig())
	createTable(t, inside, "things")
	put(t, inside, "things", "a")
	for name, url := range map[string]string{"listener": "http://" + srv.Addr(), "handler": web.URL} {
		db := dynamodb.NewFromConfig(overHTTP(srv.AWSConfig(), url))
		if !has(t, db, "things", "a") {
			t.Errorf("%s: the item is not there", name)
		}
	}
}

// Errors come out of the SDK as the types of its model.
func TestTypedErrors(t *testing.T) {
	srv := leveetest.RunT(t)
	_, err := dynamodb.NewFromConfig(srv.AWSConfig()).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("nope")})
	var noTable *types.ResourceNotFoundException
	if !errors.As(err, &noTable) {
		t.Errorf("DescribeTable: %v", err)
	}
	_, err = sqs.NewFromConfig(srv.AWSConfig()).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("nope")})
	var noQueue *sqstypes.QueueDoesNotExist
	if !errors.As(err, &noQueue) || noQueue.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("GetQueueUrl: %v", err)
	}
	_, err = dynamodbstreams.NewFromConfig(srv.AWSConfig()).DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{
		StreamArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/nope/stream/2026-01-01T00:00:00.000"),
	})
	var typed smithy.APIError
	if !errors.As(err, &typed) || typed.ErrorCode() != "ResourceNotFoundException" {
		t.Errorf("DescribeStream: %v", err)
	}
}

// Each access key and region has tables of its own.
func TestNamespaces(t *testing.T) {
	srv := leveetest.RunT(t)
	mine := srv.AWSConfig()
	createTable(t, dynamodb.NewFromConfig(mine), "things")
	region, account := mine, mine
	region.Region = "eu-west-1"
	account.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "somebody", SecretAccessKey: "x"}, nil
	})
	for name, cfg := range map[string]aws.Config{"region": region, "account": account} {
		out, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
		if err != nil || len(out.TableNames) != 0 {
			t.Errorf("another %s sees %v, %v", name, out, err)
		}
	}
}

func TestKeys(t *testing.T) {
	srv := &levee.Server{Keys: map[string]levee.Key{"SHOP": {Secret: "hush", Account: "111122223333"}}}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cfg := srv.AWSConfig()
	out, err := sqs.NewFromConfig(cfg).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil || *out.QueueUrl != "http://localhost/111122223333/q" {
		t.Errorf("%v, %v", out, err)
	}
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "SHOP", SecretAccessKey: "guess"}, nil
	})
	_, err = sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	var typed smithy.APIError
	if !errors.As(err, &typed) || typed.ErrorCode() != "SignatureDoesNotMatch" {
		t.Errorf("with another secret: %v", err)
	}
}

// The data of a directory outlives the server, and one server at a time has it.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	srv, err := levee.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	createTable(t, dynamodb.NewFromConfig(srv.AWSConfig()), "things")
	put(t, dynamodb.NewFromConfig(srv.AWSConfig()), "things", "a")
	if _, err := levee.Open(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second server on the directory: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if !has(t, dynamodb.NewFromConfig(srv.AWSConfig()), "things", "a") {
		t.Error("the item is gone")
	}
}

func TestNotRunning(t *testing.T) {
	var srv levee.Server
	if err := srv.Close(); err != nil {
		t.Errorf("Close before Start: %v", err)
	}
	cfg := srv.AWSConfig()
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	if _, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{}); !errors.Is(err, levee.ErrNotStarted) {
		t.Errorf("a call before Start: %v", err)
	}
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("the handler before Start: %d", w.Code)
	}
	taken := &levee.Server{Listen: "127.0.0.1:0"}
	if err := taken.Start(); err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := taken.Start(); err == nil {
		t.Error("a second Start succeeds")
	}
	if err := (&levee.Server{Listen: taken.Addr()}).Start(); err == nil {
		t.Error("two servers listen on one address")
	}
}

// A client in the process waits for messages without anybody polling, and stops
// when its context or the server ends.
func TestLongPollInProcess(t *testing.T) {
	srv := leveetest.RunT(t)
	cfg := srv.AWSConfig()
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	queues := sqs.NewFromConfig(cfg)
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	receive := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() {
			out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 20})
			if err == nil && (len(out.Messages) != 1 || *out.Messages[0].Body != "for you") {
				err = errors.New("another message, or none")
			}
			done <- err
		}()
		return done
	}
	wait := func(done chan error) error {
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("the receiver still waits")
			return nil
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := receive(ctx)
	cancel()
	if err := wait(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled receiver: %v", err)
	}
	// The message must not go to the receiver that left.
	there := receive(t.Context())
	if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("for you")}); err != nil {
		t.Fatal(err)
	}
	if err := wait(there); err != nil {
		t.Errorf("the receiver that waits: %v", err)
	}
	last := receive(t.Context())
	if err := srv.Close(); err != nil {
		t.Errorf("Close with a receiver waiting: %v", err)
	}
	if err := wait(last); err == nil {
		t.Error("a receiver got a message from a closed server")
	}
}

// A server that is closed leaves no goroutine behind.
func TestNoLeaks(t *testing.T) {
	cycle := func(dir string) {
		srv := &levee.Server{Dir: dir, Listen: "127.0.0.1:0"}
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
		db := dynamodb.NewFromConfig(overHTTP(srv.AWSConfig(), "http://"+srv.Addr()))
		createTable(t, db, "things")
		put(t, db, "things", "a")
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cycle("") // what packages start once
	cycle(t.TempDir())
	before := runtime.NumGoroutine()
	cycle("")
	cycle(t.TempDir())
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		var srv levee.Server
		if err := srv.Start(); err != nil {
			b.Fatal(err)
		}
		srv.Close()
	}
}

// With a delay a client must wait for its table, as with the service.
func TestTableDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &levee.Server{TableDelay: 10 * time.Second}
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		db := dynamodb.NewFromConfig(srv.AWSConfig())
		createTable(t, db, "table")
		start := time.Now()
		if err := dynamodb.NewTableExistsWaiter(db).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("table")}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 10*time.Second {
			t.Errorf("waited %v", waited)
		}
		put(t, db, "table", "1")
	})
}
