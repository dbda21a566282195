package leveetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/levee-io/levee/leveetest"
)

// Two servers share nothing.
func TestRunT(t *testing.T) {
	for range 2 {
		queues := sqs.NewFromConfig(leveetest.RunT(t).AWSConfig())
		out, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if err != nil || len(out.QueueUrls) != 0 {
			t.Fatalf("%v, %v", out, err)
		}
		if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
			t.Fatal(err)
		}
	}
}

// The server lives in the bubble of a synctest, where a long poll of twenty
// seconds takes no time.
func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queues := sqs.NewFromConfig(leveetest.RunT(t).AWSConfig())
		queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) != 0 {
			t.Fatalf("%v, %v", out, err)
		}
		if waited := time.Since(start); waited != 20*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}
