package sqs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

func arnOf(name string) string { return "arn:aws:sqs:eu-west-1:111122223333:" + name }

// move starts a task. rate 0 and destination "" are left out.
func (r *rig) move(source, destination string, rate int64) (string, error) {
	in := &model.StartMessageMoveTaskRequest{SourceArn: api.Some(arnOf(source))}
	if destination != "" {
		in.DestinationArn = api.Some(arnOf(destination))
	}
	if rate != 0 {
		in.MaxNumberOfMessagesPerSecond = api.Some(rate)
	}
	out, err := r.StartMessageMoveTask(context.Background(), caller, in)
	if err != nil {
		return "", err
	}
	return out.TaskHandle.V, nil
}

// moves lists the tasks of a queue.
func (r *rig) moves(source string, most int64) []model.ListMessageMoveTasksResultEntry {
	r.Helper()
	out, err := r.ListMessageMoveTasks(context.Background(), caller, &model.ListMessageMoveTasksRequest{
		SourceArn: api.Some(arnOf(source)), MaxResults: api.Some(most),
	})
	r.must(err)
	return out.Results
}

// wantMove checks the newest task of a queue.
func (r *rig) wantMove(source, status, failure string, moved, toMove int64) {
	r.Helper()
	t := r.moves(source, 1)[0]
	if t.Status.V != status || t.FailureReason.V != failure ||
		t.ApproximateNumberOfMessagesMoved.V != moved || t.ApproximateNumberOfMessagesToMove.V != toMove {
		r.Errorf("task %s %q: %d of %d moved, want %s %q: %d of %d", t.Status.V, t.FailureReason.V,
			t.ApproximateNumberOfMessagesMoved.V, t.ApproximateNumberOfMessagesToMove.V, status, failure, moved, toMove)
	}
}

// deadLetters makes a queue, sends bodies to it and lets them become dead letters.
func (r *rig) deadLetters(name, dead, group string, bodies ...string) string {
	r.Helper()
	attributes := []string{"RedrivePolicy", redriveTo(dead, 1)}
	if group != "" {
		attributes = append(attributes, "FifoQueue", "true", "ContentBasedDeduplication", "true")
	}
	url := r.create(name, attributes...)
	r.sendAll(url, group, bodies...)
	for range bodies {
		r.receive(url, 1, visibility(0))
	}
	r.wantBodies(r.receive(url, 10), "")
	return url
}

func TestMoveBackToSources(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		p := r.deadLetters("p", "dead", "", "p1", "p2")
		q := r.deadLetters("q", "dead", "", "q1")
		r.deadLetters("p", "dead", "", "p3")
		r.wantCounts(dead, "4", "0", "0")
		first := r.receive(dead, 1, visibility(0))[0]
		start := time.Now().UnixMilli()
		handle, err := r.move("dead", "", 0)
		r.must(err)
		r.wantMove("dead", "RUNNING", "", 0, 4)
		if task := r.moves("dead", 1)[0]; task.TaskHandle.V != handle || task.StartedTimestamp.V != start ||
			task.SourceArn.V != arnOf("dead") || task.DestinationArn.OK || task.MaxNumberOfMessagesPerSecond.OK {
			t.Errorf("task %+v", task)
		}
		time.Sleep(time.Second)
		r.wantMove("dead", "COMPLETED", "", 4, 4)
		if task := r.moves("dead", 1)[0]; task.TaskHandle.OK {
			t.Errorf("a task that has ended has the handle %s", task.TaskHandle.V)
		}
		r.wantCounts(dead, "0", "0", "0")
		got := r.receive(p, 10)
		r.wantBodies(got, "p1 p2 p3")
		r.wantBodies(r.receive(q, 10), "q1")
		sent, _ := got[0].Attributes.Get("SentTimestamp")
		count, _ := got[0].Attributes.Get("ApproximateReceiveCount")
		_, has := got[0].Attributes.Get("DeadLetterQueueSourceArn")
		if got[0].MessageId == first.MessageId || sent == fmt.Sprint(start) || count != "1" || has {
			t.Errorf("what was moved is not a new message: %+v", got[0])
		}
	})
}

// A task goes on after a restart where it was, at its rate, and in the end each
// message is there once.
func TestMoveAcrossRestarts(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.fifo("dead.fifo")
		r.deadLetters("q.fifo", "dead.fifo", "g", "1", "2", "3", "4", "5", "6")
		other := r.fifo("other.fifo")
		_, err := r.move("dead.fifo", "other.fifo", 1)
		r.must(err)
		for i := range 3 {
			r.wantMove("dead.fifo", "RUNNING", "", int64(2*i), 6)
			time.Sleep(2*time.Second + time.Millisecond)
			r.reopen()
			r.wantCounts(dead, fmt.Sprint(4-2*i), "0", "0")
		}
		r.wantMove("dead.fifo", "COMPLETED", "", 6, 6)
		r.wantBodies(r.receive(other, 10), "1 2 3 4 5 6")
	})
}

