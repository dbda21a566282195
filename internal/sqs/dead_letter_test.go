package sqs

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func redriveTo(name string, most int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:%s","maxReceiveCount":"%d"}`, name, most)
}

func TestDeadLetters(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		url := r.create("q", "VisibilityTimeout", "1", "RedrivePolicy", redriveTo("dead", 2))
		sent := r.send(url, "poison", "")
		start := fmt.Sprint(time.Now().UnixMilli())
		for range 2 {
			r.wantBodies(r.receive(url, 10), "poison")
			time.Sleep(time.Second)
		}
		r.wantCounts(url, "1", "0", "0")
		r.send(url, "good", "")
		r.wantBodies(r.receive(url, 10), "good")
		r.wantCounts(url, "0", "1", "0")
		r.wantCounts(dead, "1", "0", "0")
		r.reopen()
		m := r.receive(dead, 10)[0]
		if m.MessageId != sent.MessageId || m.Body.V != "poison" {
			r.Errorf("dead letter %+v", m)
		}
		for name, want := range map[string]string{
			"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:111122223333:q",
			"SentTimestamp":            start, // of the first queue
			// Over all queues.
			"ApproximateReceiveCount":          "3",
			"ApproximateFirstReceiveTimestamp": start,
		} {
			if got, _ := m.Attributes.Get(name); got != want {
				r.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		list, err := r.ListDeadLetterSourceQueues(r.Context(), caller, &model.ListDeadLetterSourceQueuesRequest{QueueUrl: api.Some(dead)})
		r.must(err)
		if len(list.QueueUrls) != 1 || list.QueueUrls[0] != url {
			r.Errorf("source queues %v", list.QueueUrls)
		}
	})
}

func TestDeadLettersWakeTheirReceivers(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.fifo("dead.fifo")
		url := r.fifo("q.fifo", "VisibilityTimeout", "1", "RedrivePolicy", redriveTo("dead.fifo", 1))
		r.sendAll(url, "g", "1", "2", "3")
		r.wantBodies(r.receive(url, 2), "1 2")
		time.Sleep(time.Second)
		poll := r.poll(r.Context(), dead, 20)
		r.wantWaiting(poll)
		r.wantBodies(r.receive(url, 10), "3")
		r.wantResult(poll, "1 2") // in order
	})
}

func TestDeadLettersOfStandardKeepTheirAge(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead", "MessageRetentionPeriod", "100")
		url := r.create("q", "VisibilityTimeout", "40", "RedrivePolicy", redriveTo("dead", 1))
		r.send(url, "old", "")
		time.Sleep(50 * time.Second)
		r.receive(url, 1)
		r.send(dead, "young", "")
		time.Sleep(40 * time.Second)
		r.wantBodies(r.receive(url, 1), "")
		r.wantCounts(dead, "2", "0", "0")
		r.reopen()
		time.Sleep(10 * time.Second)
		r.wantCounts(dead, "1", "0", "0")
		r.wantBodies(r.receive(dead, 10), "young")
	})
}

// TestDeadLettersOfFIFOBeginAnew: a dead letter of a FIFO queue was sent when it was
// moved, and expires by the retention of the dead-letter queue from then.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
func TestDeadLettersOfFIFOBeginAnew(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.fifo("dead.fifo", "MessageRetentionPeriod", "100")
		url := r.fifo("q.fifo", "VisibilityTimeout", "40", "MessageRetentionPeriod", "100", "RedrivePolicy", redriveTo("dead.fifo", 1))
		r.send(url, "old", "g")
		time.Sleep(50 * time.Second)
		r.receive(url, 1)
		time.Sleep(40 * time.Second)
		moved := time.Now()
		r.wantBodies(r.receive(url, 1), "")
		time.Sleep(90 * time.Second)
		r.reopen()
		got := r.receive(dead, 1)
		r.wantBodies(got, "old")
		if sent, _ := got[0].Attributes.Get("SentTimestamp"); sent != fmt.Sprint(moved.UnixMilli()) {
			t.Errorf("sent at %s, want %d", sent, moved.UnixMilli())
		}
		time.Sleep(10 * time.Second)
		r.wantCounts(dead, "0", "0", "0")
	})
}

func TestWithoutItsDeadLetterQueueAMessageStays(t *testing.T) {
	r := newRig(t)
	dead := r.create("dead")
	url := r.create("q", "VisibilityTimeout", "0", "RedrivePolicy", redriveTo("dead", 1))
	r.send(url, "a", "")
	r.wantBodies(r.receive(url, 1), "a")
	_, err := r.DeleteQueue(context.Background(), caller, &model.DeleteQueueRequest{QueueUrl: api.Some(dead)})
	r.must(err)
	r.wantBodies(r.receive(url, 1), "a")
}

