package sqs

import (
	"github.com/levee-io/levee/internal/kv"
)

// change is one atomic step over one or several locked queues. The prepare
// methods of a queue add to its batch and say what becomes of memory once the
// batch is applied; so what several of them prepare, and whatever else is put
// into the batch, happens together or not at all.
//
// What is prepared later does not see what was prepared before, except that a
// repeated deduplication id and a message given back are noticed. A message must
// not be deleted and get another visibility timeout in one change.
type change struct {
	engine  *Engine
	batch   kv.Batch
	queues  []*queue
	applied []func()
	sent    []stagedSend
	// released are the messages that the change will give back.
	released []*message
	buried   int // messages that the change moves to a dead-letter queue
}

// stagedSend is a message with a deduplication id that the change will send.
type stagedSend struct {
	queue *queue
	key   dedupKey
	sent  sent
}

func (e *Engine) newChange(queues ...*queue) *change {
	return &change{engine: e, batch: e.store.NewBatch(), queues: queues}
}

// then makes f run, under the locks, once the batch is applied.
func (c *change) then(f func()) { c.applied = append(c.applied, f) }

// apply applies the change. The queues may be unlocked then, but nothing may be
// answered before the commit is durable. A change of nothing has the commit of
// what was last written to its first queue.
//
// If it fails, what memory holds of the queues is dropped and read again.
func (c *change) apply() (kv.Commit, error) {
	if c.batch.Len() == 0 {
		c.batch.Discard()
		return c.queues[0].last, nil
	}
	commit, err := c.engine.store.Apply(c.batch, kv.Sync)
	if err != nil {
		for _, q := range c.queues {
			q.forget()
		}
		return nil, err
	}
	c.publish(commit)
	return commit, nil
}

// publish brings memory up to date with the batch, which was applied.
func (c *change) publish(commit kv.Commit) {
	for _, f := range c.applied {
		f()
	}
	for _, q := range c.queues {
		q.last = commit
	}
}

// run prepares one change of one queue and sees it through until it is durable.
func (q *queue) run(prepare func(c *change, now int64) error) error {
	now, err := q.lock()
	if err != nil {
		return err
	}
	done := false
	defer abandon(&done, q)
	c := q.engine.newChange(q)
	var commit kv.Commit
	if err = prepare(c, now); err == nil {
		commit, err = c.apply()
	} else {
		c.batch.Discard()
	}
	done = true
	q.unlock()
	if err != nil {
		return err
	}
	return commit.Wait()
}
