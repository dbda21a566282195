package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// SendMessageBatch sends up to ten messages, in one step. Entries that are not
// valid fail alone.
func (e *Engine) SendMessageBatch(_ context.Context, c *api.Caller, in *model.SendMessageBatchRequest) (*model.SendMessageBatchResult, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	if err := checkSendBatch(q, in.Entries); err != nil {
		return nil, err
	}
	drafts := make([]*draft, len(in.Entries))
	out := newOutcome[model.SendMessageBatchResultEntry](len(in.Entries))
	for i := range in.Entries {
		if drafts[i], err = newDraft(c, q, &in.Entries[i]); err != nil {
			if err := out.fail(in.Entries[i].Id.V, err); err != nil {
				return nil, err
			}
		}
	}
	if err := q.admit(capacity.Send, drafts...); err != nil {
		return nil, err
	}
	err = q.run(func(c *change, now int64) error {
		for i, d := range drafts {
			if d == nil {
				continue
			}
			s, err := q.prepareSend(c, d, now)
			if err != nil {
				return err
			}
			out.successful = append(out.successful, d.result(in.Entries[i].Id, q, s))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.SendMessageBatchResult{Successful: out.successful, Failed: out.failed}, nil
}

// checkSendBatch checks what fails a whole batch. The service counts the ids
// that a FIFO queue needs among it.
func checkSendBatch(q *queue, entries []model.SendMessageBatchRequestEntry) error {
	err := checkBatch(entries, "SendMessageBatchRequestEntry",
		func(en *model.SendMessageBatchRequestEntry) string { return en.Id.V })
	if err != nil {
		return err
	}
	size := 0
	for i := range entries {
		if err := checkNoLists("SendMessageBatch", entries[i].MessageAttributes); err != nil {
			return err
		}
		size += messageSize(&entries[i])
	}
	if size > maxMessageBytes {
		return api.Errorf(model.CodeBatchRequestTooLong,
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageBytes, size)
	}
	if !q.fifo {
		return nil
	}
	dedup := q.settings.Load().contentDedup
	for i := range entries {
		if !entries[i].MessageGroupId.OK {
			return api.Errorf(codeInvalidParameterValue, "The request must contain the parameter MessageGroupId.")
		}
		if !entries[i].MessageDeduplicationId.OK && !dedup {
			return errNoDedup()
		}
	}
	return nil
}
