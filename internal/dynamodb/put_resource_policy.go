package dynamodb

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// PutResourcePolicy attaches a policy to a table or stream. The same document
// again keeps its revision.
func (e *Engine) PutResourcePolicy(_ context.Context, c *api.Caller, in *ddb.PutResourcePolicyInput) (*ddb.PutResourcePolicyOutput, error) {
	_, after, err := e.changePolicy(c, in.ResourceArn.V, in.ExpectedRevisionId, func(before resourcePolicy) (resourcePolicy, error) {
		return newPolicy(c, in.Policy.V, strings.Contains(in.ResourceArn.V, "/stream/"), in.ConfirmRemoveSelfResourceAccess.V, before)
	})
	if err != nil {
		return nil, err
	}
	return &ddb.PutResourcePolicyOutput{RevisionId: api.Some(after.Revision)}, nil
}
