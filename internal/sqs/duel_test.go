package sqs

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// TestAgainstModel does random things to a queue and to the obvious one. What
// restarts can spoil took a thousand histories to show. A round ends after a day of its
// clock, which is about 40 histories.
func TestAgainstModel(t *testing.T) {
	for round := range 40 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Without the Deadline of a T, which a bubble does not have.
				rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) { newDuel(rt, t).fight(rt) })
			})
		})
	}
}

func (d *duel) fight(rt *rapid.T) {
	// Sends and receives are most of what there is to do.
	rt.Repeat(map[string]func(*rapid.T){
		"":            d.compare,
		"send":        d.send,
		"send more":   d.send,
		"receive":     d.receive,
		"receive too": d.receive,
		"delete":      d.delete,
		"visibility":  d.visibility,
		"sleep":       d.sleep,
		"restart":     d.restart,
		"settings":    d.settings,
		"purge":       d.purge,
		"redrive":     d.redrive,
	})
}

// duel is a queue and its model.
type duel struct {
	*rig
	url, dead string
	slow      slow
	timeouts  []int64 // of receives, in seconds
	handles   []slowHandle
	bodies    int
}

func newDuel(rt *rapid.T, t *testing.T) *duel {
	window := rapid.SampledFrom([]int{0, 12}).Draw(rt, "window")
	d := &duel{rig: openRig(t, kvmem.New(), Options{FIFOWindow: window})}
	d.slow = slow{
		fifo: rapid.Bool().Draw(rt, "fifo"), window: window, retention: time.Hour, timeout: 20 * time.Second,
		accepted: map[string]slowSend{}, attempts: map[string]*slowAttempt{}, tenants: map[string]time.Time{},
	}
	// Where consumers take their time, tenants become noisy and attempts are repeated.
	d.timeouts = rapid.SampledFrom([][]int64{{0, 1, 5, 10, 20, 40, 600}, {600, 43_200}}).Draw(rt, "timeouts")
	attributes := []string{"VisibilityTimeout", "20", "MessageRetentionPeriod", "3600"}
	if d.slow.fifo {
		d.url = d.fifo("q.fifo", attributes...)
		return d
	}
	if rapid.Bool().Draw(rt, "redrive") {
		d.dead = d.create("dead", "MessageRetentionPeriod", fmt.Sprintf("%.0f", deadRetention.Seconds()))
		d.slow.most = rapid.SampledFrom([]int{2, 5}).Draw(rt, "most")
		attributes = append(attributes, "RedrivePolicy", redriveTo("dead", d.slow.most))
	}
	d.url = d.create("q", attributes...)
	return d
}

func (d *duel) compare(rt *rapid.T) {
	now := time.Now()
	d.slow.tick(now)
	if got, want := d.rig.counts(d.url), d.slow.counts(now); got != want {
		rt.Fatalf("visible, not visible, delayed: %v, want %v", got, want)
	}
	if d.dead != "" {
		if got, want := d.attribute(d.dead, "ApproximateNumberOfMessages"), fmt.Sprint(len(d.slow.dead)); got != want {
			rt.Fatalf("%s dead letters, want %s", got, want)
		}
	}
}

func (d *duel) sleep(rt *rapid.T) {
	var seconds int
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0:
		seconds = rapid.IntRange(40, 13*3600).Draw(rt, "jump")
	case 1, 2, 3:
		seconds = rapid.SampledFrom([]int{1, 5, 10, 20, 60, 150, 299, 300, 310}).Draw(rt, "s")
	default:
		time.Sleep(time.Duration(rapid.IntRange(1, 15_000).Draw(rt, "ms")) * time.Millisecond)
	}
	time.Sleep(time.Duration(seconds) * time.Second)
}

func (d *duel) restart(*rapid.T) {
	d.reopen()
	d.slow.restart()
}

// sizes are those of batches, full ones most often.
var sizes = []int{10, 10, 10, 5, 3, 2, 1}

