package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// DeleteMessage deletes a message that was received.
func (e *Engine) DeleteMessage(_ context.Context, c *api.Caller, in *model.DeleteMessageRequest) (*api.Empty, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.Delete); err != nil {
		return nil, err
	}
	err = q.run(func(c *change, now int64) error { return q.prepareDelete(c, in.ReceiptHandle.V, now) })
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
