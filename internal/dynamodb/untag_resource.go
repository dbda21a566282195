package dynamodb

import (
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// UntagResource removes tags of a table. Keys that it does not have are passed
// over.
func (e *Engine) UntagResource(_ context.Context, c *api.Caller, in *ddb.UntagResourceInput) (*noBody, error) {
	if err := checkTagKeys(in.TagKeys); err != nil {
		return nil, err
	}
	err := e.retag(c, in.ResourceArn.V, func(old []tag) ([]tag, error) {
		return slices.DeleteFunc(old, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
	})
	if err != nil {
		return nil, err
	}
	return &noBody{}, nil
}

func checkTagKeys(keys []string) error {
	if len(keys) == 0 {
		return api.Validation("Atleast one Tag Key needs to be provided as Input.")
	}
	for _, key := range keys {
		if err := checkTag(api.Some(key), api.Some("")); err != nil {
			return err
		}
	}
	if len(keys) > maxTags {
		return api.Validation("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return nil
}
