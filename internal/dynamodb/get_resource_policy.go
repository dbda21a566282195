package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// GetResourcePolicy returns the policy of a table or stream.
func (e *Engine) GetResourcePolicy(_ context.Context, c *api.Caller, in *ddb.GetResourcePolicyInput) (*ddb.GetResourcePolicyOutput, error) {
	t, label, err := e.policyHolder(c, in.ResourceArn.V)
	// What another caller changed may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTagged(in.ResourceArn.V)
	}
	p, ok := v.Policies[label]
	if !ok {
		return nil, errNoPolicy(in.ResourceArn.V)
	}
	return &ddb.GetResourcePolicyOutput{Policy: api.Some(p.Text), RevisionId: api.Some(p.Revision)}, nil
}
