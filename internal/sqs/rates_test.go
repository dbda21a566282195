package sqs

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func sendTo(r *rig, url, group, body string) error {
	_, err := r.SendMessage(context.Background(), caller, &model.SendMessageRequest{
		QueueUrl: api.Some(url), MessageBody: api.Some(body), MessageGroupId: api.Some(group),
	})
	return err
}

// SG, "Amazon SQS message quotas": 300 calls a second of each action.
func TestFIFORatesAreEnforced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openRig(t, kvmem.New(), Options{EnforceRates: true})
		url := r.fifo("q.fifo")
		for i := range 300 {
			r.must(sendTo(r, url, "g", fmt.Sprint(i)))
		}
		const text = "Request is throttled."
		wantError(r, sendTo(r, url, "other", "x"), "RequestThrottled", text)
		batch := &model.SendMessageBatchRequest{QueueUrl: api.Some(url), Entries: []model.SendMessageBatchRequestEntry{
			{Id: api.Some("a"), MessageBody: api.Some("a"), MessageGroupId: api.Some("g")},
		}}
		_, err := r.SendMessageBatch(context.Background(), caller, batch)
		wantError(r, err, "RequestThrottled", text)
		receive := &model.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some[int64](1)}
		for range 300 {
			_, err := r.ReceiveMessage(context.Background(), caller, receive)
			r.must(err)
		}
		_, err = r.ReceiveMessage(context.Background(), caller, receive)
		wantError(r, err, "RequestThrottled", text)
		time.Sleep(10 * time.Millisecond)
		r.must(sendTo(r, url, "g", "three calls have room again"))
		if n := r.Metrics()[0].ThrottledCalls; n != 3 {
			t.Errorf("%d calls throttled, want 3", n)
		}
	})
}

func TestRatesByQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openRig(t, kvmem.New(), Options{EnforceRates: true})
		standard := r.create("standard")
		for i := range 1000 {
			r.must(sendTo(r, standard, "g", fmt.Sprint(i)))
		}
		fast := r.fifo("fast.fifo", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
		sent := func(minute int) (n int) {
			for i := range 2000 {
				if sendTo(r, fast, fmt.Sprint("group-", i), fmt.Sprint(minute, i)) == nil {
					n++
				}
			}
			return n
		}
		first := sent(0)
		for m := range 3 {
			time.Sleep(time.Minute)
			sent(m + 1)
		}
		time.Sleep(time.Minute)
		if last := sent(9); first != 300 || last < 1700 {
			t.Errorf("%d calls at once at first, %d after partitions were added; want 300 and about 2,000", first, last)
		}
	})
}
