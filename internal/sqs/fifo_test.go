package sqs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

func (r *rig) sendAll(url, group string, bodies ...string) {
	r.Helper()
	for _, b := range bodies {
		r.send(url, b, group)
	}
}

func TestReceiveFillsFromOneGroupThenTheNext(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	r.sendAll(url, "a", "a1", "a2")
	r.sendAll(url, "b", "b1", "b2")
	r.sendAll(url, "a", "a3")
	r.sendAll(url, "c", "c1")
	r.wantBodies(r.receive(url, 4), "a1 a2 a3 b1")
	r.wantBodies(r.receive(url, 4), "c1") // b is closed
	r.wantBodies(r.receive(url, 4), "")
	r.wantCounts(url, "1", "5", "0")
}

func TestGroupIsClosedWhileAMessageIsInFlight(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo", "VisibilityTimeout", "10")
		r.sendAll(url, "g", "1", "2", "3")
		first := r.receive(url, 2)
		r.wantBodies(first, "1 2")
		r.must(r.delete(url, first[0]))
		r.wantBodies(r.receive(url, 1), "")
		r.must(r.delete(url, first[1]))
		third := r.receive(url, 1)
		r.wantBodies(third, "3")
		r.sendAll(url, "g", "4")
		r.wantBodies(r.receive(url, 10), "")
		time.Sleep(10 * time.Second)
		r.wantBodies(r.receive(url, 10), "3 4")
	})
}

func TestGroupStaysClosedUntilAllOfABatchAreBack(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo")
		r.sendAll(url, "g", "1", "2", "3", "4")
		got := r.receive(url, 3)
		r.must(r.setVisibility(url, got[1], 0))
		r.must(r.setVisibility(url, got[2], 60))
		r.wantBodies(r.receive(url, 10), "")
		time.Sleep(30 * time.Second) // 1 is back, 3 is not
		r.wantBodies(r.receive(url, 10), "")
		r.must(r.delete(url, got[2]))
		r.wantBodies(r.receive(url, 10), "1 2 4")
	})
}

func TestExpiredHandlesOnFIFO(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo", "VisibilityTimeout", "5")
		r.sendAll(url, "g", "1")
		old := r.receive(url, 1)[0]
		expired := "Value " + old.ReceiptHandle.V + " for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
		time.Sleep(5 * time.Second)
		wantError(r, r.delete(url, old), "InvalidParameterValue", expired)
		wantError(r, r.setVisibility(url, old, 5), "InvalidParameterValue", expired)
		now := r.receive(url, 1)[0]
		wantError(r, r.delete(url, old), "InvalidParameterValue", expired)
		r.must(r.delete(url, now))
		r.must(r.delete(url, now))
	})
}

func TestDeduplication(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo")
		first := r.send(url, "same", "a")
		for range 2 {
			again := r.send(url, "same", "b") // another group: the scope is the queue
			if again.MessageId != first.MessageId || again.SequenceNumber != first.SequenceNumber {
				r.Errorf("the repeated send is %+v, the first was %+v", again, first)
			}
			time.Sleep(time.Minute)
		}
		r.must(r.delete(url, r.receive(url, 10)[0]))
		r.reopen()
		time.Sleep(3*time.Minute - time.Millisecond)
		r.send(url, "same", "a") // deleted, restarted, and yet remembered
		r.wantBodies(r.receive(url, 10), "")
		time.Sleep(time.Millisecond) // five minutes from the first send, whatever was refused since
		r.send(url, "same", "a")
		r.wantBodies(r.receive(url, 10), "same")
		r.reopen() // reads both
		r.send(url, "same", "b")
		r.wantBodies(r.receive(url, 10), "")
	})
}

func TestDeduplicationIDs(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	send := func(body, id string) {
		t.Helper()
		in := sendRequest(url, body, "g")
		in.MessageDeduplicationId = api.Some(id)
		_, err := r.SendMessage(context.Background(), caller, in)
		r.must(err)
	}
	send("1", "one")
	send("2", "one") // the id counts, not the body
	send("1", "two")
	r.sendAll(url, "g", "x")
	send("3", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881") // what x generated
	r.wantBodies(r.receive(url, 10), "1 1 x")
}

func TestDeduplicationScopeOfAGroup(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
	r.sendAll(url, "a", "x", "x")
	r.sendAll(url, "b", "x")
	r.wantBodies(r.receive(url, 10), "x x")
	// The scope at creation is the one that counts.
	r.must(r.set(url, "FifoThroughputLimit", "perQueue", "DeduplicationScope", "queue"))
	r.sendAll(url, "c", "x")
	r.wantBodies(r.receive(url, 10), "x")
}

func TestDelayOfAFIFOQueue(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo", "DelaySeconds", "10")
		r.sendAll(url, "a", "a1")
		time.Sleep(5 * time.Second)
		r.sendAll(url, "a", "a2")
		r.sendAll(url, "b", "b1")
		r.wantCounts(url, "0", "0", "3")
		time.Sleep(5 * time.Second)
		r.wantCounts(url, "1", "0", "2")
		a1 := r.receive(url, 10)
		r.wantBodies(a1, "a1") // the delayed a2 does not close its group for a1
		r.must(r.delete(url, a1[0]))
		r.wantBodies(r.receive(url, 10), "")
		time.Sleep(4 * time.Second)
		r.must(r.set(url, "DelaySeconds", "9")) // retroactive
		r.wantCounts(url, "2", "0", "0")
		r.must(r.set(url, "DelaySeconds", "20"))
		r.wantCounts(url, "0", "0", "2")
		time.Sleep(11 * time.Second)
		r.wantBodies(r.receive(url, 10), "a2 b1")
	})
}

