package levee_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/levee-io/levee"
)

// as returns a client configuration that signs with one of a server's keys.
func as(srv *levee.Server, id string) aws.Config {
	cfg := srv.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(id, srv.Keys[id].Secret, "")
	return cfg
}

// The policy of a queue lets a user of another account send to it, and the policy
// of a user keeps it from anything else.
func TestPolicies(t *testing.T) {
	srv := &levee.Server{Logger: slog.New(slog.DiscardHandler), Keys: map[string]levee.Key{
		"OWNER": {Secret: "a", Account: "111122223333"},
		"CLERK": {Secret: "b", Account: "444455556666", User: "clerk",
			Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}}`},
	}}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	owner, clerk := sqs.NewFromConfig(as(srv, "OWNER")), sqs.NewFromConfig(as(srv, "CLERK"))

	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/clerk"},"Action":"sqs:*","Resource":"*"}}`
	queue, err := owner.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders"), Attributes: map[string]string{"Policy": policy}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clerk.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("hello")}); err != nil {
		t.Errorf("send across accounts: %v", err)
	}
	got, err := owner.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	if err != nil || len(got.Messages) != 1 {
		t.Errorf("the owner received %v, %v", got, err)
	}
	_, err = clerk.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	var refused smithy.APIError
	want := "User: arn:aws:iam::444455556666:user/clerk is not authorized to perform: sqs:receivemessage on resource: " +
		"arn:aws:sqs:us-east-1:111122223333:orders because no identity-based policy allows the sqs:receivemessage action"
	if !errors.As(err, &refused) || refused.ErrorMessage() != want {
		t.Errorf("receive: got %v, want %q", err, want)
	}
}
