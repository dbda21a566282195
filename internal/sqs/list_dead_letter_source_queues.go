package sqs

import (
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// ListDeadLetterSourceQueues lists the queues whose dead-letter queue this is.
func (e *Engine) ListDeadLetterSourceQueues(_ context.Context, c *api.Caller, in *model.ListDeadLetterSourceQueuesRequest) (*model.ListDeadLetterSourceQueuesResult, error) {
	dead, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	urls, next, err := listPage(c, e.sources(dead), in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	if urls == nil {
		urls = []string{} // unlike that of ListQueues, the member is required
	}
	return &model.ListDeadLetterSourceQueuesResult{QueueUrls: urls, NextToken: next}, nil
}

// sources returns the queues whose dead-letter queue this is.
func (e *Engine) sources(dead *queue) []*queue {
	return slices.DeleteFunc(e.all(dead.arn.Namespace, ""), func(q *queue) bool {
		p := q.settings.Load().redrive
		return p == nil || p.target != dead.arn
	})
}