func (d *duel) send(rt *rapid.T) {
	in := &model.SendMessageBatchRequest{QueueUrl: api.Some(d.url)}
	delays := make([]time.Duration, rapid.SampledFrom(sizes).Draw(rt, "n"))
	for i := range delays {
		en := model.SendMessageBatchRequestEntry{Id: api.Some(fmt.Sprint(i))}
		delays[i] = d.slow.delay
		if d.slow.fifo {
			en.MessageBody = api.Some(fmt.Sprint(rapid.IntRange(0, 200).Draw(rt, "body")))
			en.MessageGroupId = api.Some(string(rune('a' + rapid.IntRange(0, 4).Draw(rt, "group"))))
		} else {
			d.bodies++
			en.MessageBody = api.Some(fmt.Sprint(d.bodies))
			if group := rapid.SampledFrom([]string{"", "a", "a", "a", "a", "b", "c"}).Draw(rt, "group"); group != "" {
				en.MessageGroupId = api.Some(group)
			}
			if rapid.IntRange(0, 3).Draw(rt, "delayed") == 0 {
				seconds := rapid.Int64Range(0, 30).Draw(rt, "delay")
				en.DelaySeconds, delays[i] = api.Some(seconds), time.Duration(seconds)*time.Second
			}
		}
		in.Entries = append(in.Entries, en)
	}
	out, err := d.SendMessageBatch(d.Context(), caller, in)
	if err != nil || len(out.Failed) > 0 || len(out.Successful) != len(delays) {
		rt.Fatalf("send: %v %+v", err, out)
	}
	for i, en := range in.Entries {
		d.sent(rt, &en, &out.Successful[i], delays[i])
	}
}

// sent sends to the model what was sent to the queue. A repeated send has the
// answer of the first.
func (d *duel) sent(rt *rapid.T, en *model.SendMessageBatchRequestEntry, out *model.SendMessageBatchResultEntry, delay time.Duration) {
	now, body := time.Now(), en.MessageBody.V
	got := slowSend{now, out.MessageId.V, out.SequenceNumber.V}
	if first, ok := d.slow.repeats(body, now); ok {
		if got.id != first.id || got.sequence != first.sequence {
			rt.Fatalf("%s was accepted as %s with number %s, and repeated as %s with number %s",
				body, first.id, first.sequence, got.id, got.sequence)
		}
		return
	}
	d.slow.accepted[body] = got
	d.slow.add(body, en.MessageGroupId.V, delay, now)
}

func (d *duel) receive(rt *rapid.T) {
	in := receiveRequest(d.url, int64(rapid.SampledFrom(sizes).Draw(rt, "n")))
	timeout := d.slow.timeout
	if rapid.IntRange(0, 3).Draw(rt, "own timeout") > 0 {
		seconds := rapid.SampledFrom(d.timeouts).Draw(rt, "visibility")
		in.VisibilityTimeout, timeout = api.Some(seconds), time.Duration(seconds)*time.Second
	}
	id := ""
	if d.slow.fifo {
		if id = rapid.SampledFrom([]string{"", "x", "y"}).Draw(rt, "attempt"); id != "" {
			in.ReceiveRequestAttemptId = api.Some(id)
		}
	}
	out, err := d.ReceiveMessage(d.Context(), caller, in)
	if err != nil {
		rt.Fatal(err)
	}
	got, n, now := out.Messages, int(in.MaxNumberOfMessages.V), time.Now()
	if !d.slow.fifo {
		d.check(rt, got, d.slow.receive(n, timeout, now))
		return
	}
	if list := d.slow.repeat(id, timeout, now); list != nil {
		d.checkRepeat(rt, got, list)
		return
	}
	list := d.chosen(rt, got, n, now)
	for _, m := range list {
		m.take(timeout, now)
	}
	d.check(rt, got, list)
	if id != "" && len(list) > 0 {
		d.slow.attempt(id, list, now)
	}
}

