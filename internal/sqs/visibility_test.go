package sqs

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// bubble runs a test with its own clock.
func bubble(t *testing.T, f func(r *rig)) {
	synctest.Test(t, func(t *testing.T) { f(newRig(t)) })
}

func TestVisibilityTimeout(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "10")
		r.send(url, "a", "")
		r.send(url, "b", "")
		r.wantBodies(r.receive(url, 1), "a")
		r.wantBodies(r.receive(url, 1, visibility(20)), "b")
		time.Sleep(10*time.Second - time.Millisecond)
		r.wantBodies(r.receive(url, 10), "")
		time.Sleep(time.Millisecond)
		r.wantCounts(url, "1", "1", "0")
		again := r.receive(url, 10)
		r.wantBodies(again, "a")
		if n, _ := again[0].Attributes.Get("ApproximateReceiveCount"); n != "2" {
			r.Errorf("receive count %s, want 2", n)
		}
		time.Sleep(10 * time.Second)
		r.wantBodies(r.receive(url, 10), "a b")
	})
}

func TestChangeVisibility(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		r.send(url, "a", "")
		m := r.receive(url, 1)[0]
		r.must(r.setVisibility(url, m, 100))
		time.Sleep(99 * time.Second)
		r.wantBodies(r.receive(url, 1), "")
		time.Sleep(time.Second)
		n := r.receive(url, 1)[0]
		// The first receive no longer has the message.
		wantError(r, r.setVisibility(url, m, 5), "InvalidParameterValue",
			"Value "+m.ReceiptHandle.V+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		r.must(r.setVisibility(url, n, 0))
		wantError(r, r.setVisibility(url, n, 5), "MessageNotInflight", "The specified message isn't in flight.")
		o := r.receive(url, 1)[0]
		time.Sleep(30 * time.Second)
		r.must(r.setVisibility(url, o, 5)) // ended by itself: accepted, without effect
		r.wantBodies(r.receive(url, 1), "a")
	})
}

// TestChangedVisibilityIsNotKept: the next receive has the timeout of the queue again.
func TestChangedVisibilityIsNotKept(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "60")
		r.send(url, "a", "")
		m := r.receive(url, 1)[0]
		time.Sleep(15 * time.Second)
		r.must(r.setVisibility(url, m, 10)) // from now on
		time.Sleep(10*time.Second - time.Millisecond)
		r.wantBodies(r.receive(url, 1), "")
		time.Sleep(time.Millisecond)
		r.wantBodies(r.receive(url, 1), "a")
		time.Sleep(60*time.Second - time.Millisecond)
		r.wantBodies(r.receive(url, 1), "")
		time.Sleep(time.Millisecond)
		r.wantBodies(r.receive(url, 1), "a")
	})
}

// TestStubbornMessagesGoToTheBack: a message that was received three times and not
// deleted comes after all others of a standard queue, after a restart too, and does not
// count for the age of the oldest, unless the queue is about to give it up.
func TestStubbornMessagesGoToTheBack(t *testing.T) {
	for _, c := range []struct{ policy, want string }{
		{"", "b c a"}, {redriveTo("dead", 9), "b c a"}, {redriveTo("dead", 3), "b c"},
	} {
		bubble(t, func(r *rig) {
			r.create("dead")
			url := r.create("q", "VisibilityTimeout", "10", "RedrivePolicy", c.policy)
			r.send(url, "a", "")
			time.Sleep(time.Second)
			r.send(url, "b", "")
			for range 2 {
				r.wantOne(url, "a")
				time.Sleep(10 * time.Second)
			}
			r.wantOne(url, "a") // is still the first after two
			r.send(url, "c", "")
			time.Sleep(10 * time.Second)
			q, err := r.queue(caller, url)
			r.must(err)
			if age := q.metrics().ApproximateAgeOfOldestMessage; (age == 30) != (c.policy != redriveTo("dead", 3)) {
				t.Errorf("policy %s: the oldest message is %d s old", c.policy, age)
			}
			r.wantBodies(r.receive(url, 10, visibility(0)), c.want)
			if c.want == "b c" {
				return
			}
			r.wantBodies(r.receive(url, 10, visibility(0)), c.want)
			r.reopen()
			r.wantBodies(r.receive(url, 10, visibility(0)), c.want)
		})
	}
}

