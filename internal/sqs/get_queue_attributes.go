package sqs

import (
	"context"
	"slices"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// GetQueueAttributes returns attributes of a queue. The counts are exact.
func (e *Engine) GetQueueAttributes(_ context.Context, c *api.Caller, in *model.GetQueueAttributesRequest) (*model.GetQueueAttributesResult, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	for _, name := range in.AttributeNames {
		if name != everything && !slices.Contains(attributeNames, name) {
			return nil, errAttributeName(name)
		}
	}
	all := slices.Contains(in.AttributeNames, everything)
	have, err := q.attributes()
	if err != nil {
		return nil, err
	}
	out := &model.GetQueueAttributesResult{}
	for _, a := range have {
		if all || slices.Contains(in.AttributeNames, a.Key) {
			out.Attributes = append(out.Attributes, a)
		}
	}
	return out, nil
}

var attributeNames = []string{
	model.QueueAttributeNameQueueArn,
	model.QueueAttributeNameApproximateNumberOfMessages,
	model.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	model.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	model.QueueAttributeNameCreatedTimestamp,
	model.QueueAttributeNameLastModifiedTimestamp,
	model.QueueAttributeNameVisibilityTimeout,
	model.QueueAttributeNameMaximumMessageSize,
	model.QueueAttributeNameMessageRetentionPeriod,
	model.QueueAttributeNameDelaySeconds,
	model.QueueAttributeNameReceiveMessageWaitTimeSeconds,
	model.QueueAttributeNamePolicy,
	model.QueueAttributeNameRedrivePolicy,
	model.QueueAttributeNameRedriveAllowPolicy,
	model.QueueAttributeNameFifoQueue,
	model.QueueAttributeNameContentBasedDeduplication,
	model.QueueAttributeNameDeduplicationScope,
	model.QueueAttributeNameFifoThroughputLimit,
	model.QueueAttributeNameKmsMasterKeyId,
	model.QueueAttributeNameKmsDataKeyReusePeriodSeconds,
	model.QueueAttributeNameSqsManagedSseEnabled,
}

// attributes returns all attributes of the queue.
func (q *queue) attributes() (api.Map[string], error) {
	q.engine.admin.Lock()
	created, modified := q.desc.Created, q.desc.Modified
	q.engine.admin.Unlock()
	if _, err := q.lock(); err != nil {
		return nil, err
	}
	visible, delayed := q.line.counts()
	inFlight := q.inFlight
	s := q.settings.Load()
	q.unlock()
	m := api.Map[string]{{Key: model.QueueAttributeNameQueueArn, Value: q.arn.String()}}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{model.QueueAttributeNameApproximateNumberOfMessages, int64(visible)},
		{model.QueueAttributeNameApproximateNumberOfMessagesNotVisible, int64(inFlight)},
		{model.QueueAttributeNameApproximateNumberOfMessagesDelayed, int64(delayed)},
		{model.QueueAttributeNameCreatedTimestamp, created},
		{model.QueueAttributeNameLastModifiedTimestamp, modified},
	} {
		m = append(m, api.Entry[string]{Key: n.name, Value: strconv.FormatInt(n.value, 10)})
	}
	return append(m, s.describe()...), nil
}
