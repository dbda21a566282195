package main

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// counter adds to one item from all sides. What a reader was shown counts as
// acknowledged, too, whoever wrote it.
type counter struct {
	c     *client
	wrong *problems

	mu    sync.Mutex
	base  int          // the value at the last check
	acked int          // additions since that were answered
	tried int          // and that were sent
	told  int          // the greatest value that anybody saw
	given map[int]bool // values that additions were answered with
	total int
}

func newCounter(c *client, wrong *problems) *counter {
	return &counter{c: c, wrong: wrong, given: map[int]bool{}}
}

func (l *counter) name() string { return "counter" }

func (l *counter) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

func (l *counter) create() error { return l.c.createTable("Counter", nil, nil) }

func (l *counter) work(worker int, _ *rand.Rand, stop *atomic.Bool) {
	act := l.add
	if worker == 0 {
		act = l.look
	}
	for !stop.Load() {
		if err := act(); err != nil {
			if refused, ok := asRefusal(err); ok {
				l.wrong.add("counter: %v", refused)
			}
			return
		}
	}
}

func (l *counter) add() error {
	l.mu.Lock()
	l.tried++
	l.mu.Unlock()
	var out struct{ Attributes item }
	err := l.c.call(tables+"UpdateItem", object{"TableName": "Counter", "Key": item{"k": {S: "hot"}}, "ReturnValues": "UPDATED_NEW",
		"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": item{":one": number(1)}}, &out)
	if err != nil {
		return err
	}
	n := out.Attributes.int("n")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given[n] {
		l.wrong.add("counter: two additions were answered with %d", n)
	}
	l.given[n] = true
	l.acked++
	l.total++
	l.told = max(l.told, n)
	return nil
}

func (l *counter) look() error {
	l.mu.Lock()
	before := l.told
	l.mu.Unlock()
	got, err := l.c.get("Counter", "hot")
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := got.int("n")
	if n < before {
		l.wrong.add("counter: a consistent read shows %d after %d was shown", n, before)
	}
	l.told = max(l.told, n)
	return nil
}

func (l *counter) check() error {
	got, err := l.c.get("Counter", "hot")
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := got.int("n")
	if n < l.base+l.acked || n < l.told || n > l.base+l.tried {
		l.wrong.add("counter: it is %d; it was %d, %d of %d additions were acknowledged, and %d was shown", n, l.base, l.acked, l.tried, l.told)
	}
	l.base, l.acked, l.tried, l.told = n, 0, 0, n
	clear(l.given)
	return nil
}

func (l *counter) finish() error { return l.check() }
