package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// fifo are the attributes of a FIFO queue of high throughput.
var fifo = map[string]string{"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}

func queueWorkloads(c *config) []workload {
	ws := []workload{
		sendAlone("SQS send", 1, 0),
		sendAlone("SQS send of 10", 10, 0),
		receiveAlone("SQS receive", 1),
		receiveAlone("SQS receive of 10", 10),
		deleteAlone("SQS delete", 1),
		deleteAlone("SQS delete of 10", 10),
		cycles("SQS cycle standard", 1, 0, 0),
		cycles("SQS cycle standard of 10", 10, 0, 0),
		cycles("SQS cycle FIFO", 1, 1000, 0),
		cycles("SQS cycle FIFO of 10", 10, 1000, 0),
	}
	for _, n := range c.groupCounts {
		ws = append(ws, cycles(fmt.Sprintf("SQS cycle FIFO, %d groups", n), 1, n, 0))
		if n < c.conns {
			ws = append(ws, waitingCycles(fmt.Sprintf("SQS cycle FIFO, %d groups, waiting", n), n))
		}
	}
	for _, n := range c.depthCounts {
		ws = append(ws, cycles(fmt.Sprintf("SQS cycle standard, depth %d", n), 1, 0, n),
			cycles(fmt.Sprintf("SQS cycle FIFO, depth %d", n), 1, 1000, n))
	}
	return append(ws, endToEnd())
}

// newQueue is a queue that setup creates: FIFO if it has groups.
func newQueue(name string, groups int) *queue {
	q := &queue{name: strings.Map(letters, name), groups: groups}
	if groups > 0 {
		q.name += ".fifo"
	}
	return q
}

// letters leaves out what a queue's name cannot have.
func letters(r rune) rune {
	if r == ' ' || r == ',' {
		return -1
	}
	return r
}

// fillTo sends n messages in batches.
func (q *queue) fillTo(c *client, n int) error {
	return parallel(16, (n+9)/10, func(int) error {
		k := newWorker(c, 0)
		defer k.release()
		return q.send(k, 10)
	})
}

func sendAlone(name string, batch, groups int) workload {
	q := newQueue(name, groups)
	return workload{name: name, queue: true, setup: q.create, step: func(k *worker) (int, error) {
		return batch, q.send(k, batch)
	}}
}

// receiveAlone receives messages that come back after a second.
func receiveAlone(name string, batch int) workload {
	q := newQueue(name, 0)
	q.visibility = 1
	return workload{name: name, queue: true,
		setup: func(c *client) error {
			if err := q.create(c); err != nil {
				return err
			}
			return q.fillTo(c, 20_000)
		},
		step: func(k *worker) (int, error) {
			handles, err := q.receive(k, batch)
			return len(handles), err
		}}
}

// deleteAlone deletes what it sent and received before.
func deleteAlone(name string, batch int) workload {
	q := newQueue(name, 0)
	var mu sync.Mutex
	var received [][]string
	return workload{name: name, queue: true, setup: q.create,
		prepare: func(c *client) error {
			received = received[:0]
			return parallel(16, 20_000/10, func(int) error {
				k := newWorker(c, 0)
				defer k.release()
				if err := q.send(k, 10); err != nil {
					return err
				}
				handles, err := q.receive(k, 10)
				mu.Lock()
				defer mu.Unlock()
				for ; len(handles) >= batch; handles = handles[batch:] {
					received = append(received, handles[:batch])
				}
				return err
			})
		},
		step: func(k *worker) (int, error) {
			mu.Lock()
			if len(received) == 0 {
				mu.Unlock()
				return 0, errExhausted
			}
			handles := received[len(received)-1]
			received = received[:len(received)-1]
			mu.Unlock()
			return len(handles), q.delete(k, handles)
		}}
}

// cycles send, receive and delete, on a queue that holds depth messages more.
func cycles(name string, batch, groups, depth int) workload {
	return newQueue(name, groups).cycles(name, batch, depth)
}

// waitingCycles have receives that wait. There are fewer groups than connections, so
// that most find no open group: without waiting they come back with nothing, many times
// for each message.
func waitingCycles(name string, groups int) workload {
	q := newQueue(name, groups)
	q.wait = 20
	return q.cycles(name, 1, 0)
}

func (q *queue) cycles(name string, batch, depth int) workload {
	return workload{name: name, queue: true,
		setup: func(c *client) error {
			if err := q.create(c); err != nil {
				return err
			}
			return q.fillTo(c, depth)
		},
		step: func(k *worker) (int, error) {
			if err := q.send(k, batch); err != nil {
				return 0, err
			}
			handles, err := q.receive(k, batch)
			if err != nil || len(handles) == 0 {
				return 0, err
			}
			return len(handles), q.delete(k, handles)
		}}
}

// group returns the group of a message to send, and an id that no other has.
func (q *queue) group() (group, id string) {
	return "g" + strconv.Itoa(rand.IntN(q.groups)), strconv.FormatUint(rand.Uint64(), 36)
}
