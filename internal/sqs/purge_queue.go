package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

// PurgeQueue deletes all messages of a queue, those in flight too. What was sent
// before is gone when it returns; the service takes up to a minute. The
// deduplication ids stay.
func (e *Engine) PurgeQueue(_ context.Context, c *api.Caller, in *model.PurgeQueueRequest) (*api.Empty, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	err = q.run(func(c *change, now int64) error {
		if e.opts.EnforceCooldowns && q.purged != 0 && now < q.purged+cooldown {
			return api.Errorf(model.CodePurgeQueueInProgress,
				"Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.arn.name)
		}
		for _, kind := range []byte{kindMessage, kindContent} {
			prefix := appendQueue(nil, kind, q.id)
			c.batch.DeleteRange(prefix, kv.PrefixEnd(prefix))
		}
		c.then(func() {
			q.clear()
			q.purged = now
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
