package sqs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// slow is an obvious queue: a list of messages that is searched for everything.
type slow struct {
	fifo               bool
	retention, timeout time.Duration
	delay              time.Duration // of the queue
	most               int           // receives before a message is a dead letter; 0: no such queue
	list               []*slowMessage
	accepted           map[string]time.Time // deduplication
	dead               []string
}

type slowMessage struct {
	body, group string
	sent        time.Time
	ready       time.Time // standard: the end of its own delay
	until       time.Time // in flight until then
	receives    int
	handle      string
}

func (s *slow) expire(now time.Time) {
	s.list = slices.DeleteFunc(s.list, func(m *slowMessage) bool { return now.Sub(m.sent) >= s.retention })
}

func (s *slow) delayed(m *slowMessage, now time.Time) bool {
	if s.fifo {
		return m.receives == 0 && now.Before(m.sent.Add(s.delay))
	}
	return now.Before(m.ready)
}

func (m *slowMessage) flying(now time.Time) bool { return now.Before(m.until) }

func (s *slow) send(body, group string, delay time.Duration, now time.Time) {
	if s.fifo {
		if first, ok := s.accepted[body]; ok && now.Sub(first) < 5*time.Minute {
			return
		}
		s.accepted[body] = now
	}
	s.list = append(s.list, &slowMessage{body: body, group: group, sent: now, ready: now.Add(delay)})
}

func (s *slow) byHandle(handle string) *slowMessage {
	for _, m := range s.list {
		if m.handle == handle {
			return m
		}
	}
	return nil
}

// available returns, for each group, the messages that a receive may return.
// A standard queue is one group.
func (s *slow) available(now time.Time) map[string][]*slowMessage {
	out, closed := map[string][]*slowMessage{}, map[string]bool{}
	for _, m := range s.list {
		group := map[bool]string{true: m.group}[s.fifo]
		switch {
		case m.flying(now):
			if s.fifo {
				closed[group] = true
				delete(out, group)
			}
		case closed[group], s.delayed(m, now):
		default:
			out[group] = append(out[group], m)
		}
	}
	return out
}

// counts returns the numbers of visible, not visible and delayed messages.
func (s *slow) counts(now time.Time) [3]string {
	var n [3]int
	for _, m := range s.list {
		switch {
		case m.flying(now):
			n[1]++
		case s.delayed(m, now):
			n[2]++
		default:
			n[0]++
		}
	}
	return [3]string{fmt.Sprint(n[0]), fmt.Sprint(n[1]), fmt.Sprint(n[2])}
}

// TestAgainstModel does random things to a queue and to the obvious one. What
// restarts can spoil took a thousand histories to show.
func TestAgainstModel(t *testing.T) {
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Without the Deadline of a T, which a bubble does not have.
				rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) { newDuel(rt, t).fight(rt) })
			})
		})
	}
}

func (d *duel) fight(rt *rapid.T) {
	rt.Repeat(map[string]func(*rapid.T){
		"":           d.compare,
		"send":       d.send,
		"receive":    d.receive,
		"delete":     d.delete,
		"visibility": d.visibility,
		"sleep": func(rt *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 40_000).Draw(rt, "ms")) * time.Millisecond)
		},
		"restart":  func(*rapid.T) { d.reopen() },
		"settings": d.settings,
		"purge":    d.purge,
		"redrive":  d.redrive,
	})
}

// duel is a queue and its model.
type duel struct {
	*rig
	url, dead string
	slow      slow
	handles   []model.Message
	bodies    int
}

func newDuel(rt *rapid.T, t *testing.T) *duel {
	d := &duel{rig: newRig(t)}
	d.slow = slow{
		fifo: rapid.Bool().Draw(rt, "fifo"), retention: 100 * time.Second, timeout: 20 * time.Second,
		accepted: map[string]time.Time{},
	}
	attributes := []string{"VisibilityTimeout", "20", "MessageRetentionPeriod", "100"}
	if d.slow.fifo {
		d.url = d.fifo("q.fifo", attributes...)
		return d
	}
	if rapid.Bool().Draw(rt, "redrive") {
		d.dead, d.slow.most = d.create("dead"), 2
		attributes = append(attributes, "RedrivePolicy", redriveTo("dead", 2))
	}
	d.url = d.create("q", attributes...)
	return d
}

