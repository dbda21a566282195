package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// DeleteMessageBatch deletes up to ten messages, in one step. Entries that are
// not valid fail alone.
func (e *Engine) DeleteMessageBatch(_ context.Context, c *api.Caller, in *model.DeleteMessageBatchRequest) (*model.DeleteMessageBatchResult, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	err = checkBatch(in.Entries, "DeleteMessageBatchRequestEntry",
		func(en *model.DeleteMessageBatchRequestEntry) string { return en.Id.V })
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.Delete); err != nil {
		return nil, err
	}
	out := newOutcome[model.DeleteMessageBatchResultEntry](len(in.Entries))
	err = q.run(func(c *change, now int64) error {
		for _, en := range in.Entries {
			if err := q.prepareDelete(c, en.ReceiptHandle.V, now); err != nil {
				if err := out.fail(en.Id.V, err); err != nil {
					return err
				}
				continue
			}
			out.successful = append(out.successful, model.DeleteMessageBatchResultEntry{Id: en.Id})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteMessageBatchResult{Successful: out.successful, Failed: out.failed}, nil
}
