package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// ChangeMessageVisibilityBatch changes the visibility timeout of up to ten
// messages, in one step. Entries that are not valid fail alone.
func (e *Engine) ChangeMessageVisibilityBatch(_ context.Context, c *api.Caller, in *model.ChangeMessageVisibilityBatchRequest) (*model.ChangeMessageVisibilityBatchResult, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	err = checkBatch(in.Entries, "ChangeMessageVisibilityBatchRequestEntry",
		func(en *model.ChangeMessageVisibilityBatchRequestEntry) string { return en.Id.V })
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.ChangeVisibility); err != nil {
		return nil, err
	}
	out := newOutcome[model.ChangeMessageVisibilityBatchResultEntry](len(in.Entries))
	err = q.run(func(c *change, now int64) error {
		for _, en := range in.Entries {
			if err := q.prepareVisibility(c, en.ReceiptHandle.V, en.VisibilityTimeout.V, now); err != nil {
				if err := out.fail(en.Id.V, err); err != nil {
					return err
				}
				continue
			}
			out.successful = append(out.successful, model.ChangeMessageVisibilityBatchResultEntry{Id: en.Id})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.ChangeMessageVisibilityBatchResult{Successful: out.successful, Failed: out.failed}, nil
}