// chosen returns what a FIFO queue should have given out, given the groups that it
// chose: of each group all that may be received, before another.
func (d *duel) chosen(rt *rapid.T, got []model.Message, n int, now time.Time) (list []*slowMessage) {
	have, total, last := d.slow.available(now), 0, ""
	for _, of := range have {
		total += len(of)
	}
	if len(got) != min(n, total) {
		rt.Fatalf("received %d messages, want %d of %d", len(got), n, total)
	}
	for i, m := range got {
		group, _ := m.Attributes.Get("MessageGroupId")
		if i > 0 && group != last && len(have[last]) > 0 {
			rt.Fatalf("left group %s before it was exhausted", last)
		}
		if len(have[group]) == 0 {
			rt.Fatalf("received %s of group %s, which is closed or empty", m.Body.V, group)
		}
		list = append(list, have[group][0])
		last, have[group] = group, have[group][1:]
	}
	return list
}

// check compares what was received with messages that the model gave out, and
// keeps their handles.
func (d *duel) check(rt *rapid.T, got []model.Message, want []*slowMessage) {
	if len(got) != len(want) {
		rt.Fatalf("received %d messages, want %d", len(got), len(want))
	}
	for i, m := range want {
		count, _ := got[i].Attributes.Get("ApproximateReceiveCount")
		group, _ := got[i].Attributes.Get("MessageGroupId")
		if got[i].Body.V != m.body || group != m.group || count != fmt.Sprint(m.receives) {
			rt.Fatalf("received %s of group %q for the %s. time, want %s of %q for the %d.",
				got[i].Body.V, group, count, m.body, m.group, m.receives)
		}
		m.handle = got[i].ReceiptHandle.V
		d.handles = append(d.handles, slowHandle{m.handle, m, m.receives})
	}
}

// checkRepeat compares the messages of a repeated attempt: they have the handles
// that they had.
func (d *duel) checkRepeat(rt *rapid.T, got []model.Message, want []*slowMessage) {
	same := func(m model.Message, w *slowMessage) bool { return m.Body.V == w.body && m.ReceiptHandle.V == w.handle }
	if !slices.EqualFunc(got, want, same) {
		rt.Fatalf("a repeated attempt received %q, want %d other messages", bodies(got), len(want))
	}
}

// some draws handles of those received so far, some of them twice.
func (d *duel) some(rt *rapid.T) []slowHandle {
	if len(d.handles) == 0 {
		rt.Skip("nothing was received")
	}
	list := make([]slowHandle, rapid.IntRange(1, 5).Draw(rt, "handles"))
	for i := range list {
		list[i] = d.handles[len(d.handles)-1-rapid.IntRange(0, min(30, len(d.handles)-1)).Draw(rt, "handle")]
	}
	return list
}

// agree checks the answers for some entries, in batch or single, against the
// errors of the model.
func agree(rt *rapid.T, what string, failed []model.BatchResultErrorEntry, want []error) {
	for i, err := range want {
		at := slices.IndexFunc(failed, func(en model.BatchResultErrorEntry) bool { return en.Id.V == fmt.Sprint(i) })
		switch {
		case err == nil && at >= 0:
			rt.Fatalf("%s: entry %d failed: %s", what, i, failed[at].Message.V)
		case err != nil && at < 0:
			rt.Fatalf("%s: entry %d succeeded, want %v", what, i, err)
		case err != nil:
			if w, _ := failure("", err); failed[at].Code != w.Code || failed[at].Message != w.Message {
				rt.Fatalf("%s: entry %d failed with %s, want %v", what, i, failed[at].Message.V, err)
			}
		}
	}
}

// alone makes the error of a request that is not a batch one of entry 0.
func alone(rt *rapid.T, err error) []model.BatchResultErrorEntry {
	if err == nil {
		return nil
	}
	en, ok := failure("0", err)
	if !ok {
		rt.Fatal(err)
	}
	return []model.BatchResultErrorEntry{en}
}

