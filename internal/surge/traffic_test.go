package surge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// What the service refuses for its rate is counted, and so is each try of the SDK; other errors and requests of others
// are not.
func TestTrafficIsCounted(t *testing.T) {
	answers := []string{`{"__type":"com.amazonaws.sqs#RequestThrottled"}`, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`, ""}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if len(answers) == 0 || answers[0] == "" {
			fmt.Fprint(w, `{"QueueUrl":"q"}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, answers[0])
		answers = answers[1:]
	}))
	defer srv.Close()
	c, err := connect(context.Background(), srv.URL, true, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var n traffic
	in := &sqs.GetQueueUrlInput{QueueName: aws.String("q")}
	if _, err := c.queues.GetQueueUrl(n.of(context.Background()), in); err != nil {
		t.Fatal(err)
	}
	answers = []string{`{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`}
	if _, err := c.queues.GetQueueUrl(n.of(context.Background()), in); err == nil {
		t.Error("an error of the service was lost")
	}
	if _, err := c.queues.GetQueueUrl(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if made, retries, throttled := n.requests.Load(), n.retries.Load(), n.throttled.Load(); made != 4 || retries != 2 || throttled != 2 {
		t.Errorf("%d requests, %d retries, %d throttled; want 4, 2, 2", made, retries, throttled)
	}
}

// Who is killed makes no request any more, not even with contexts that outlive it.
func TestTheDeadMakeNoRequests(t *testing.T) {
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		fmt.Fprint(w, `{"QueueUrl":"q"}`)
	}))
	defer srv.Close()
	c, err := connect(context.Background(), srv.URL, true, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	l := newLife(context.Background())
	ctx := meddle(l.ctx, meddling{l.requests, func(*http.Request, *http.Response) error { return nil }})
	in := &sqs.GetQueueUrlInput{QueueName: aws.String("q")}
	if _, err := c.queues.GetQueueUrl(ctx, in); err != nil {
		t.Fatal(err)
	}
	l.end()
	if _, err := c.queues.GetQueueUrl(context.WithoutCancel(ctx), in); !errors.Is(err, errKilled) || requests != 1 {
		t.Errorf("%d requests, error %v", requests, err)
	}
}
