package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// checker knows what a FIFO queue owes its consumers. It relies on the clock of
// the bubble, which stands still while anyone works.
type checker struct {
	t  *testing.T
	mu sync.Mutex
	// left are the messages of each group that were sent and not deleted, held
	// those that a receiver has, with the end of its time. Of the unsure, a delete
	// was not answered: they may be there or not.
	left   map[string][]string
	held   map[string]time.Time
	unsure map[string]bool
	total  int // not deleted yet
	again  int // deliveries of a message that was delivered before
	seen   map[string]bool
}

// newChecker returns the checker of so many groups of so many messages each.
func newChecker(t *testing.T, groups, each int) *checker {
	c := &checker{
		t: t, left: map[string][]string{}, held: map[string]time.Time{}, unsure: map[string]bool{},
		seen: map[string]bool{}, total: groups * each,
	}
	for g := range groups {
		group := fmt.Sprint("g", g)
		for i := range each {
			c.left[group] = append(c.left[group], fmt.Sprintf("%s/%d", group, i))
		}
	}
	return c
}

// received checks one answer: of each group the first messages that are left, in
// order, while nobody else has one of them.
func (c *checker) received(list []model.Message, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[string]int{}
	for _, m := range list {
		group, _ := m.Attributes.Get("MessageGroupId")
		if next[group] == 0 {
			c.free(group)
		}
		c.passOver(group, next[group], m.Body.V)
		if at := next[group]; at >= len(c.left[group]) || c.left[group][at] != m.Body.V {
			c.t.Errorf("group %s: received %s as number %d of %v", group, m.Body.V, at, c.left[group])
		}
		next[group]++
		if c.seen[m.Body.V] {
			c.again++
		}
		c.seen[m.Body.V] = true
		delete(c.unsure, m.Body.V)
	}
	for _, m := range list {
		c.held[m.Body.V] = until
	}
}

// passOver takes out unsure messages from a place of a group on: a later one was
// received instead, so they are deleted.
func (c *checker) passOver(group string, at int, body string) {
	for at < len(c.left[group]) && c.left[group][at] != body && c.unsure[c.left[group][at]] {
		c.remove(group, at)
	}
}

func (c *checker) remove(group string, at int) {
	delete(c.unsure, c.left[group][at])
	c.left[group] = slices.Delete(c.left[group], at, at+1)
	c.total--
}

// free checks that nobody has a message of a group.
func (c *checker) free(group string) {
	for _, body := range c.left[group] {
		if end, ok := c.held[body]; ok && time.Now().Before(end) {
			c.t.Errorf("group %s was given out while %s is in flight", group, body)
		}
	}
}

// deleting notes that a message is about to be deleted.
func (c *checker) deleting(m model.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	group, _ := m.Attributes.Get("MessageGroupId")
	if !slices.Contains(c.left[group], m.Body.V) {
		c.t.Errorf("%s is deleted twice", m.Body.V)
	}
	c.unsure[m.Body.V] = true
	delete(c.held, m.Body.V)
}

// deleted notes that the delete was answered.
func (c *checker) deleted(m model.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	group, _ := m.Attributes.Get("MessageGroupId")
	if at := slices.Index(c.left[group], m.Body.V); at >= 0 {
		c.remove(group, at)
	}
}

func (c *checker) release(m model.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, m.Body.V)
}

// has reports whether a message is there for sure.
func (c *checker) has(m model.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	group, _ := m.Attributes.Get("MessageGroupId")
	return slices.Contains(c.left[group], m.Body.V) && !c.unsure[m.Body.V]
}

func (c *checker) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total == 0
}

// TestFIFOUnderConcurrentReceivers: 64 receivers that are late, give messages
// back and hang up. Nothing is lost, nothing comes twice but after its time is
// over, each group is in order and with one receiver at a time.
func TestFIFOUnderConcurrentReceivers(t *testing.T) {
	const groups, each, receivers = 60, 60, 64
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		url := r.fifo("q.fifo")
		c := newChecker(t, groups, each)
		var wg sync.WaitGroup
		for s := range 4 {
			wg.Go(func() { r.produce(c, url, s, groups) })
		}
		for i := range receivers {
			wg.Go(func() { r.consume(c, url, rand.New(rand.NewPCG(1, uint64(i)))) })
		}
		wg.Wait()
		r.wantCounts(url, "0", "0", "0")
		if c.again == 0 {
			t.Error("no message was delivered twice: the test tests nothing")
		}
	})
}

// produce sends the messages of every fourth group, one round after the other,
// and repeats one send of four.
func (r *rig) produce(c *checker, url string, start, groups int) {
	want := map[string][]string{}
	c.mu.Lock()
	for g := start; g < groups; g += 4 {
		name := fmt.Sprint("g", g)
		want[name] = slices.Clone(c.left[name])
	}
	c.mu.Unlock()
	for len(want) > 0 {
		for g := start; g < groups; g += 4 {
			name := fmt.Sprint("g", g)
			list := want[name]
			if len(list) == 0 {
				delete(want, name)
				continue
			}
			r.send(url, list[0], name)
			if len(list)%4 == 0 {
				r.send(url, list[0], name)
			}
			want[name] = list[1:]
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (r *rig) consume(c *checker, url string, rng *rand.Rand) {
	for !c.done() {
		seconds := 1 + rng.Int64N(4)
		ctx, cancel := r.Context(), func() {}
		if rng.IntN(4) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(300))*time.Millisecond)
		}
		in := receiveRequest(url, 1+rng.Int64N(10))
		waiting(2)(in)
		visibility(seconds)(in)
		out, err := r.ReceiveMessage(ctx, caller, in)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if err != nil {
			r.Error(err)
			return
		}
		until := time.Now().Add(time.Duration(seconds) * time.Second)
		c.received(out.Messages, until)
		for _, m := range out.Messages {
			r.finish(c, url, m, until, rng)
		}
	}
}

// finish deletes a message, or does not.
func (r *rig) finish(c *checker, url string, m model.Message, until time.Time, rng *rand.Rand) {
	time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
	switch late := !time.Now().Before(until); {
	case late:
		if err := r.delete(url, m); err == nil && c.has(m) || err != nil && !strings.Contains(err.Error(), "expired") {
			r.Errorf("deleting %s after its time: %v", m.Body.V, err)
		}
	case rng.IntN(10) == 0:
		time.Sleep(time.Until(until)) // a consumer that hangs
	case rng.IntN(10) == 0:
		c.release(m)
		r.must(r.setVisibility(url, m, 0))
	default:
		c.deleting(m)
		if err := r.delete(url, m); err != nil {
			r.Errorf("deleting %s in time: %v", m.Body.V, err)
		}
		c.deleted(m)
	}
}
