package sqs

import (
	"testing"
	"time"
)

func TestPeek(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.fifo("q.fifo")
		r.sendAll(url, "a", "one", "two")
		r.sendAll(url, "b", "three")
		got := r.receive(url, 1)
		peek := func(after uint64, limit int) []Peeked {
			list, err := r.Peek(caller.Namespace, "q.fifo", after, limit)
			r.must(err)
			return list
		}
		list := peek(0, 100)
		want := []struct {
			body, group string
			where       Whereabouts
			receives    int
		}{{"one", "a", InFlight, 1}, {"two", "a", Blocked, 0}, {"three", "b", Waiting, 0}}
		if len(list) != len(want) {
			t.Fatalf("%d messages", len(list))
		}
		for i, w := range want {
			p := list[i]
			if p.Body != w.body || p.Group != w.group || p.Whereabouts != w.where || p.Receives != w.receives || p.Until.IsZero() != (w.where != InFlight) {
				t.Errorf("%d: %+v, want %+v", i, p, w)
			}
		}
		if rest := peek(list[0].Seq, 1); len(rest) != 1 || rest[0].Body != "two" {
			t.Errorf("after the first: %+v", rest)
		}
		groups, n, err := r.PeekGroups(caller.Namespace, "q.fifo", 1)
		r.must(err)
		if n != 2 || len(groups) != 1 || groups[0] != (PeekedGroup{Name: "a", Messages: 2, InFlight: 1, Closed: true}) {
			t.Errorf("%d groups: %+v", n, groups)
		}
		r.must(r.delete(url, got[0]))
		if list := peek(0, 100); len(list) != 2 || list[0].Whereabouts != Waiting {
			t.Errorf("after a delete: %+v", list)
		}
	})
}

func TestPeekStandard(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "DelaySeconds", "60", "MessageRetentionPeriod", "120")
		r.sendAll(url, "", "late")
		list, err := r.Peek(caller.Namespace, "q", 0, 10)
		r.must(err)
		if len(list) != 1 || list[0].Whereabouts != Delayed || time.Until(list[0].Until) != time.Minute {
			t.Errorf("%+v", list)
		}
		time.Sleep(61 * time.Second)
		if list, err = r.Peek(caller.Namespace, "q", 0, 10); err != nil || list[0].Whereabouts != Waiting || !list[0].Until.IsZero() {
			t.Errorf("%+v %v", list, err)
		}
		time.Sleep(time.Minute)
		if list, err = r.Peek(caller.Namespace, "q", 0, 10); err != nil || len(list) != 0 {
			t.Errorf("expired: %+v %v", list, err)
		}
		if _, err := r.Peek(caller.Namespace, "none", 0, 10); err == nil {
			t.Error("no error without the queue")
		}
	})
}
