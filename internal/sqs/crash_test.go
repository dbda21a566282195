package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// TestCrash has clients send to, receive from and delete from a standard and a
// FIFO queue, copies the disk as a crash at that moment may leave it, and opens
// an engine on the copy. No send that was answered is lost, be it the first of
// its deduplication id or a repeated one, no delete that was answered is undone,
// a message in flight has its receive count, and each group is in order. The
// clients then go on with the copy.
func TestCrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	disk := vfs.NewCrashableMem()
	crew := crashCrew{queues: [2]crashQueue{{name: "q"}, {name: "q.fifo"}}}
	for round := 0; round < 12 && !t.Failed(); round++ {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		r := openRig(t, store, Options{})
		for i := range crew.queues {
			crew.queues[i].open(r)
		}
		answered, stop := crew.start(r)
		for range 100 + rng.IntN(400) {
			<-answered
		}
		crew.remember()
		crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[round%3], RNG: rng})
		crew.excuse()
		stop()
		if err := errors.Join(r.Engine.Close(), store.Close()); err != nil {
			t.Fatal(err)
		}
		disk = crashed
	}
}

// crashCrew are the clients of two queues.
type crashCrew struct{ queues [2]crashQueue }

// crashQueue is what the clients know of a queue.
type crashQueue struct {
	name, url string

	mu    sync.Mutex
	last  int                    // the number of the last message; none is used again
	facts map[string]*crashFacts // by body
	kept  map[string]crashFacts  // as they were before the crash
}

// crashFacts are what was answered about a message.
type crashFacts struct {
	id                string // of the message, once a send was answered
	receives          int
	deleting, deleted bool // tried, answered
}

// open creates the queue or, after a crash, checks what is left in it.
func (q *crashQueue) open(r *rig) {
	if q.facts == nil {
		q.facts = map[string]*crashFacts{}
		if q.name == "q" {
			q.url = r.create(q.name, "VisibilityTimeout", "0")
		} else {
			q.url = r.fifo(q.name, "VisibilityTimeout", "0")
		}
		return
	}
	q.checkRepeats(r)
	q.land(r)
	found := q.drain(r)
	for body, was := range q.kept {
		m, ok := found[body]
		switch count, _ := m.Attributes.Get("ApproximateReceiveCount"); {
		case was.id != "" && !was.deleting && !ok:
			r.Errorf("%s: %s was sent and is lost", q.name, body)
		case was.deleted && ok:
			r.Errorf("%s: %s was deleted and is back", q.name, body)
		case ok && was.id != "" && m.MessageId.V != was.id:
			r.Errorf("%s: %s has the id %s, was answered %s", q.name, body, m.MessageId.V, was.id)
		case ok && atoi(count) <= was.receives:
			r.Errorf("%s: %s was received %d times before, its count is %s", q.name, body, was.receives, count)
		}
	}
	q.facts = map[string]*crashFacts{} // all of it was deleted
}

// checkRepeats sends again what was sent to a FIFO queue before the crash: it
// must be recognized, also where it was deleted since.
func (q *crashQueue) checkRepeats(r *rig) {
	if q.name == "q" {
		return
	}
	for body, was := range q.kept {
		if was.id == "" {
			continue
		}
		if out := r.send(q.url, body, groupOf(body)); out.MessageId.V != was.id {
			r.Errorf("%s was accepted twice: as %s and as %s", body, was.id, out.MessageId.V)
		}
	}
}

// land ends all visibility timeouts.
func (q *crashQueue) land(r *rig) {
	live, err := r.queue(caller, q.url)
	r.must(err)
	now, err := live.lock()
	r.must(err)
	defer live.unlock()
	for _, m := range live.known {
		if m.inFlight {
			live.setVisible(m, 0, now)
		}
	}
}

