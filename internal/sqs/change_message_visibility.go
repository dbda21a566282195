package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// ChangeMessageVisibility changes when a message in flight becomes visible.
func (e *Engine) ChangeMessageVisibility(_ context.Context, c *api.Caller, in *model.ChangeMessageVisibilityRequest) (*api.Empty, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.ChangeVisibility); err != nil {
		return nil, err
	}
	err = q.run(func(c *change, now int64) error {
		return q.prepareVisibility(c, in.ReceiptHandle.V, in.VisibilityTimeout.V, now)
	})
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
