package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// DescribeContributorInsights returns the setting of contributor insights of a table
// or a global index.
func (e *Engine) DescribeContributorInsights(_ context.Context, c *api.Caller, in *ddb.DescribeContributorInsightsInput) (*ddb.DescribeContributorInsightsOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	// What another caller changed may not be on disk yet.
	if unsettled := e.settled(); unsettled != nil {
		return nil, unsettled
	}
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := v.checkInsightIndex(in.IndexName); err != nil {
		return nil, err
	}
	out := &ddb.DescribeContributorInsightsOutput{
		TableName: api.Some(v.Name), IndexName: in.IndexName,
		ContributorInsightsStatus: api.Some(v.insightStatus(in.IndexName.V)),
	}
	s := v.insightOf(in.IndexName.V)
	if s == nil {
		return out, nil
	}
	out.LastUpdateDateTime, out.ContributorInsightsMode = api.Some(s.Changed), api.Some(s.Mode)
	if s.Enabled {
		out.ContributorInsightsRuleList = v.insightRules(s)
	}
	return out, nil
}