func TestVisibilityIsLimited(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		r.send(url, "a", "")
		m := r.receive(url, 1)[0]
		r.must(r.setVisibility(url, m, 43200))
		time.Sleep(time.Second)
		wantError(r, r.setVisibility(url, m, 43200), "InvalidParameterValue",
			"Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
		r.must(r.setVisibility(url, m, 43199))
		wantError(r, r.setVisibility(url, m, 43201), "InvalidParameterValue", "")
		wantError(r, r.setVisibility(url, m, -1), "InvalidParameterValue", "")
	})
}

func TestReceiptHandles(t *testing.T) {
	r := newRig(t)
	url, other := r.create("q"), r.create("p")
	r.send(url, "a", "")
	m := r.receive(url, 1)[0]
	good := m.ReceiptHandle.V
	flipped := []byte(good)
	flipped[5] ^= 1
	for _, handle := range []string{"", "garbage", strings.Repeat("A", len(good)), string(flipped), good + "A", good[1:], good + good, "\n" + good[1:]} {
		m.ReceiptHandle = api.Some(handle)
		wantError(t, r.delete(url, m), "ReceiptHandleIsInvalid", `The input receipt handle "`+m.ReceiptHandle.V+`" is not a valid receipt handle.`)
		wantError(t, r.setVisibility(url, m, 1), "ReceiptHandleIsInvalid", `The input receipt handle "`+m.ReceiptHandle.V+`" is not a valid receipt handle.`)
	}
	m.ReceiptHandle = api.Some(good)
	wantError(t, r.delete(other, m), "ReceiptHandleIsInvalid", `The input receipt handle "`+m.ReceiptHandle.V+`" is not a valid receipt handle.`)
	r.wantCounts(url, "0", "1", "0")
	r.must(r.delete(url, m))
	wantError(t, r.setVisibility(url, m, 1), "InvalidParameterValue", "")
}

func TestDeleteWithAnOldHandleOnStandard(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "1")
		r.send(url, "a", "")
		m := r.receive(url, 1)[0]
		time.Sleep(time.Second)
		r.must(r.delete(url, m))
		r.wantBodies(r.receive(url, 1), "")
		r.wantCounts(url, "0", "0", "0")
	})
}

func TestDelay(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "DelaySeconds", "10")
		delayed := func(body string, seconds int64) {
			in := sendRequest(url, body, "")
			in.DelaySeconds = api.Some(seconds)
			_, err := r.SendMessage(context.Background(), caller, in)
			r.must(err)
		}
		delayed("twenty", 20)
		r.send(url, "ten", "")
		delayed("none", 0)
		r.wantCounts(url, "1", "0", "2")
		r.wantBodies(r.receive(url, 10), "none")
		time.Sleep(10 * time.Second)
		r.wantCounts(url, "1", "1", "1")
		r.must(r.set(url, "DelaySeconds", "900")) // not retroactive
		r.reopen()
		time.Sleep(10 * time.Second)
		r.wantBodies(r.receive(url, 10), "twenty ten") // the older first
	})
}

func TestRetention(t *testing.T) {
	for _, name := range []string{"q", "q.fifo"} {
		bubble(t, func(r *rig) {
			var url string
			if name == "q" {
				url = r.create(name, "MessageRetentionPeriod", "60")
			} else {
				url = r.fifo(name, "MessageRetentionPeriod", "60")
			}
			group := map[bool]string{true: "g"}[name != "q"]
			r.send(url, "waits", group)
			held := r.receive(url, 1, visibility(50))[0]
			r.send(url, "b", group)
			time.Sleep(30 * time.Second)
			r.send(url, "c", group)
			r.must(r.setVisibility(url, held, 0))
			time.Sleep(30*time.Second - time.Millisecond)
			r.wantCounts(url, "3", "0", "0")
			time.Sleep(time.Millisecond)
			r.wantCounts(url, "1", "0", "0")
			r.wantBodies(r.receive(url, 10), "c")
			time.Sleep(30 * time.Second)
			r.wantCounts(url, "0", "0", "0") // in flight, and yet expired
			it := r.store.Scan(kvRange())
			defer func() { _ = it.Close() }()
			for it.Next() {
				if k := it.Key()[1]; k == kindMessage || k == kindContent {
					r.Errorf("row %x is left", it.Key())
				}
			}
		})
	}
}