func (d *duel) compare(rt *rapid.T) {
	d.slow.expire(time.Now())
	if got, want := d.rig.counts(d.url), d.slow.counts(time.Now()); got != want {
		rt.Fatalf("visible, not visible, delayed: %v, want %v", got, want)
	}
	if d.dead != "" {
		if got, want := d.attribute(d.dead, "ApproximateNumberOfMessages"), fmt.Sprint(len(d.slow.dead)); got != want {
			rt.Fatalf("%s dead letters, want %s", got, want)
		}
	}
}

func (d *duel) send(rt *rapid.T) {
	n := rapid.IntRange(1, 10).Draw(rt, "n")
	in := &model.SendMessageBatchRequest{QueueUrl: api.Some(d.url)}
	now := time.Now()
	for i := range n {
		en := model.SendMessageBatchRequestEntry{Id: api.Some(fmt.Sprint(i))}
		delay := d.slow.delay
		if d.slow.fifo {
			en.MessageBody = api.Some(fmt.Sprint(rapid.IntRange(0, 200).Draw(rt, "body")))
			en.MessageGroupId = api.Some(string(rune('a' + rapid.IntRange(0, 4).Draw(rt, "group"))))
		} else {
			d.bodies++
			en.MessageBody = api.Some(fmt.Sprint(d.bodies))
			if rapid.IntRange(0, 3).Draw(rt, "delayed") == 0 {
				seconds := rapid.Int64Range(0, 30).Draw(rt, "delay")
				en.DelaySeconds, delay = api.Some(seconds), time.Duration(seconds)*time.Second
			}
		}
		in.Entries = append(in.Entries, en)
		d.slow.send(en.MessageBody.V, en.MessageGroupId.V, delay, now)
	}
	out, err := d.SendMessageBatch(d.Context(), caller, in)
	if err != nil || len(out.Failed) > 0 {
		rt.Fatalf("send: %v %+v", err, out)
	}
}

func (d *duel) receive(rt *rapid.T) {
	n, seconds := rapid.IntRange(1, 10).Draw(rt, "n"), rapid.Int64Range(0, 40).Draw(rt, "visibility")
	now := time.Now()
	have := d.slow.available(now)
	if !d.slow.fifo {
		d.buryOld(have, n)
	}
	got := d.rig.receive(d.url, int64(n), visibility(seconds))
	total := 0
	for _, list := range have {
		total += len(list)
	}
	if len(got) != min(n, total) {
		rt.Fatalf("received %d messages, want %d of %d", len(got), n, total)
	}
	last := ""
	for i, m := range got {
		group, _ := m.Attributes.Get("MessageGroupId")
		if i > 0 && group != last && len(have[last]) > 0 {
			rt.Fatalf("left group %s before it was exhausted", last)
		}
		last = group
		want := have[group][0]
		have[group] = have[group][1:]
		want.receives++
		count, _ := m.Attributes.Get("ApproximateReceiveCount")
		if m.Body.V != want.body || count != fmt.Sprint(want.receives) {
			rt.Fatalf("received %s for the %s. time, want %s for the %d.", m.Body.V, count, want.body, want.receives)
		}
		want.until, want.handle = now.Add(time.Duration(seconds)*time.Second), m.ReceiptHandle.V
		d.handles = append(d.handles, m)
	}
}