func TestMoveWakesReceivers(t *testing.T) {
	bubble(t, func(r *rig) {
		r.create("dead")
		r.deadLetters("q", "dead", "", "a")
		other := r.create("other")
		go func() {
			_, err := r.move("dead", "other", 0)
			r.must(err)
		}()
		r.wantBodies(r.receive(other, 1, waiting(5)), "a")
	})
}

// The default is 500 messages a second, in steps that let others in between.
func TestMoveRate(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		r.deadLetters("q", "dead", "")
		r.create("other")
		for i := range 600 {
			r.send(dead, fmt.Sprint(i), "")
		}
		_, err := r.move("dead", "other", 0)
		r.must(err)
		time.Sleep(time.Second + time.Millisecond)
		r.wantMove("dead", "RUNNING", "", 500, 600)
		time.Sleep(time.Second)
		r.wantMove("dead", "COMPLETED", "", 600, 600)
	})
}

// Only what was there at the start is moved, and what consumers take is not
// waited for.
func TestMoveEnds(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		r.deadLetters("q", "dead", "", "a", "b", "c")
		r.create("other")
		r.receive(dead, 1)
		_, err := r.move("dead", "other", 1)
		r.must(err)
		r.sendAll(dead, "", "new")
		time.Sleep(5 * time.Second)
		r.wantMove("dead", "COMPLETED", "", 2, 2)
		r.wantCounts(dead, "1", "1", "0")
		_, err = r.move("dead", "other", 1)
		r.must(err)
		r.receive(dead, 10)
		time.Sleep(5 * time.Second)
		r.wantMove("dead", "COMPLETED", "", 0, 1)
	})
}

func TestMoveFails(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		source := r.deadLetters("q", "dead", "", "a", "b")
		other := r.create("other")
		_, err := r.move("dead", "other", 1)
		r.must(err)
		time.Sleep(1500 * time.Millisecond)
		r.drop(other)
		time.Sleep(time.Second)
		r.wantMove("dead", "FAILED", "AWS.SimpleQueueService.NonExistentQueue", 1, 2)
		r.send(dead, "direct", "")
		_, err = r.move("dead", "", 0)
		r.must(err)
		time.Sleep(time.Second)
		r.wantMove("dead", "FAILED", "CouldNotDetermineMessageSource", 1, 2)
		r.wantBodies(r.receive(source, 10, visibility(0)), "b")
		r.receive(source, 10) // dead again
		r.deadLetters("p", "dead", "")
		r.drop(source)
		r.wantBodies(r.receive(dead, 1), "direct")
		_, err = r.move("dead", "", 0)
		r.must(err)
		time.Sleep(time.Second)
		r.wantMove("dead", "FAILED", "AWS.SimpleQueueService.NonExistentQueue", 0, 1)
		r.drop(dead) // and with it its tasks
		r.create("dead")
		if got := r.moves("dead", 10); len(got) != 0 {
			t.Errorf("a new queue has tasks: %+v", got)
		}
	})
}

func (r *rig) drop(url string) {
	r.Helper()
	_, err := r.DeleteQueue(context.Background(), caller, &model.DeleteQueueRequest{QueueUrl: api.Some(url)})
	r.must(err)
}

func (r *rig) cancel(handle string) (int64, error) {
	out, err := r.CancelMessageMoveTask(context.Background(), caller, &model.CancelMessageMoveTaskRequest{TaskHandle: api.Some(handle)})
	if err != nil {
		return 0, err
	}
	return out.ApproximateNumberOfMessagesMoved.V, nil
}

func TestCancelMove(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		r.deadLetters("q", "dead", "", "a", "b", "c")
		handle, err := r.move("dead", "q", 1)
		r.must(err)
		time.Sleep(1500 * time.Millisecond)
		if moved, err := r.cancel(handle); moved != 1 || err != nil {
			t.Errorf("moved %d, %v", moved, err)
		}
		time.Sleep(10 * time.Second)
		r.reopen()
		time.Sleep(10 * time.Second)
		r.wantMove("dead", "CANCELLED", "", 1, 3)
		r.wantCounts(dead, "2", "0", "0")
		_, err = r.cancel(handle)
		wantError(t, err, model.CodeUnsupportedOperation, "")
		text := func(id, arn string) string {
			return base64.StdEncoding.EncodeToString([]byte(`{"taskId":"` + id + `","sourceArn":"` + arn + `"}`))
		}
		_, err = r.cancel("foobar")
		wantError(t, err, codeInvalidParameterValue, "Value for parameter TaskHandle is invalid.")
		_, err = r.cancel(text("x", arnOf("nope")))
		wantError(t, err, model.CodeResourceNotFoundException, "The resource that you specified for the SourceArn parameter doesn't exist.")
		_, err = r.cancel(text("x", arnOf("dead")))
		wantError(t, err, model.CodeResourceNotFoundException, "Task does not exist.")
	})
}