// TestRetentionOfDelayedTenants: a message expires in time although its delay ended
// after messages of its group that were sent later were received.
func TestRetentionOfDelayedTenants(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "MessageRetentionPeriod", "60")
		in := sendRequest(url, "delayed", "g")
		in.DelaySeconds = api.Some(int64(30))
		_, err := r.SendMessage(r.Context(), caller, in)
		r.must(err)
		time.Sleep(20 * time.Second)
		r.send(url, "later", "g")
		r.must(r.delete(url, r.wantOne(url, "later")))
		time.Sleep(40*time.Second - time.Millisecond)
		r.wantCounts(url, "1", "0", "0")
		time.Sleep(time.Millisecond)
		r.wantCounts(url, "0", "0", "0")
	})
}

func TestRetentionCanChange(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		r.send(url, "a", "")
		r.receive(url, 1, visibility(1000))
		r.send(url, "b", "")
		time.Sleep(100 * time.Second)
		r.must(r.set(url, "MessageRetentionPeriod", "101"))
		r.wantCounts(url, "1", "1", "0")
		time.Sleep(time.Second)
		r.wantCounts(url, "0", "0", "0")
	})
}

func TestOverLimit(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "600")
		ten := batchOf(url, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		for range maxInFlight/10 + 1 {
			_, err := r.SendMessageBatch(r.Context(), caller, ten)
			r.must(err)
		}
		var last []model.Message
		for range maxInFlight / 10 {
			last = r.receive(url, 10)
		}
		_, err := r.ReceiveMessage(r.Context(), caller, receiveRequest(url, 10))
		wantError(r, err, "OverLimit", "")
		poll := r.poll(r.Context(), url, 20)
		r.wantWaiting(poll) // and does not spin
		r.must(r.delete(url, last[0]))
		r.wantResult(poll, "0")
	})
}

func TestDeleteAndVisibilityBatches(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	for _, body := range []string{"a", "b", "c"} {
		r.send(url, body, "")
	}
	got := r.receive(url, 10)
	vis, err := r.ChangeMessageVisibilityBatch(context.Background(), caller, &model.ChangeMessageVisibilityBatchRequest{
		QueueUrl: api.Some(url), Entries: []model.ChangeMessageVisibilityBatchRequestEntry{
			{Id: api.Some("1"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: api.Some[int64](0)},
			{Id: api.Some("2"), ReceiptHandle: api.Some("junk"), VisibilityTimeout: api.Some[int64](0)},
			{Id: api.Some("3"), ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: api.Some[int64](9)},
		},
	})
	r.must(err)
	if len(vis.Successful) != 1 || len(vis.Failed) != 2 ||
		vis.Failed[0].Code.V != "ReceiptHandleIsInvalid" || vis.Failed[1].Code.V != "MessageNotInflight" {
		t.Errorf("%+v", vis)
	}
	r.wantCounts(url, "1", "2", "0")
	del, err := r.DeleteMessageBatch(context.Background(), caller, &model.DeleteMessageBatchRequest{
		QueueUrl: api.Some(url), Entries: []model.DeleteMessageBatchRequestEntry{
			{Id: api.Some("1"), ReceiptHandle: got[1].ReceiptHandle},
			{Id: api.Some("2"), ReceiptHandle: got[1].ReceiptHandle},
			{Id: api.Some("3"), ReceiptHandle: api.Some("junk")},
		},
	})
	r.must(err)
	if len(del.Successful) != 2 || len(del.Failed) != 1 || del.Failed[0].Id.V != "3" {
		t.Errorf("%+v", del)
	}
	r.wantCounts(url, "1", "1", "0")
	_, err = r.DeleteMessageBatch(context.Background(), caller, &model.DeleteMessageBatchRequest{QueueUrl: api.Some(url)})
	wantError(t, err, "EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry in the request.")
}
