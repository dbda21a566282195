package sqs

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// surge is a load on one standard queue in virtual time: quiet tenants that send
// now and then, and one that sends more than all consumers can do.
type surge struct {
	groups    bool // whether messages name their tenant
	consumers int
	each      time.Duration // that a consumer takes for a message
	noisy     int           // messages a second of the noisy tenant
}

// dwell plays half a minute and returns the longest time that a message of a quiet
// tenant stood in the queue, and how many of the noisy one were received.
func (s surge) dwell(r *rig) (longest time.Duration, noisy int) {
	url := r.create("q")
	end := time.Now().Add(30 * time.Second)
	var wg sync.WaitGroup
	send := func(tenant string, every time.Duration, n int) {
		for time.Now().Before(end) {
			for range n {
				in := sendRequest(url, tenant+time.Now().Format(time.RFC3339Nano), "")
				if s.groups {
					in.MessageGroupId = api.Some(tenant)
				}
				_, err := r.SendMessage(r.Context(), caller, in)
				r.must(err)
			}
			time.Sleep(every)
		}
	}
	wg.Go(func() { send("n", time.Second, s.noisy) })
	for i := range 5 {
		wg.Go(func() { send(fmt.Sprint(i), 250*time.Millisecond, 1) })
	}
	var mu sync.Mutex
	for range s.consumers {
		wg.Go(func() {
			for time.Now().Before(end) {
				for _, m := range r.receive(url, 1, waiting(1)) {
					sent, _ := time.Parse(time.RFC3339Nano, m.Body.V[1:])
					mu.Lock()
					if m.Body.V[0] == 'n' {
						noisy++
					} else {
						longest = max(longest, time.Since(sent))
					}
					mu.Unlock()
					time.Sleep(s.each)
					r.must(r.delete(url, m))
				}
			}
		})
	}
	wg.Wait()
	return longest, noisy
}

// A tenant with a backlog does not delay the others, be the consumers few, so that
// its share of the processing time tells, or many, so that its messages in flight
// do. Without message groups the same load delays all.
func TestNoisyTenantDelaysNobody(t *testing.T) {
	for _, s := range []surge{
		{consumers: 5, each: 100 * time.Millisecond, noisy: 100},
		{consumers: 100, each: 2 * time.Second, noisy: 100},
	} {
		bubble(t, func(r *rig) {
			if longest, _ := s.dwell(r); longest < 8*time.Second {
				t.Errorf("without groups %+v: quiet tenants waited for %v at most: the test tests nothing", s, longest)
			}
		})
		s.groups = true
		bubble(t, func(r *rig) {
			longest, noisy := s.dwell(r)
			if longest > 2500*time.Millisecond {
				t.Errorf("%+v: a quiet tenant waited for %v", s, longest)
			}
			if noisy < 500 {
				t.Errorf("%+v: the noisy tenant was served %d messages only", s, noisy)
			}
		})
	}
}

// Once the quiet tenants have nothing, the noisy one is served; of two noisy ones
// that with less in flight.
func TestOrderOfNoisyTenants(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "600")
		send := func(group string, n int) {
			for i := range n {
				r.send(url, fmt.Sprint(group, i), group)
			}
		}
		send("a", 45)
		for range 4 {
			r.receive(url, 10)
		}
		send("b", 40)
		r.wantBodies(r.receive(url, 2), "b0 b1") // 40 of a are in flight
		for range 4 {
			r.receive(url, 10)
		}
		send("c", 1)
		r.send(url, "alone", "")
		r.wantBodies(r.receive(url, 2), "c0 alone")
		got := r.receive(url, 10)
		r.wantBodies(got, "a42 a43 a44") // b has none any more
	})
}

