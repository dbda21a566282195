package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// queue has senders that number their messages, each in a group of its own, and a
// consumer.
type queue struct {
	c     *client
	wrong *problems
	title string
	url   string
	fifo  bool

	mu     sync.Mutex
	groups [workers]group // that of the consumer stays empty
	total  int
}

// consumer is the worker that receives.
const consumer = 0

// group is what is known of the messages of one sender: numbers from 1.
type group struct {
	acked int // all up to this number were acknowledged, or may be there
	tried int // all up to this number were sent
	// unsure are numbers up to acked that were not acknowledged: of a standard queue
	// they cannot be sent again without the risk of being there twice.
	unsure map[int]bool
	floor  int // all up to this number are deleted
	// Of the numbers above floor: those whose deletion was acknowledged or asked for,
	// and the ids of those that were received.
	deleted, deleting map[int]bool
	ids               map[int]string
	lastID            string // of the message acked
}

func newQueue(c *client, wrong *problems, name string) *queue {
	q := &queue{c: c, wrong: wrong, title: name, url: c.url + "/000000000000/" + name, fifo: strings.HasSuffix(name, ".fifo")}
	for i := range q.groups {
		q.groups[i] = group{unsure: map[int]bool{}, deleted: map[int]bool{}, deleting: map[int]bool{}, ids: map[int]string{}}
	}
	return q
}

func (q *queue) name() string { return q.title }

func (q *queue) done() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

func (q *queue) create() error {
	// What is received for nobody, because the server was killed, comes back soon.
	attributes := object{"VisibilityTimeout": "2"}
	if q.fifo {
		attributes["FifoQueue"], attributes["DeduplicationScope"], attributes["FifoThroughputLimit"] = "true", "messageGroup", "perMessageGroupId"
	}
	return q.c.call(queues+"CreateQueue", object{"QueueName": q.title, "Attributes": attributes}, nil)
}

func (q *queue) work(worker int, rng *rand.Rand, stop *atomic.Bool) {
	for !stop.Load() {
		var err error
		if worker == consumer {
			_, err = q.receive(rng.IntN(2))
		} else {
			err = q.send(worker, 1+rng.IntN(4))
		}
		if err != nil {
			if refused, ok := asRefusal(err); ok {
				q.wrong.add("%s: %v", q.title, refused)
			}
			return
		}
	}
}

// send sends the next messages of a group in a batch.
func (q *queue) send(worker, n int) error {
	q.mu.Lock()
	g := &q.groups[worker]
	first := g.acked + 1
	g.tried = max(g.tried, g.acked+n)
	q.mu.Unlock()
	ids, err := q.sendNumbers(worker, first, n)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	g.acked, g.lastID = first+n-1, ids[n-1]
	q.total += n
	return nil
}

// sendNumbers sends n messages of a group and returns their ids.
func (q *queue) sendNumbers(worker, first, n int) ([]string, error) {
	var entries []object
	for i := range n {
		e := object{"Id": strconv.Itoa(i), "MessageBody": fmt.Sprintf("%d %d", worker, first+i)}
		if q.fifo {
			e["MessageGroupId"], e["MessageDeduplicationId"] = fmt.Sprint("g", worker), strconv.Itoa(first+i)
		}
		entries = append(entries, e)
	}
	var out struct {
		Successful []struct{ Id, MessageId string }
		Failed     []object
	}
	if err := q.c.call(queues+"SendMessageBatch", object{"QueueUrl": q.url, "Entries": entries}, &out); err != nil {
		return nil, err
	}
	if len(out.Successful) != n || len(out.Failed) > 0 {
		return nil, fmt.Errorf("of %d messages %d were sent, and failed %v", n, len(out.Successful), out.Failed)
	}
	ids := make([]string, n)
	for i, s := range out.Successful {
		ids[i] = s.MessageId
	}
	return ids, nil
}

type message struct {
	MessageId, ReceiptHandle, Body string
	worker, n                      int
}

