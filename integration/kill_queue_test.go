package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// killQueue sends numbered messages into a FIFO queue, each sender into a group
// of its own, and receives and deletes them.
type killQueue struct {
	c   *client
	url string

	mu       sync.Mutex
	acked    map[string]int          // by group, the number of messages acknowledged: 1, 2, 3 ...
	ids      map[string]string       // by body, the message id it came with
	deleting map[string]map[int]bool // by group: whose deletion was asked for
	deleted  map[string]map[int]bool // by group: whose deletion was acknowledged
	wrong    [3]lost
}

const (
	outOfOrder = iota
	deletedBefore
	doubled
)

func newKillQueue(t *testing.T, c *client) *killQueue {
	k := &killQueue{c: c, acked: map[string]int{}, ids: map[string]string{}, deleting: map[string]map[int]bool{}, deleted: map[string]map[int]bool{}}
	// What is received for nobody, because the reply was lost, comes back soon.
	k.url = c.createQueue(t, "kill.fifo", attributes{"VisibilityTimeout": "1"})
	k.wrong[outOfOrder].what, k.wrong[deletedBefore].what, k.wrong[doubled].what = "messages out of order", "messages received after their deletion", "messages stored twice"
	return k
}

func (k *killQueue) send(ctx context.Context, writer int) {
	group := fmt.Sprint("g", writer)
	for n := 1; ctx.Err() == nil; n++ {
		for { // the same message with the same deduplication id until it is answered
			if k.sendOne(ctx, group, n) == nil {
				break
			}
			if !again(ctx) {
				return
			}
		}
		k.mu.Lock()
		k.acked[group] = n
		k.mu.Unlock()
	}
}

func (k *killQueue) sendOne(ctx context.Context, group string, n int) error {
	call, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body := fmt.Sprintf("%s %d", group, n)
	_, err := k.c.sqs.SendMessage(call, &sqs.SendMessageInput{QueueUrl: &k.url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: aws.String(group + "-" + fmt.Sprint(n))})
	return err
}

func (k *killQueue) receive(ctx context.Context) {
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, 10*time.Second)
		n, err := k.receiveOnce(call)
		cancel()
		if (err != nil || n == 0) && !again(ctx) {
			return
		}
	}
}

// receiveOnce receives a batch, checks it and deletes it.
func (k *killQueue) receiveOnce(ctx context.Context) (int, error) {
	out, err := k.c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &k.url, MaxNumberOfMessages: 10})
	if err != nil {
		return 0, err
	}
	k.inspect(out.Messages)
	for _, m := range out.Messages {
		if _, err := k.c.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &k.url, ReceiptHandle: m.ReceiptHandle}); err == nil {
			group, n := parseBody(*m.Body)
			k.mu.Lock()
			mark(k.deleted, group, n)
			k.mu.Unlock()
		}
	}
	return len(out.Messages), nil
}

// inspect checks a batch against what is known: everything before a message of
// its group has been deleted, or comes before it in the same batch.
func (k *killQueue) inspect(messages []types.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range messages {
		group, n := parseBody(*m.Body)
		if id, known := k.ids[*m.Body]; known && id != *m.MessageId {
			k.wrong[doubled].add("%s", *m.Body)
		}
		k.ids[*m.Body] = *m.MessageId
		if k.deleted[group][n] {
			k.wrong[deletedBefore].add("%s", *m.Body)
		}
		if n > 1 && !k.deleting[group][n-1] {
			k.wrong[outOfOrder].add("%s before the one before it", *m.Body)
		}
		mark(k.deleting, group, n)
	}
}

func parseBody(body string) (group string, n int) {
	fmt.Sscanf(body, "%s %d", &group, &n)
	return group, n
}

func mark(where map[string]map[int]bool, group string, n int) {
	if where[group] == nil {
		where[group] = map[int]bool{}
	}
	where[group][n] = true
}

// check receives the rest and looks whether all messages came by.
func (k *killQueue) check(t *testing.T) {
	missing, total := lost{what: "acknowledged messages that are lost"}, 0
	complete := func() bool {
		if _, err := k.receiveOnce(ctx(t)); err != nil {
			t.Fatal(err)
		}
		for group, n := range k.acked {
			if !k.deleted[group][n] {
				return false
			}
		}
		a := k.c.queueAttributes(t, k.url)
		return a["ApproximateNumberOfMessages"] == "0" && a["ApproximateNumberOfMessagesNotVisible"] == "0"
	}
	eventually(t, "the queue is empty", complete)
	for group, n := range k.acked {
		for i := 1; i <= n; i++ {
			if total++; k.ids[fmt.Sprintf("%s %d", group, i)] == "" {
				missing.add("%s %d", group, i)
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d messages were acknowledged", total)
	}
	t.Logf("%d messages", total)
	missing.report(t)
	for i := range k.wrong {
		k.wrong[i].report(t)
	}
}