func (d *duel) delete(rt *rapid.T) {
	handles, now := d.some(rt), time.Now()
	want := make([]error, len(handles))
	in := &model.DeleteMessageBatchRequest{QueueUrl: api.Some(d.url)}
	for i, h := range handles {
		want[i] = d.slow.refusesDelete(h)
		in.Entries = append(in.Entries, model.DeleteMessageBatchRequestEntry{Id: api.Some(fmt.Sprint(i)), ReceiptHandle: api.Some(h.text)})
	}
	for i, h := range handles {
		if want[i] == nil && !h.message.gone {
			d.slow.remove(h.message, now)
		}
	}
	if len(handles) == 1 {
		agree(rt, "delete", alone(rt, d.rig.delete(d.url, model.Message{ReceiptHandle: api.Some(handles[0].text)})), want)
		return
	}
	out, err := d.DeleteMessageBatch(d.Context(), caller, in)
	if err != nil {
		rt.Fatal(err)
	}
	agree(rt, "delete", out.Failed, want)
}

func (d *duel) visibility(rt *rapid.T) {
	handles, now := d.some(rt), time.Now()
	want := make([]error, len(handles))
	in := &model.ChangeMessageVisibilityBatchRequest{QueueUrl: api.Some(d.url)}
	var seconds int64
	for i, h := range handles {
		seconds = rapid.SampledFrom([]int64{0, 0, 1, 7, 30, 600, 43_200}).Draw(rt, "visibility")
		want[i] = d.slow.setVisibility(h, seconds, now)
		in.Entries = append(in.Entries, model.ChangeMessageVisibilityBatchRequestEntry{
			Id: api.Some(fmt.Sprint(i)), ReceiptHandle: api.Some(h.text), VisibilityTimeout: api.Some(seconds),
		})
	}
	if len(handles) == 1 {
		err := d.setVisibility(d.url, model.Message{ReceiptHandle: api.Some(handles[0].text)}, seconds)
		agree(rt, "visibility", alone(rt, err), want)
		return
	}
	out, err := d.ChangeMessageVisibilityBatch(d.Context(), caller, in)
	if err != nil {
		rt.Fatal(err)
	}
	agree(rt, "visibility", out.Failed, want)
}

func (d *duel) settings(rt *rapid.T) {
	delay, timeout := rapid.IntRange(0, 30).Draw(rt, "delay"), rapid.IntRange(0, 60).Draw(rt, "timeout")
	retention := rapid.SampledFrom([]int{60, 100, 200, 3600, 86_400}).Draw(rt, "retention")
	d.slow.delay, d.slow.timeout = time.Duration(delay)*time.Second, time.Duration(timeout)*time.Second
	d.slow.retention = time.Duration(retention) * time.Second
	err := d.set(d.url, "DelaySeconds", fmt.Sprint(delay), "VisibilityTimeout", fmt.Sprint(timeout),
		"MessageRetentionPeriod", fmt.Sprint(retention))
	if err != nil {
		rt.Fatal(err)
	}
}

func (d *duel) purge(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "really") > 0 {
		rt.Skip("seldom")
	}
	_, err := d.PurgeQueue(d.Context(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(d.url)})
	if err != nil {
		rt.Fatal(err)
	}
	d.slow.purge()
}

// redrive moves the dead letters back, through a restart, with a task that is
// given the time it needs: 50 messages each tenth of a second.
func (d *duel) redrive(rt *rapid.T) {
	dead := d.slow.dead
	if len(dead) == 0 {
		rt.Skip("no dead letters")
	}
	start := time.Now()
	handle, err := d.move("dead", "", 0)
	if err != nil || handle == "" {
		rt.Fatalf("start: %v", err)
	}
	time.Sleep(time.Duration(len(dead)/50+1)*time.Second/stepsPerSecond + time.Millisecond)
	for at, m := range dead {
		d.slow.add(m.body, m.group, d.slow.delay, start.Add(time.Duration(at/50+1)*time.Second/stepsPerSecond))
	}
	d.slow.dead = nil
	d.restart(rt)
	task := d.moves("dead", 1)[0]
	if task.Status.V != taskCompleted || task.ApproximateNumberOfMessagesMoved.V != int64(len(dead)) {
		rt.Fatalf("%d dead letters, task %+v", len(dead), task)
	}
}
