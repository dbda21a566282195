package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// SendMessage sends a message.
func (e *Engine) SendMessage(_ context.Context, c *api.Caller, in *model.SendMessageRequest) (*model.SendMessageResult, error) {
	q, d, err := e.draft(c, in)
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.Send, d); err != nil {
		return nil, err
	}
	var s sent
	err = q.run(func(c *change, now int64) (err error) {
		s, err = q.prepareSend(c, d, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := d.sentResult(q, s)
	return &out, nil
}

// draft checks a message and finds its queue.
func (e *Engine) draft(c *api.Caller, in *model.SendMessageRequest) (*queue, *draft, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, nil, err
	}
	if err := checkNoLists("SendMessage", in.MessageAttributes); err != nil {
		return nil, nil, err
	}
	d, err := newDraft(c, q, &model.SendMessageBatchRequestEntry{
		MessageBody: in.MessageBody, DelaySeconds: in.DelaySeconds,
		MessageAttributes: in.MessageAttributes, MessageSystemAttributes: in.MessageSystemAttributes,
		MessageDeduplicationId: in.MessageDeduplicationId, MessageGroupId: in.MessageGroupId,
	})
	return q, d, err
}

// sentResult is the answer of SendMessage.
func (d *draft) sentResult(q *queue, s sent) model.SendMessageResult {
	r := d.result(api.Opt[string]{}, q, s)
	return model.SendMessageResult{
		MessageId: r.MessageId, MD5OfMessageBody: r.MD5OfMessageBody, SequenceNumber: r.SequenceNumber,
		MD5OfMessageAttributes: r.MD5OfMessageAttributes, MD5OfMessageSystemAttributes: r.MD5OfMessageSystemAttributes,
	}
}
