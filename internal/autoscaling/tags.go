package autoscaling

import (
	"context"
	"maps"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// maxTags is the number of tags that a target can have.
const maxTags = 50

// TagResource adds tags to a target, or replaces their values.
func (e *Engine) TagResource(_ context.Context, c *api.Caller, in *model.TagResourceRequest) (*model.TagResourceResponse, error) {
	err := e.retag(c, in.ResourceARN.V, func(t *target) error { return t.tag(in.Tags) })
	if err != nil {
		return nil, err
	}
	return &model.TagResourceResponse{}, nil
}

// UntagResource removes tags from a target.
func (e *Engine) UntagResource(_ context.Context, c *api.Caller, in *model.UntagResourceRequest) (*model.UntagResourceResponse, error) {
	err := e.retag(c, in.ResourceARN.V, func(t *target) error {
		for _, key := range in.TagKeys {
			delete(t.Tags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.UntagResourceResponse{}, nil
}

// ListTagsForResource returns the tags of a target, sorted by key.
func (e *Engine) ListTagsForResource(_ context.Context, c *api.Caller, in *model.ListTagsForResourceRequest) (*model.ListTagsForResourceResponse, error) {
	t, err := e.targetOf(c.Namespace, in.ResourceARN.V)
	if unsettled := e.settle(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	out := &model.ListTagsForResourceResponse{Tags: api.Map[string]{}}
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		out.Tags = append(out.Tags, api.Entry[string]{Key: key, Value: t.Tags[key]})
	}
	return out, nil
}

// retag changes the tags of the target that has an ARN.
func (e *Engine) retag(c *api.Caller, arn string, edit func(*target) error) error {
	return e.change(func(b kv.Batch) error {
		t, err := e.targetOf(c.Namespace, arn)
		if err != nil {
			return err
		}
		if err := edit(t); err != nil {
			return err
		}
		at := scalable{c.Namespace, t.Service, t.Resource, t.Dimension}
		return save(b, at.key(kindTarget), t)
	})
}

// targetOf returns the target of a namespace that has an ARN.
func (e *Engine) targetOf(ns api.Namespace, arn string) (*target, error) {
	list, _, err := scan(e, query{kind: kindTarget, ns: ns, service: dynamodb, limit: 1}, func(t *target) bool { return t.ARN == arn })
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, api.Errorf(model.CodeResourceNotFoundException, "Scalable Target not found")
	}
	return &list[0], nil
}

// tag adds tags to a target.
func (t *target) tag(tags api.Map[string]) error {
	if t.Tags == nil && len(tags) > 0 {
		t.Tags = map[string]string{}
	}
	for i := range tags {
		t.Tags[tags[i].Key] = tags[i].Value
	}
	if len(t.Tags) > maxTags {
		return api.Errorf(model.CodeTooManyTagsException, "The number of tags on a resource cannot exceed %d", maxTags)
	}
	return nil
}
