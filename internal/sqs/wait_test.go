package sqs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// poll receives in the background. Its result is what it received, or the error.
func (r *rig) poll(ctx context.Context, url string, seconds int64) <-chan string {
	return r.pollFor(ctx, url, seconds, 10)
}

func (r *rig) pollFor(ctx context.Context, url string, seconds, n int64) <-chan string {
	done := make(chan string, 1)
	go func() {
		in := receiveRequest(url, n)
		in.WaitTimeSeconds = api.Some(seconds)
		out, err := r.ReceiveMessage(ctx, caller, in)
		if err != nil {
			done <- err.Error()
			return
		}
		done <- bodies(out.Messages)
	}()
	return done
}

// wantResult checks the result of a poll, which must be there.
func (r *rig) wantResult(poll <-chan string, want string) {
	r.Helper()
	synctest.Wait()
	select {
	case got := <-poll:
		if got != want {
			r.Errorf("the poll received %q, want %q", got, want)
		}
	default:
		r.Errorf("the poll still waits, want %q", want)
	}
}

func (r *rig) wantWaiting(poll <-chan string) {
	r.Helper()
	synctest.Wait()
	select {
	case got := <-poll:
		r.Errorf("the poll received %q, want it to wait", got)
	default:
	}
}

func TestLongPollIsWokenBySends(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		start := time.Now()
		one := r.poll(r.Context(), url, 20)
		synctest.Wait()
		two := r.poll(r.Context(), url, 20)
		r.wantWaiting(one)
		r.send(url, "a", "")
		r.wantResult(one, "a") // first come, first served
		r.wantWaiting(two)
		r.send(url, "b", "")
		r.wantResult(two, "b")
		if d := time.Since(start); d != 0 {
			r.Errorf("took %v", d)
		}
	})
}

func TestLongPollEnds(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "ReceiveMessageWaitTimeSeconds", "7")
		start := time.Now()
		in := &model.ReceiveMessageRequest{QueueUrl: api.Some(url)}
		out, err := r.ReceiveMessage(r.Context(), caller, in)
		r.must(err)
		if d := time.Since(start); d != 7*time.Second || len(out.Messages) != 0 {
			r.Errorf("%d messages after %v, want none after 7 s", len(out.Messages), d)
		}
		in.WaitTimeSeconds = api.Some[int64](0)
		_, err = r.ReceiveMessage(r.Context(), caller, in)
		r.must(err)
		if d := time.Since(start); d != 7*time.Second {
			r.Errorf("an explicit 0 waited until %v", d)
		}
	})
}

func TestLongPollIsWokenByTime(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "DelaySeconds", "5")
		fifo := r.fifo("q.fifo", "DelaySeconds", "5", "VisibilityTimeout", "10")
		r.send(url, "a", "")
		r.send(fifo, "b", "g")
		one, two := r.poll(r.Context(), url, 20), r.poll(r.Context(), fifo, 20)
		time.Sleep(5*time.Second - time.Millisecond)
		r.wantWaiting(one)
		r.wantWaiting(two)
		time.Sleep(time.Millisecond)
		r.wantResult(one, "a")
		r.wantResult(two, "b")
		back := r.poll(r.Context(), fifo, 20) // until the visibility timeout ends
		time.Sleep(10*time.Second - time.Millisecond)
		r.wantWaiting(back)
		time.Sleep(time.Millisecond)
		r.wantResult(back, "b")
	})
}

func TestLongPollIsWokenByWhatOpensAGroup(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo")
		r.sendAll(url, "g", "1", "2")
		one := r.receive(url, 1)[0]
		poll := r.poll(r.Context(), url, 20)
		r.wantWaiting(poll)
		r.must(r.delete(url, one))
		r.wantResult(poll, "2")
		standard := r.create("q")
		r.send(standard, "x", "")
		x := r.receive(standard, 1)[0]
		poll = r.poll(r.Context(), standard, 20)
		r.wantWaiting(poll)
		r.must(r.setVisibility(standard, x, 0))
		r.wantResult(poll, "x")
	})
}

// TestOneBatchWakesManyWaiters: a waiter that leaves messages behind wakes the
// next one.
func TestOneBatchWakesManyWaiters(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		var polls []<-chan string
		for range 12 {
			polls = append(polls, r.pollFor(r.Context(), url, 20, 1))
			synctest.Wait()
		}
		_, err := r.SendMessageBatch(r.Context(), caller, batchOf(url, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
		r.must(err)
		for i, p := range polls[:10] {
			r.wantResult(p, fmt.Sprint(i))
		}
		r.wantWaiting(polls[10])
		r.send(url, "x", "")
		r.wantResult(polls[10], "x")
		r.wantWaiting(polls[11])
	})
}

func TestCancelledPollPassesItsTurn(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		ctx, cancel := context.WithCancel(r.Context())
		one := r.poll(ctx, url, 20)
		synctest.Wait()
		two := r.poll(r.Context(), url, 20)
		synctest.Wait()
		cancel()
		r.wantResult(one, context.Canceled.Error())
		r.send(url, "a", "")
		r.wantResult(two, "a")
		q, err := r.queue(caller, url)
		r.must(err)
		if q.waiters.Len() != 0 {
			r.Errorf("%d waiters are left", q.waiters.Len())
		}
	})
}

// TestCancelledPollTakesNothing: a receive that is woken when its client is gone
// leaves the message to others.
func TestCancelledPollTakesNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		ctx, cancel := context.WithCancel(r.Context())
		poll := r.poll(ctx, url, 20)
		synctest.Wait()
		q, err := r.queue(caller, url)
		r.must(err)
		q.mu.Lock() // so that both happen before it looks
		q.waiters.Front().Value.(*waiter).call()
		cancel()
		q.line.add(entry{seq: 1, sent: time.Now().UnixMilli()}, "", 0, 0)
		q.unlock()
		r.wantResult(poll, context.Canceled.Error())
		r.wantCounts(url, "1", "0", "0")
	})
}

func TestCloseAndDeleteEndPolls(t *testing.T) {
	bubble(t, func(r *rig) {
		url, doomed := r.create("q"), r.create("doomed")
		one, two := r.poll(r.Context(), url, 20), r.poll(r.Context(), doomed, 20)
		synctest.Wait()
		_, err := r.DeleteQueue(r.Context(), caller, &model.DeleteQueueRequest{QueueUrl: api.Some(doomed)})
		r.must(err)
		r.wantResult(two, "QueueDoesNotExist: The specified queue does not exist.")
		r.must(r.Engine.Close())
		r.wantResult(one, "")
		if _, err := r.SendMessage(r.Context(), caller, sendRequest(url, "x", "")); !errors.Is(err, errClosed) {
			r.Errorf("a send after Close: %v", err)
		}
	})
}

func TestReceiveChecks(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	for _, c := range []struct {
		edit    func(*model.ReceiveMessageRequest)
		message string
	}{
		{func(in *model.ReceiveMessageRequest) { in.MaxNumberOfMessages.V = 11 }, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{func(in *model.ReceiveMessageRequest) { in.MaxNumberOfMessages.V = 0 }, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{waiting(21), "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{visibility(43201), "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
	} {
		in := receiveRequest(url, 1)
		c.edit(in)
		_, err := r.ReceiveMessage(context.Background(), caller, in)
		wantError(t, err, "InvalidParameterValue", c.message)
	}
}
