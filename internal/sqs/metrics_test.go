package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

func TestMetrics(t *testing.T) {
	for _, name := range []string{"q", "q.fifo"} {
		bubble(t, func(r *rig) {
			var group, url string
			if name == "q" {
				url = r.create(name)
			} else {
				group, url = "g", r.fifo(name)
			}
			r.sendAll(url, group, "one", "three", "seven")
			time.Sleep(7 * time.Second)
			r.sendAll(url, group, "new")
			got := r.receive(url, 2)
			r.must(r.delete(url, got[0]))
			r.must(r.delete(url, got[0])) // again
			r.drop(r.create("other"))
			if name == "q" {
				r.receive(r.create("empty"), 1)
			}
			want := Metrics{
				Namespace: caller.Namespace, Queue: name,
				NumberOfMessagesSent: 4, NumberOfMessagesReceived: 2, NumberOfMessagesDeleted: 2, SentMessageSize: 3 + 5 + 5 + 3,
				Loaded: true, ApproximateNumberOfMessagesVisible: 2, ApproximateNumberOfMessagesNotVisible: 1, ApproximateAgeOfOldestMessage: 7,
			}
			if name == "q.fifo" {
				want.Groups = 1
			}
			if name == "q" {
				want.ApproximateNumberOfMessagesVisibleInQuietGroups, want.ApproximateNumberOfMessagesNotVisibleInQuietGroups = 2, 1
				want.ApproximateAgeOfOldestMessageInQuietGroups = 7
			} else {
				r.sendAll(url, group, "new")
				want.NumberOfDeduplicatedSentMessages, want.ApproximateNumberOfGroupsWithInflightMessages = 1, 1
			}
			for _, m := range r.Metrics() {
				if m.Queue == name && m != want {
					t.Errorf("got  %+v\nwant %+v", m, want)
				}
				if m.Queue == "empty" && (m.NumberOfEmptyReceives != 1 || m.ApproximateAgeOfOldestMessage != 0) {
					t.Errorf("%+v", m)
				}
			}
			r.reopen()
			if m := r.Metrics()[0]; m.Loaded || m.NumberOfMessagesSent != 0 {
				t.Errorf("after a restart: %+v", m)
			}
		})
	}
}

// TestMetricsOfDeadLetters: a message counts as sent to a dead-letter queue if a
// client sends it there, not when its receives have run out.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-cloudwatch.html
func TestMetricsOfDeadLetters(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		url := r.create("q", "VisibilityTimeout", "0", "RedrivePolicy", redriveTo("dead", 1))
		r.sendAll(url, "", "a", "b")
		r.send(dead, "c", "")
		r.receive(url, 2)
		r.wantBodies(r.receive(url, 2), "")
		for _, m := range r.Metrics() {
			if m.Queue == "dead" && (m.NumberOfMessagesSent != 1 || m.ApproximateNumberOfMessagesVisible != 3) {
				t.Errorf("%+v", m)
			}
		}
	})
}

func TestMetricsOfDelayedAndTenants(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q")
		in := sendRequest(url, "x", "")
		in.DelaySeconds = api.Some(int64(100))
		_, err := r.SendMessage(r.Context(), caller, in)
		r.must(err)
		time.Sleep(5 * time.Second)
		r.send(url, "y", "tenant")
		time.Sleep(time.Second)
		if m := r.Metrics()[0]; m.ApproximateNumberOfMessagesDelayed != 1 || m.ApproximateAgeOfOldestMessage != 6 {
			t.Errorf("%+v", m)
		}
		_, err = r.PurgeQueue(r.Context(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(url)})
		r.must(err)
		if m := r.Metrics()[0]; m.ApproximateAgeOfOldestMessage != 0 {
			t.Errorf("%+v", m)
		}
	})
}

func TestMetricsOfNoisyGroups(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "600")
		for i := range 45 {
			r.send(url, fmt.Sprint(i), "a")
		}
		in := sendRequest(url, "delayed", "a")
		in.DelaySeconds = api.Some(int64(100))
		_, err := r.SendMessage(r.Context(), caller, in)
		r.must(err)
		time.Sleep(5 * time.Second)
		r.sendAll(url, "b", "1", "2", "3")
		r.send(url, "alone", "")
		for range 4 {
			r.receive(url, 10) // of a, but for the four others
		}
		time.Sleep(time.Second)
		m := r.Metrics()[0]
		if m.Groups != 2 || m.Receivers != 0 {
			t.Errorf("%d groups, %d receivers", m.Groups, m.Receivers)
		}
		got := [...]int64{
			int64(m.ApproximateNumberOfNoisyGroups), int64(m.ApproximateNumberOfMessagesVisibleInQuietGroups),
			int64(m.ApproximateNumberOfMessagesNotVisibleInQuietGroups), int64(m.ApproximateNumberOfMessagesDelayedInQuietGroups),
			m.ApproximateAgeOfOldestMessageInQuietGroups, m.ApproximateAgeOfOldestMessage,
		}
		if want := [...]int64{1, 0, 4, 0, 1, 6}; got != want {
			t.Errorf("noisy; visible, not visible, delayed and age of the quiet; age of all: %v, want %v", got, want)
		}
		if m.ApproximateNumberOfMessagesVisible != 9 || m.ApproximateNumberOfMessagesDelayed != 1 {
			t.Errorf("%+v", m)
		}
	})
}
