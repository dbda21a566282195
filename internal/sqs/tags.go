package sqs

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// Limits of tags. Lengths are in characters.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
const (
	maxTags     = 50 // of a queue
	maxTagKey   = 128
	maxTagValue = 256
	reservedTag = "aws:" // what no key and no value begins with
)

// TagQueue adds tags to a queue, or replaces their values.
func (e *Engine) TagQueue(_ context.Context, c *api.Caller, in *model.TagQueueRequest) (*api.Empty, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return e.retag(c, in.QueueUrl.V, func(tags map[string]string) { maps.Copy(tags, mapOf(in.Tags)) })
}

// checkTags checks tags that are to be set.
func checkTags(tags api.Map[string]) error {
	for _, t := range tags {
		refuse := func(what, rule string) error {
			return api.Errorf(codeInvalidParameterValue, "The tag %s of %q is invalid. Reason: it %s.", what, t.Key, rule)
		}
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey:
			return refuse("key", "must have 1 to 128 characters")
		case utf8.RuneCountInString(t.Value) > maxTagValue:
			return refuse("value", "can have 256 characters at most")
		case isReserved(t.Key) || isReserved(t.Value):
			return refuse("key or value", "must not begin with aws:")
		case strings.ContainsFunc(t.Key, notInTags) || strings.ContainsFunc(t.Value, notInTags):
			return refuse("key or value", "can only have letters, digits, spaces and _.:/=+-@")
		}
	}
	return nil
}

func isReserved(s string) bool {
	return len(s) >= len(reservedTag) && strings.EqualFold(s[:len(reservedTag)], reservedTag)
}

func notInTags(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.N, unicode.Z) && !strings.ContainsRune("_.:/=+-@", r)
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
			return nil, errTooManyTags(d.Name)
		}
		d.Tags = tags
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}

func errTooManyTags(name string) error {
	return api.Errorf(codeInvalidParameterValue, "Too many tags added for queue %s.", name)
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
