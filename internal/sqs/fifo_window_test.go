package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// TestFIFOWindow: a backlog of one group hides messages of others that were sent
// when the window was full, until enough of it is deleted. What is in flight or
// comes back stays in the window.
func TestFIFOWindow(t *testing.T) {
	r := openRig(t, kvmem.New(), Options{FIFOWindow: 4})
	url := r.fifo("q.fifo", "VisibilityTimeout", "600")
	r.sendAll(url, "a", "1", "2", "3", "4", "5")
	r.sendAll(url, "b", "6")
	r.sendAll(url, "c", "7")
	got := r.receive(url, 10)
	r.wantBodies(got, "1 2 3 4")
	r.wantCounts(url, "3", "4", "0")
	r.reopen()
	r.wantBodies(r.receive(url, 10), "")
	r.must(r.delete(url, got[0])) // 5 comes into the window, but a is closed
	r.wantBodies(r.receive(url, 10), "")
	r.must(r.delete(url, got[1]))
	r.wantBodies(r.receive(url, 10), "6")
	r.must(r.setVisibility(url, got[2], 0))
	r.wantBodies(r.receive(url, 10), "") // 4 is in flight, 7 outside
	r.must(r.delete(url, got[3]))
	r.wantBodies(r.receive(url, 10), "3 5 7")
	r.wantCounts(url, "0", "4", "0")
}

// TestFIFOWindowWakes: a receive that waits gets what a delete brings into the
// window.
func TestFIFOWindowWakes(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.FIFOWindow = 1
		url := r.fifo("q.fifo", "VisibilityTimeout", "600")
		r.sendAll(url, "a", "1")
		r.sendAll(url, "b", "2")
		one := r.receive(url, 10)[0]
		got := make(chan []model.Message, 1)
		go func() { got <- r.receive(url, 10, waiting(20)) }()
		time.Sleep(time.Second)
		r.must(r.delete(url, one))
		r.wantBodies(<-got, "2")
	})
}

// TestFIFOWindowMoves: expiry moves the window, and so does a purge; a delay that
// changes counts the messages outside, too.
func TestFIFOWindowMoves(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.FIFOWindow = 3
		url := r.fifo("q.fifo", "VisibilityTimeout", "600", "MessageRetentionPeriod", "60")
		for i := range 8 {
			r.send(url, fmt.Sprint("a", i), "a")
		}
		time.Sleep(30 * time.Second)
		r.sendAll(url, "b", "b0", "b1")
		r.wantCounts(url, "10", "0", "0")
		r.must(r.set(url, "DelaySeconds", "40"))
		r.wantCounts(url, "0", "0", "10")
		r.must(r.set(url, "DelaySeconds", "0"))
		r.wantCounts(url, "10", "0", "0")
		time.Sleep(30 * time.Second)
		r.wantCounts(url, "2", "0", "0")
		r.wantBodies(r.receive(url, 10), "b0 b1")
		r.sendAll(url, "c", "c0", "c1")
		_, err := r.PurgeQueue(r.Context(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(url)})
		r.must(err)
		r.sendAll(url, "d", "d0", "d1", "d2", "d3")
		r.wantBodies(r.receive(url, 10), "d0 d1 d2")
	})
}
