package surge

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// outlet is where a producer puts its messages.
type outlet interface {
	// hand hands over messages of different chats, until all are accepted. It returns the ids that the queue
	// gave them, empty where there is no queue.
	hand(context.Context, []Message) (ids []string, err error)
}

// sender is the one operation producers need of the queue.
type sender interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// queueOutlet hands messages to a queue.
type queueOutlet struct {
	queue    sender
	url      string
	groups   bool // the queue is a FIFO queue
	counters *counters
}

// hand sends the messages until the queue has accepted each. They are of different chats, so sending a refused one
// later changes no order.
func (q *queueOutlet) hand(ctx context.Context, ms []Message) ([]string, error) {
	left, err := q.entries(ms)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(ms))
	for attempt := 0; len(left) > 0; attempt++ {
		if attempt == maxAttempts {
			return nil, fmt.Errorf("send: the queue refused a message %d times", maxAttempts)
		}
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return nil, err
		}
		out, err := q.queue.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: left})
		if err != nil {
			return nil, fmt.Errorf("send: %w", err)
		}
		for _, ok := range out.Successful {
			if i, err := strconv.Atoi(aws.ToString(ok.Id)); err == nil && i >= 0 && i < len(ids) {
				ids[i] = aws.ToString(ok.MessageId)
			}
		}
		for _, f := range out.Failed {
			if f.SenderFault {
				return nil, fmt.Errorf("send: the queue refused a message: %s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
			}
		}
		left = slices.DeleteFunc(left, func(e types.SendMessageBatchRequestEntry) bool {
			return slices.ContainsFunc(out.Successful, func(ok types.SendMessageBatchResultEntry) bool { return aws.ToString(ok.Id) == *e.Id })
		})
		q.counters.retried.Add(int64(len(left)))
	}
	return ids, nil
}

// entries are messages as the queue takes them; the id of an entry is its place.
func (q *queueOutlet) entries(ms []Message) ([]types.SendMessageBatchRequestEntry, error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(ms))
	for i := range ms {
		body, err := ms[i].body()
		if err != nil {
			return nil, err
		}
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body}
		if q.groups {
			entries[i].MessageGroupId = aws.String(groupID(ms[i].Chat))
			entries[i].MessageDeduplicationId = aws.String(deduplicationID(ms[i].Chat, ms[i].Seq))
		}
	}
	return entries, nil
}