func TestRedriveAllowPolicy(t *testing.T) {
	r := newRig(t)
	r.create("deny", "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`)
	r.create("some", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-west-1:111122223333:good"]}`)
	r.create("all", "RedriveAllowPolicy", `{"redrivePermission":"allowAll"}`)
	r.fifo("d.fifo")
	good, bad := r.create("good"), r.create("bad")
	r.must(r.set(good, "RedrivePolicy", redriveTo("some", 3)))
	r.must(r.set(bad, "RedrivePolicy", redriveTo("all", 3)))
	for _, c := range []struct{ url, target string }{{bad, "some"}, {good, "deny"}, {bad, "deny"}, {good, "d.fifo"}} {
		wantError(t, r.set(c.url, "RedrivePolicy", redriveTo(c.target, 3)), "InvalidParameterValue", "")
	}
	if got, want := r.attribute(good, "RedrivePolicy"), `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:some","maxReceiveCount":3}`; got != want {
		t.Errorf("RedrivePolicy %s, want %s", got, want)
	}
	r.must(r.set(good, "RedrivePolicy", ""))
	if got := r.attribute(good, "RedrivePolicy"); got != "" {
		t.Errorf("RedrivePolicy %s is left", got)
	}
}

// TestManyDeadLetters: one receive moves more than one change can.
func TestManyDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Store: kvmem.New()}
		r := openRig(t, store, Options{})
		dead := r.create("dead")
		url := r.create("q", "RedrivePolicy", redriveTo("dead", 1))
		const messages = 3*maxBuried + 5
		for i := range messages {
			r.send(url, fmt.Sprint(i), "")
		}
		for range messages/10 + 1 {
			r.receive(url, 10)
		}
		time.Sleep(30 * time.Second)
		r.send(url, "good", "")
		store.largest = 0
		r.wantBodies(r.receive(url, 10), "good")
		r.wantCounts(url, "0", "1", "0")
		r.wantCounts(dead, fmt.Sprint(messages), "0", "0")
		if most := 5*maxBuried + 1; store.largest > most {
			t.Errorf("one batch has %d mutations, want at most %d", store.largest, most)
		}
	})
}

// TestDeadLetterCycle: two queues that are each other's dead-letter queue do not
// lock each other up.
func TestDeadLetterCycle(t *testing.T) {
	r := newRig(t)
	a, b := r.create("a", "VisibilityTimeout", "0"), r.create("b", "VisibilityTimeout", "0")
	r.must(r.set(a, "RedrivePolicy", redriveTo("b", 1)))
	r.must(r.set(b, "RedrivePolicy", redriveTo("a", 1)))
	r.send(a, "ball", "")
	done := make(chan int)
	for _, url := range []string{a, b, a, b} {
		go func() {
			n := 0
			for range 500 {
				n += len(r.receive(url, 10))
			}
			done <- n
		}()
	}
	total := 0
	for range 4 {
		total += <-done
	}
	if total == 0 {
		t.Error("nobody received the ball")
	}
}

// TestDeadLetterOfADeadLetter: what a queue counts against its policy are its own
// receives; what it tells of goes on.
func TestDeadLetterOfADeadLetter(t *testing.T) {
	r := newRig(t)
	last := r.fifo("last.fifo", "VisibilityTimeout", "0")
	dead := r.fifo("dead.fifo", "VisibilityTimeout", "0", "RedrivePolicy", redriveTo("last.fifo", 2))
	first := r.fifo("first.fifo", "VisibilityTimeout", "0", "RedrivePolicy", redriveTo("dead.fifo", 3))
	id := r.send(first, "poison", "g").MessageId.V
	for i, url := range []string{first, first, first, dead, dead, last, last} {
		if url != first {
			r.receive(first, 1) // finds that there is nothing more
		}
		if url == last {
			r.receive(dead, 1)
		}
		list := r.receive(url, 1)
		r.wantBodies(list, "poison")
		count, _ := list[0].Attributes.Get("ApproximateReceiveCount")
		dedup, _ := list[0].Attributes.Get("MessageDeduplicationId")
		if want := strconv.Itoa(i + 1); count != want {
			t.Errorf("receive %s, want %s", count, want)
		}
		if (dedup == id) != (url != first) {
			t.Errorf("%s: deduplication id %s of message %s", url, dedup, id)
		}
	}
}
