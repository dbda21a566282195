package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// maxList is the largest page of a list of queues.
const maxList = 1000

// ListQueues lists the caller's queues by name.
func (e *Engine) ListQueues(_ context.Context, c *api.Caller, in *model.ListQueuesRequest) (*model.ListQueuesResult, error) {
	urls, next, err := listPage(c, e.all(c.Namespace, in.QueueNamePrefix.V), in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	return &model.ListQueuesResult{QueueUrls: urls, NextToken: next}, nil
}

// listPage returns the URLs of a page of queues. Without MaxResults there is one
// page only.
func listPage(c *api.Caller, list []*queue, token api.Opt[string], most api.Opt[int64]) ([]string, api.Opt[string], error) {
	var next api.Opt[string]
	if most.OK && (most.V < 1 || most.V > maxList) {
		return nil, next, api.Errorf(codeInvalidParameterValue,
			"Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and %d.", maxList)
	}
	list, next, err := page(list, token, int(most.Or(maxList)))
	if err != nil {
		return nil, next, err
	}
	if !most.OK {
		next = api.Opt[string]{}
	}
	var urls []string
	for _, q := range list {
		urls = append(urls, urlOf(c, q))
	}
	return urls, next, nil
}