// drain receives and deletes all messages, checking the order of each group and
// that none comes twice.
func (q *crashQueue) drain(r *rig) map[string]model.Message {
	found, order := map[string]model.Message{}, map[string]int{}
	for {
		list := r.receive(q.url, 10, visibility(600))
		if len(list) == 0 {
			return found
		}
		for _, m := range list {
			body := m.Body.V
			group, n := groupOf(body), atoi(body[strings.IndexByte(body, '-')+1:])
			if _, twice := found[body]; twice {
				r.Errorf("%s: %s is there twice", q.name, body)
			}
			if q.name != "q" && n <= order[group] {
				r.Errorf("%s: %s comes after number %d", q.name, body, order[group])
			}
			found[body], order[group] = m, n
			r.must(r.delete(q.url, m))
		}
	}
}

func groupOf(body string) string { return body[:strings.IndexByte(body, '-')] }

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// start sets the clients to work. One element comes for each answer.
func (crew *crashCrew) start(r *rig) (answered <-chan struct{}, stop func()) {
	answers, done := make(chan struct{}, 1<<16), make(chan struct{})
	var wg sync.WaitGroup
	for i := range 12 {
		rng := rand.New(rand.NewPCG(10, uint64(i)))
		q := &crew.queues[i%2]
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if i < 4 {
					// One sender a group, so that the order is known.
					q.send(r, fmt.Sprint("g", i), rng)
				} else {
					q.consume(r, rng)
				}
				select {
				case answers <- struct{}{}:
				default: // nobody counts any more
				}
			}
		})
	}
	return answers, func() { close(done); wg.Wait() }
}

// send sends a message, to a FIFO queue sometimes twice at a time.
func (q *crashQueue) send(r *rig, group string, rng *rand.Rand) {
	q.mu.Lock()
	q.last++
	body := fmt.Sprintf("%s-%d", group, q.last)
	q.facts[body] = &crashFacts{}
	q.mu.Unlock()
	in := sendRequest(q.url, body, "")
	times := 1
	if q.name != "q" {
		in.MessageGroupId = api.Some(group)
		times += rng.IntN(2)
	}
	var wg sync.WaitGroup
	for range times {
		wg.Go(func() {
			out, err := r.SendMessage(context.Background(), caller, in)
			if err != nil {
				r.Error(err)
				return
			}
			q.mu.Lock()
			defer q.mu.Unlock()
			f := q.facts[body]
			if f.id != "" && f.id != out.MessageId.V {
				r.Errorf("%s was accepted twice", body)
			}
			f.id = out.MessageId.V
		})
	}
	wg.Wait()
}

// consume receives messages and deletes some of them.
func (q *crashQueue) consume(r *rig, rng *rand.Rand) {
	in := receiveRequest(q.url, 1+rng.Int64N(10))
	in.VisibilityTimeout = api.Some(int64(600))
	out, err := r.ReceiveMessage(context.Background(), caller, in)
	if err != nil {
		r.Error(err)
		return
	}
	for _, m := range out.Messages {
		q.note(m, func(f *crashFacts) {
			count, _ := m.Attributes.Get("ApproximateReceiveCount")
			f.receives = atoi(count)
		})
		if rng.IntN(3) == 0 {
			err = r.setVisibility(q.url, m, 0)
		} else {
			q.note(m, func(f *crashFacts) { f.deleting = true })
			err = r.delete(q.url, m)
			q.note(m, func(f *crashFacts) { f.deleted = true })
		}
		if err != nil {
			r.Error(err)
		}
	}
}

func (q *crashQueue) note(m model.Message, edit func(*crashFacts)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	edit(q.facts[m.Body.V])
}

// excuse notes which messages were being deleted when the disk was copied, also
// those of which remember was too early to see it: they may be gone.
func (crew *crashCrew) excuse() {
	for i := range crew.queues {
		q := &crew.queues[i]
		q.mu.Lock()
		for body, was := range q.kept {
			was.deleting = q.facts[body].deleting
			q.kept[body] = was
		}
		q.mu.Unlock()
	}
}

// remember notes what must survive a crash from now on.
func (crew *crashCrew) remember() {
	for i := range crew.queues {
		q := &crew.queues[i]
		q.mu.Lock()
		q.kept = map[string]crashFacts{}
		for body, f := range q.facts {
			q.kept[body] = *f
		}
		q.mu.Unlock()
	}
}
