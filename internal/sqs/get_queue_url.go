package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// GetQueueUrl returns the URL of a queue.
func (e *Engine) GetQueueUrl(_ context.Context, c *api.Caller, in *model.GetQueueUrlRequest) (*model.GetQueueUrlResult, error) {
	owner := in.QueueOwnerAWSAccountId.Or(c.Account)
	if owner != c.Account && owner != ownAccount {
		return nil, errNoQueue()
	}
	q := e.find(arn{c.Namespace, in.QueueName.V})
	if q == nil {
		return nil, errNoQueue()
	}
	return &model.GetQueueUrlResult{QueueUrl: api.Some(urlOf(c, q))}, nil
}