// buryOld does what the receive of a standard queue with a dead-letter queue
// does before it has n messages.
func (d *duel) buryOld(have map[string][]*slowMessage, n int) {
	if d.slow.most == 0 {
		return
	}
	var keep []*slowMessage
	for _, m := range have[""] {
		if len(keep) < n && m.receives >= d.slow.most {
			d.slow.dead = append(d.slow.dead, m.body)
			d.slow.list = slices.DeleteFunc(d.slow.list, func(o *slowMessage) bool { return o == m })
			continue
		}
		keep = append(keep, m)
	}
	have[""] = keep
}

// handle draws one of the handles received so far.
func (d *duel) handle(rt *rapid.T) model.Message {
	if len(d.handles) == 0 {
		rt.Skip("nothing was received")
	}
	return d.handles[len(d.handles)-1-rapid.IntRange(0, min(30, len(d.handles)-1)).Draw(rt, "handle")]
}

func (d *duel) delete(rt *rapid.T) {
	m := d.handle(rt)
	have := d.slow.byHandle(m.ReceiptHandle.V)
	err := d.rig.delete(d.url, m)
	switch {
	case !d.slow.fifo:
		// Older handles serve too.
		if err != nil {
			rt.Fatal(err)
		}
		d.slow.list = slices.DeleteFunc(d.slow.list, func(o *slowMessage) bool { return o.body == m.Body.V })
	case have == nil:
		// Deleted before, or received again since.
		if err != nil && !strings.Contains(err.Error(), "expired") {
			rt.Fatal(err)
		}
	case have.flying(time.Now()):
		if err != nil {
			rt.Fatal(err)
		}
		d.slow.list = slices.DeleteFunc(d.slow.list, func(o *slowMessage) bool { return o == have })
	default:
		if err == nil {
			rt.Fatalf("an expired handle deleted %s", have.body)
		}
	}
}

func (d *duel) visibility(rt *rapid.T) {
	m := d.handle(rt)
	seconds := rapid.Int64Range(0, 30).Draw(rt, "visibility")
	now := time.Now()
	have := d.slow.byHandle(m.ReceiptHandle.V)
	err := d.setVisibility(d.url, m, seconds)
	if have != nil && have.flying(now) {
		if err != nil {
			rt.Fatal(err)
		}
		have.until = now.Add(time.Duration(seconds) * time.Second)
	}
}

func (d *duel) settings(rt *rapid.T) {
	delay, retention := rapid.IntRange(0, 30).Draw(rt, "delay"), rapid.IntRange(60, 200).Draw(rt, "retention")
	d.slow.delay, d.slow.retention = time.Duration(delay)*time.Second, time.Duration(retention)*time.Second
	if err := d.set(d.url, "DelaySeconds", fmt.Sprint(delay), "MessageRetentionPeriod", fmt.Sprint(retention)); err != nil {
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
	d.slow.list = nil
}

// redrive moves the dead letters back, through a restart, with a task that is
// given the time it needs: 50 messages each tenth of a second.
func (d *duel) redrive(rt *rapid.T) {
	if len(d.slow.dead) == 0 {
		rt.Skip("no dead letters")
	}
	start := time.Now()
	for at, body := range d.slow.dead {
		back := start.Add(time.Duration(at/50+1) * time.Second / stepsPerSecond)
		d.slow.list = append(d.slow.list, &slowMessage{body: body, sent: back, ready: back.Add(d.slow.delay)})
		d.handles = slices.DeleteFunc(d.handles, func(m model.Message) bool { return m.Body.V == body })
	}
	handle, err := d.move("dead", "", 0)
	if err != nil || handle == "" {
		rt.Fatalf("start: %v", err)
	}
	time.Sleep(time.Duration(len(d.slow.dead)/50+1)*time.Second/stepsPerSecond + time.Millisecond)
	d.reopen()
	task := d.moves("dead", 1)[0]
	if task.Status.V != taskCompleted || task.ApproximateNumberOfMessagesMoved.V != int64(len(d.slow.dead)) {
		rt.Fatalf("%d dead letters, task %+v", len(d.slow.dead), task)
	}
	d.slow.dead = nil
}
