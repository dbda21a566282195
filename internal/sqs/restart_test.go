package sqs

import (
	"fmt"
	"testing"
	"time"
)

func TestRestart(t *testing.T) {
	bubble(t, func(r *rig) {
		standard := r.create("q", "VisibilityTimeout", "10")
		fifo := r.fifo("q.fifo", "VisibilityTimeout", "10")
		for _, url := range []string{standard, fifo} {
			group := map[bool]string{true: "g"}[url == fifo]
			r.sendAll(url, group, "deleted", "held", "back", "fresh")
			got := r.receive(url, 3)
			r.must(r.delete(url, got[0]))
			r.must(r.setVisibility(url, got[1], 20))
			r.must(r.setVisibility(url, got[2], 0))
			r.reopen()
			r.wantCounts(url, "2", "1", "0")
			if url == standard {
				r.wantBodies(r.receive(url, 10), "back fresh")
			} else {
				r.wantBodies(r.receive(url, 10), "") // the group is closed
				r.must(r.delete(url, got[1]))        // handles outlive a restart
				r.wantBodies(r.receive(url, 10), "back fresh")
			}
			time.Sleep(20 * time.Second)
			r.reopen()
			if url == standard {
				r.wantBodies(r.receive(url, 10), "held back fresh")
			} else {
				r.wantBodies(r.receive(url, 10), "back fresh")
			}
		}
	})
}

func TestNumbersAreNotUsedAgain(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	last, ids := "", map[string]bool{}
	for i := range 20 {
		out := r.send(url, fmt.Sprint(i), "g")
		if n := out.SequenceNumber.V; n <= last {
			t.Errorf("sequence number %s after %s", n, last)
		}
		if ids[out.MessageId.V] {
			t.Errorf("message id %s occurs twice", out.MessageId.V)
		}
		last, ids[out.MessageId.V] = out.SequenceNumber.V, true
		r.must(r.delete(url, r.receive(url, 1)[0]))
		r.reopen()
	}
}

// TestSequenceBlock crosses the end of a reserved block.
func TestSequenceBlock(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	r.send(url, "first", "")
	q, err := r.queue(caller, url)
	r.must(err)
	q.nextSeq = q.reserved - 1
	r.sendAll(url, "", "second", "third")
	r.reopen()
	r.send(url, "fourth", "")
	r.wantBodies(r.receive(url, 10), "first second third fourth")
}
