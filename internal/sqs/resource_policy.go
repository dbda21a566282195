package sqs

import (
	"maps"

	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// Policy returns the policy document of the queue with an ARN, "" if it has none
// or there is no such queue.
func (e *Engine) Policy(queueARN string) string {
	at, ok := parseARN(queueARN)
	if !ok {
		return ""
	}
	q := e.find(at)
	if q == nil {
		return ""
	}
	return q.settings.Load().values[model.QueueAttributeNamePolicy]
}

// Tags returns the tags of the queue with an ARN, nil if there is no such queue.
func (e *Engine) Tags(queueARN string) map[string]string {
	at, ok := parseARN(queueARN)
	if !ok {
		return nil
	}
	e.admin.Lock()
	defer e.admin.Unlock()
	q := e.find(at)
	if q == nil {
		return nil
	}
	return maps.Clone(q.desc.Tags)
}
