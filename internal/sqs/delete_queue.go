package sqs

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

// DeleteQueue deletes a queue and its messages.
func (e *Engine) DeleteQueue(_ context.Context, c *api.Caller, in *model.DeleteQueueRequest) (*api.Empty, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	if err := e.remove(q); err != nil {
		return nil, err
	}
	if e.opts.EnforceCooldowns {
		e.deleted[q.arn] = time.Now().UnixMilli()
	}
	return &api.Empty{}, nil
}

// remove takes a queue out of the catalog and deletes its rows. Receives that
// wait for it end with QueueDoesNotExist.
func (e *Engine) remove(q *queue) error {
	key, _, err := q.desc.row()
	if err != nil {
		return err
	}
	b := e.store.NewBatch()
	b.Delete(key)
	b.Delete(appendQueue(nil, kindSequence, q.id))
	for _, kind := range []byte{kindMessage, kindContent, kindDedup, kindTask} {
		prefix := appendQueue(nil, kind, q.id)
		b.DeleteRange(prefix, kv.PrefixEnd(prefix))
	}
	q.mu.Lock()
	done := false
	defer abandon(&done, q)
	commit, err := e.store.Apply(b, kv.Sync)
	done = true
	if err != nil {
		q.mu.Unlock()
		return err
	}
	e.catalog.Lock()
	e.catalog.drop(q)
	e.catalog.Unlock()
	q.gone = true
	q.forget()
	q.dismiss()
	q.mu.Unlock()
	return commit.Wait()
}