func TestMoveErrors(t *testing.T) {
	bubble(t, func(r *rig) {
		r.create("dead")
		r.deadLetters("q", "dead", "", "a")
		r.create("alone")
		r.fifo("f.fifo")
		start := func(source, destination string, rate api.Opt[int64]) error {
			in := &model.StartMessageMoveTaskRequest{SourceArn: api.Some(source), MaxNumberOfMessagesPerSecond: rate}
			if destination != "" {
				in.DestinationArn = api.Some(destination)
			}
			_, err := r.StartMessageMoveTask(context.Background(), caller, in)
			return err
		}
		none := api.Opt[int64]{}
		const invalid = codeInvalidParameterValue
		const rate = "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500."
		const format = ": arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
		wantError(t, start("x", "", none), invalid, "You must use this format to specify the SourceArn"+format)
		wantError(t, start(arnOf("nope"), "", none), model.CodeResourceNotFoundException, "The resource that you specified for the SourceArn parameter doesn't exist.")
		wantError(t, start("arn:aws:sqs:eu-west-2:111122223333:dead", "", none), model.CodeResourceNotFoundException, "")
		wantError(t, start(arnOf("alone"), "", none), invalid, "Source queue must be configured as a Dead Letter Queue.")
		wantError(t, start(arnOf("dead"), "x", none), invalid, "You must use this format to specify the DestinationArn"+format)
		wantError(t, start(arnOf("dead"), arnOf("nope"), none), model.CodeResourceNotFoundException, "The resource that you specified for the DestinationArn parameter doesn't exist.")
		wantError(t, start(arnOf("dead"), arnOf("dead"), none), invalid, "Source queue arn and destination queue arn cannot be the same.")
		wantError(t, start(arnOf("dead"), arnOf("f.fifo"), none), invalid, "The source queue and destination queue must be of the same queue type.")
		wantError(t, start(arnOf("dead"), "", api.Some(int64(0))), invalid, rate)
		wantError(t, start(arnOf("dead"), "", api.Some(int64(501))), invalid, rate)
		r.must(start(arnOf("dead"), "", none))
		wantError(t, start(arnOf("dead"), "", none), invalid, "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		_, err := r.ListMessageMoveTasks(context.Background(), caller, &model.ListMessageMoveTasksRequest{SourceArn: api.Some(arnOf("dead")), MaxResults: api.Some(int64(11))})
		wantError(t, err, invalid, "")
	})
}

func TestLastMovesAreKept(t *testing.T) {
	bubble(t, func(r *rig) {
		r.create("dead")
		r.deadLetters("q", "dead", "")
		for range keptTasks + 3 {
			_, err := r.move("dead", "q", 500)
			r.must(err)
			time.Sleep(time.Second)
		}
		last := r.moves("dead", 1)[0].StartedTimestamp
		r.reopen()
		got := r.moves("dead", keptTasks)
		if len(got) != keptTasks || got[0].StartedTimestamp != last || got[1].StartedTimestamp.V >= last.V {
			t.Errorf("%d tasks: %+v", len(got), got)
		}
	})
}

// stuck is a store that can be made to fail while others use it.
type stuck struct {
	kv.Store
	broken atomic.Bool
}

func (s *stuck) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if s.broken.Load() {
		b.Discard()
		return nil, errors.New("broken")
	}
	return s.Store.Apply(b, d)
}

// A store that fails for a while delays a task and loses nothing.
func TestMoveThroughFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stuck{Store: kvmem.New()}
		r := openRig(t, store, Options{})
		r.create("dead")
		q := r.deadLetters("q", "dead", "", "a", "b", "c")
		_, err := r.move("dead", "", 1)
		r.must(err)
		time.Sleep(1500 * time.Millisecond)
		store.broken.Store(true)
		time.Sleep(5 * time.Second)
		store.broken.Store(false)
		time.Sleep(5 * time.Second)
		r.wantMove("dead", "COMPLETED", "", 3, 3)
		r.wantBodies(r.receive(q, 10), "a b c")
	})
}
