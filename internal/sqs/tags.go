package sqs

import (
	"context"
	"maps"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// maxTags is the number of tags that a queue can have.
const maxTags = 50

// TagQueue adds tags to a queue, or replaces their values.
func (e *Engine) TagQueue(_ context.Context, c *api.Caller, in *model.TagQueueRequest) (*api.Empty, error) {
	return e.retag(c, in.QueueUrl.V, func(tags map[string]string) { maps.Copy(tags, mapOf(in.Tags)) })
}

// UntagQueue removes tags from a queue.
func (e *Engine) UntagQueue(_ context.Context, c *api.Caller, in *model.UntagQueueRequest) (*api.Empty, error) {
	return e.retag(c, in.QueueUrl.V, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
}

func (e *Engine) retag(c *api.Caller, url string, edit func(map[string]string)) (*api.Empty, error) {
	err := e.alter(c, url, func(_ *queue, d *descriptor) (*settings, error) {
		tags := maps.Clone(d.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		edit(tags)
		if len(tags) > maxTags {
			return nil, api.Errorf(codeInvalidParameterValue, "Too many tags added for queue %s.", d.Name)
		}
		d.Tags = tags
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}

// ListQueueTags returns the tags of a queue, sorted by key.
func (e *Engine) ListQueueTags(_ context.Context, c *api.Caller, in *model.ListQueueTagsRequest) (*model.ListQueueTagsResult, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	out := &model.ListQueueTagsResult{}
	for _, key := range slices.Sorted(maps.Keys(q.desc.Tags)) {
		out.Tags = append(out.Tags, api.Entry[string]{Key: key, Value: q.desc.Tags[key]})
	}
	return out, nil
}