func TestGroupsTakeTurns(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	for i := range 200 {
		r.send(url, fmt.Sprint("big", i), "big")
	}
	r.sendAll(url, "small", "s1", "s2")
	var order string
	for range 4 {
		got := r.receive(url, 1)
		order += bodies(got) + " "
		r.must(r.delete(url, got[0]))
	}
	if want := "big0 s1 big1 s2 "; order != want {
		t.Errorf("order %q, want %q", order, want)
	}
}

func TestReceiveRequestAttemptID(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo", "VisibilityTimeout", "10")
		r.sendAll(url, "g", "1", "2", "3")
		attempt := func(in *model.ReceiveMessageRequest) { in.ReceiveRequestAttemptId = api.Some("try") }
		first := r.receive(url, 2, attempt)
		time.Sleep(8 * time.Second)
		again := r.receive(url, 10, attempt)
		r.wantBodies(again, "1 2")
		if again[0].ReceiptHandle != first[0].ReceiptHandle {
			r.Error("the repeated receive has other handles")
		}
		time.Sleep(8 * time.Second) // the timeout began anew
		r.wantBodies(r.receive(url, 10), "")
		r.must(r.delete(url, again[0]))
		r.wantBodies(r.receive(url, 10, attempt), "") // one of them has changed
		time.Sleep(2 * time.Second)
		r.wantBodies(r.receive(url, 10, attempt), "2 3")
	})
}

func TestAttemptIDsRunOut(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo", "VisibilityTimeout", "1000")
		r.sendAll(url, "g", "1")
		attempt := func(in *model.ReceiveMessageRequest) { in.ReceiveRequestAttemptId = api.Some("try") }
		r.receive(url, 1, attempt)
		time.Sleep(5*time.Minute - time.Millisecond)
		r.wantBodies(r.receive(url, 1, attempt), "1")
		time.Sleep(time.Millisecond)
		r.wantBodies(r.receive(url, 1, attempt), "")
	})
	r := newRig(t)
	_, err := r.ReceiveMessage(context.Background(), caller, &model.ReceiveMessageRequest{
		QueueUrl: api.Some(r.create("q")), ReceiveRequestAttemptId: api.Some("try"),
	})
	wantError(t, err, "InvalidParameterValue", "Value try for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type.")
}

// TestGroupsLeaveNothingBehind: groups and the ids of the past do not stay in
// memory.
// TestVoidAttemptsAreForgotten: consumers that delete what they receive leave few
// attempts behind, and those that hold on to it can repeat theirs.
func TestVoidAttemptsAreForgotten(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	attempt := func(id int) func(*model.ReceiveMessageRequest) {
		return func(in *model.ReceiveMessageRequest) {
			in.ReceiveRequestAttemptId = api.Some(fmt.Sprint("attempt", id))
		}
	}
	r.send(url, "held", "h")
	r.wantBodies(r.receive(url, 1, attempt(0)), "held")
	for i := 1; i < 3*leastPruned; i++ {
		r.send(url, fmt.Sprint(i), "g")
		r.must(r.delete(url, r.receive(url, 1, attempt(i))[0]))
	}
	q, err := r.queue(caller, url)
	r.must(err)
	if n := len(q.attempts.byID); n > leastPruned {
		t.Errorf("%d attempts are remembered", n)
	}
	r.wantBodies(r.receive(url, 1, attempt(0)), "held")
}

func TestGroupsLeaveNothingBehind(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo")
		for i := range 100 {
			r.send(url, fmt.Sprint(i), fmt.Sprint("g", i))
			r.must(r.delete(url, r.receive(url, 1)[0]))
		}
		time.Sleep(5 * time.Minute)
		r.wantCounts(url, "0", "0", "0")
		q, err := r.queue(caller, url)
		r.must(err)
		l := q.line.(*fifo)
		if n := len(l.groups) + l.expiring.len() + l.waiting.len() + len(q.known) + q.due.len() + len(q.dedup.seqs) + q.dedup.line.len(); n != 0 {
			r.Errorf("%d things are left in memory", n)
		}
	})
}

// TestClockSetBack: the clock stands before the moment at which a message was
// sent. It is handed out all the same, and counted as visible.
func TestClockSetBack(t *testing.T) {
	const sent, now = 2_000, 1_000
	l := newFIFO(&settings{retention: 60_000}, 0, func(*message) {}, func(uint64) {})
	l.add(entry{1, sent}, "g", 0, now)
	if visible, delayed := l.counts(); visible != 1 || delayed != 0 {
		t.Errorf("%d visible, %d delayed", visible, delayed)
	}
	if !l.ready() || l.next(now) == nil {
		t.Error("the message is not handed out")
	}
}
