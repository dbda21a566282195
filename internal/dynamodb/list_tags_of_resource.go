package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// ListTagsOfResource returns the tags of a table, all in one page.
func (e *Engine) ListTagsOfResource(_ context.Context, c *api.Caller, in *ddb.ListTagsOfResourceInput) (*ddb.ListTagsOfResourceOutput, error) {
	t, err := e.lookupTagged(c, in.ResourceArn.V)
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTagged(in.ResourceArn.V)
	}
	out := &ddb.ListTagsOfResourceOutput{Tags: []ddb.Tag{}}
	for _, tag := range v.Tags {
		out.Tags = append(out.Tags, ddb.Tag{Key: api.Some(tag.Key), Value: api.Some(tag.Value)})
	}
	return out, nil
}