// A tenant is quiet once it had nothing in flight for five minutes, however much of the
// processing time was its own. What is in flight is known after a restart, too.
func TestNoisyTenantFallsSilent(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "600")
		for i := range 45 {
			r.send(url, fmt.Sprint("a", i), "a")
		}
		for range 4 {
			r.receive(url, 10)
		}
		r.send(url, "b0", "b")
		r.reopen()
		r.must(r.delete(url, r.wantOne(url, "b0")))
		time.Sleep(10 * time.Minute)
		r.wantCounts(url, "45", "0", "0")
		time.Sleep(5*time.Minute - time.Millisecond)
		r.send(url, "b1", "b")
		r.must(r.delete(url, r.wantOne(url, "b1")))
		time.Sleep(time.Millisecond)
		r.send(url, "b2", "b")
		r.wantBodies(r.receive(url, 2), "a0 a1")
	})
}

// wantOne receives one message.
func (r *rig) wantOne(url, body string) model.Message {
	r.Helper()
	list := r.receive(url, 1)
	r.wantBodies(list, body)
	if len(list) == 0 {
		r.FailNow()
	}
	return list[0]
}

// A message that its receiver gave back does not count as work when the store is
// opened long after.
func TestRestartIsNoWork(t *testing.T) {
	bubble(t, func(r *rig) {
		url := r.create("q", "VisibilityTimeout", "600")
		r.send(url, "a0", "a")
		r.must(r.setVisibility(url, r.receive(url, 1)[0], 0))
		time.Sleep(4 * time.Minute)
		r.send(url, "b0", "b")
		r.reopen()
		r.wantBodies(r.receive(url, 2), "a0 b0")
	})
}

// Memory of a tenant goes with its last message, whatever becomes of it.
func TestTenantsAreForgotten(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := r.create("dead")
		url := r.create("q", "VisibilityTimeout", "5", "MessageRetentionPeriod", "60", "RedrivePolicy", redriveTo("dead", 1))
		tenantsOf := func(url string) int {
			q, err := r.queue(caller, url)
			r.must(err)
			_, err = q.lock()
			r.must(err)
			defer q.unlock()
			return len(q.line.(*standard).tenants.byName)
		}
		in := sendRequest(url, "delayed", "delayed")
		in.DelaySeconds = api.Some(int64(900))
		_, err := r.SendMessage(r.Context(), caller, in)
		r.must(err)
		for _, g := range []string{"deleted", "dead", "expired"} {
			r.send(url, g, g)
		}
		if n := tenantsOf(url); n != 4 {
			t.Errorf("%d tenants, want 4", n)
		}
		r.must(r.delete(url, r.receive(url, 1)[0]))
		r.receive(url, 1)
		time.Sleep(5 * time.Second)
		r.receive(url, 1) // buries the second, takes the third
		if a, b := tenantsOf(url), tenantsOf(dead); a != 2 || b != 1 {
			t.Errorf("%d and %d tenants, want 2 and 1", a, b)
		}
		time.Sleep(time.Minute)
		if n := tenantsOf(url); n != 0 {
			t.Errorf("%d tenants, want none", n)
		}
		got := r.receive(dead, 1)
		if group, _ := got[0].Attributes.Get("MessageGroupId"); group != "dead" {
			t.Errorf("the dead letter is of group %q", group)
		}
		_, err = r.PurgeQueue(r.Context(), caller, &model.PurgeQueueRequest{QueueUrl: api.Some(dead)})
		r.must(err)
		if n := tenantsOf(dead); n != 0 {
			t.Errorf("%d tenants after a purge", n)
		}
	})
}

// A tenant of ten with as much each has its share, not more, however long ago that was.
func TestNoTenantOfTenIsNoisy(t *testing.T) {
	var all load
	list := make([]tenant, 10)
	for i := range list {
		list[i].load.worked(20_000, 7)
		all.worked(20_000, 7)
	}
	for now := int64(7); now < 10_000; now++ {
		for i := range list {
			if list[i].noisy(&all, now) {
				t.Fatalf("tenant %d is noisy %d ms after", i, now-7)
			}
		}
	}
}
