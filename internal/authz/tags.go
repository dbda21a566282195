package authz

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// tagValues returns the values of a condition key that is about tags: those that the
// table or queue has and those that the request gives or takes. The keys of tags are
// found whatever their case, as condition keys are.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-abac.html
func (q *question) tagValues(key string) (values []string) {
	if key == "aws:tagkeys" {
		keys := untagged(q.in)
		for _, tag := range tagged(q.in) {
			keys = append(keys, tag.Key)
		}
		return keys
	}
	if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok {
		for _, tag := range tagged(q.in) {
			if strings.EqualFold(tag.Key, name) {
				values = append(values, tag.Value)
			}
		}
	}
	if name, ok := strings.CutPrefix(key, "aws:resourcetag/"); ok {
		for tag, value := range q.tags(q.resource) {
			if strings.EqualFold(tag, name) {
				values = append(values, value)
			}
		}
	}
	return values
}

// tagged are the tags that a request gives.
func tagged(in api.Input) api.Map[string] {
	var list []ddb.Tag
	switch in := in.(type) {
	case *sqsapi.CreateQueueRequest:
		return in.Tags
	case *sqsapi.TagQueueRequest:
		return in.Tags
	case *ddb.CreateTableInput:
		list = in.Tags
	case *ddb.TagResourceInput:
		list = in.Tags
	}
	var tags api.Map[string]
	for _, tag := range list {
		tags = append(tags, api.Entry[string]{Key: tag.Key.V, Value: tag.Value.V})
	}
	return tags
}

// untagged are the keys of the tags that a request takes away.
func untagged(in api.Input) []string {
	switch in := in.(type) {
	case *sqsapi.UntagQueueRequest:
		return slices.Clone(in.TagKeys)
	case *ddb.UntagResourceInput:
		return slices.Clone(in.TagKeys)
	}
	return nil
}
