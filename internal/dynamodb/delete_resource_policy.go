package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DeleteResourcePolicy removes the policy of a table or stream and returns the
// revision that is gone. Without a policy it does nothing, unless a revision is
// expected.
func (e *Engine) DeleteResourcePolicy(_ context.Context, c *api.Caller, in *ddb.DeleteResourcePolicyInput) (*ddb.DeleteResourcePolicyOutput, error) {
	before, _, err := e.changePolicy(c, in.ResourceArn.V, in.ExpectedRevisionId, func(resourcePolicy) (resourcePolicy, error) {
		return resourcePolicy{}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ddb.DeleteResourcePolicyOutput{RevisionId: api.Opt[string]{V: before.Revision, OK: before.Text != ""}}, nil
}