// receive receives messages, waiting for some seconds, looks whether they may be
// there, and deletes them. It returns how many came.
func (q *queue) receive(wait int) (int, error) {
	var out struct{ Messages []message }
	err := q.c.call(queues+"ReceiveMessage", object{"QueueUrl": q.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait}, &out)
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	var entries []object
	q.mu.Lock()
	before := map[int]int{} // by group, the number before in this batch
	for i := range out.Messages {
		m := &out.Messages[i]
		q.inspect(m, before)
		entries = append(entries, object{"Id": strconv.Itoa(i), "ReceiptHandle": m.ReceiptHandle})
	}
	q.mu.Unlock()
	var answer struct {
		Failed []struct{ Id, Code, Message string }
	}
	if err := q.c.call(queues+"DeleteMessageBatch", object{"QueueUrl": q.url, "Entries": entries}, &answer); err != nil {
		return 0, err
	}
	late := map[string]bool{}
	for _, f := range answer.Failed {
		// On a machine with much else to do, messages of a FIFO queue come back before
		// they are deleted.
		if !q.fifo || !strings.Contains(f.Message, "expired") {
			q.wrong.add("%s: a message that was received is not deleted: %s: %s", q.title, f.Code, f.Message)
		}
		late[f.Id] = true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, m := range out.Messages {
		if !late[strconv.Itoa(i)] {
			q.groups[m.worker].delete(m.n)
		}
	}
	q.total += len(out.Messages)
	return len(out.Messages), nil
}

// inspect looks whether a message may be received now. The lock must be held.
func (q *queue) inspect(m *message, before map[int]int) {
	if _, err := fmt.Sscanf(m.Body, "%d %d", &m.worker, &m.n); err != nil || m.worker >= workers {
		q.wrong.add("%s: nobody sent %q", q.title, m.Body)
		m.worker = consumer // has no messages
		return
	}
	g := &q.groups[m.worker]
	switch id, known := g.ids[m.n]; {
	case m.n > g.tried:
		q.wrong.add("%s: %q was received before it was sent", q.title, m.Body)
	case m.n <= g.floor || g.deleted[m.n]:
		q.wrong.add("%s: %q was received after its deletion", q.title, m.Body)
	case known && id != m.MessageId:
		q.wrong.add("%s: %q is there twice, as %s and %s", q.title, m.Body, id, m.MessageId)
	case q.fifo && m.n-1 > g.floor && !g.deleting[m.n-1] && before[m.worker] != m.n-1:
		q.wrong.add("%s: %q was received before the one before it", q.title, m.Body)
	}
	g.ids[m.n], g.deleting[m.n], before[m.worker] = m.MessageId, true, m.n
	delete(g.unsure, m.n)
}

// remembered is how many deletions are remembered one by one: a message that may
// be gone, or may never have been there, would have come by before so many others.
const remembered = 10_000

// delete notes a deletion that was acknowledged.
func (g *group) delete(n int) {
	g.deleted[n] = true
	for {
		next := g.floor + 1
		if !g.deleted[next] && !(len(g.deleted) > remembered && (g.deleting[next] || g.unsure[next])) {
			return
		}
		g.floor++
		delete(g.unsure, g.floor)
		delete(g.deleted, g.floor)
		delete(g.deleting, g.floor)
		delete(g.ids, g.floor)
	}
}

// bounds returns how many messages of the group there are at least and at most.
func (g *group) bounds() (least, most int) {
	gone, asked := g.floor+len(g.deleted), g.floor+len(g.deleting)
	return g.acked - asked - len(g.unsure), g.tried - gone
}

// check compares the count of the queue, and sends again what was not answered.
func (q *queue) check() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.compare("after the start"); err != nil {
		return err
	}
	for w := range q.groups {
		if err := q.settle(w); err != nil {
			return err
		}
	}
	return q.compare("after the repetition")
}

// settle brings the messages of a group to an end that were not answered. On a
// FIFO queue it also repeats the last that was.
func (q *queue) settle(worker int) error {
	g := &q.groups[worker]
	if !q.fifo {
		for ; g.acked < g.tried; g.acked++ {
			if g.ids[g.acked+1] == "" && g.acked+1 > g.floor {
				g.unsure[g.acked+1] = true
			}
		}
		return nil
	}
	if g.acked > 0 {
		ids, err := q.sendNumbers(worker, g.acked, 1)
		if err != nil {
			return err
		}
		if g.lastID != "" && ids[0] != g.lastID {
			q.wrong.add("%s: number %d of group %d was sent as %s and again as %s", q.title, g.acked, worker, g.lastID, ids[0])
		}
	}
	if n := g.tried - g.acked; n > 0 {
		ids, err := q.sendNumbers(worker, g.acked+1, n)
		if err != nil {
			return err
		}
		g.acked, g.lastID = g.tried, ids[n-1]
	}
	return nil
}

// compare compares the number of messages with what is known of them.
func (q *queue) compare(when string) error {
	n, err := q.count()
	if err != nil {
		return err
	}
	var least, most int
	for i := range q.groups {
		l, m := q.groups[i].bounds()
		least, most = least+l, most+m
	}
	if n < least || n > most {
		q.wrong.add("%s has %d messages %s; there should be %d to %d", q.title, n, when, least, most)
	}
	return nil
}

func (q *queue) count() (int, error) {
	var out struct{ Attributes map[string]string }
	err := q.c.call(queues+"GetQueueAttributes", object{"QueueUrl": q.url, "AttributeNames": []string{"All"}}, &out)
	visible, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	inFlight, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessagesNotVisible"])
	return visible + inFlight, err
}

// finish receives all that is left, and looks whether everything came by.
func (q *queue) finish() error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if _, err := q.receive(1); err != nil {
			return err
		}
		if n, err := q.count(); n == 0 || err != nil {
			break
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for w := range q.groups {
		g := &q.groups[w]
		for n := g.floor + 1; n <= g.acked; n++ {
			if !g.deleted[n] && !g.deleting[n] && !g.unsure[n] {
				q.wrong.add("%s: number %d of group %d is lost", q.title, n, w)
			}
		}
	}
	return nil
}
