package dynamodb

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxListInsights is the number of summaries in one page.
const maxListInsights = 100

// ListContributorInsights returns the tables and global indexes that contributor
// insights are not off for, each table before its indexes.
func (e *Engine) ListContributorInsights(_ context.Context, c *api.Caller, in *ddb.ListContributorInsightsInput) (*ddb.ListContributorInsightsOutput, error) {
	names := e.tableNames(c.Namespace)
	if in.TableName.OK {
		t, err := e.lookupNamed(c, in.TableName.V)
		if err != nil {
			return nil, err
		}
		if t.current.Load() == nil {
			return nil, errNoTable(nameOf(in.TableName.V))
		}
		names = []string{nameOf(in.TableName.V)}
	}
	after, err := base64.StdEncoding.DecodeString(in.NextToken.V)
	if err != nil {
		return nil, api.Validation("Invalid NextToken")
	}
	list := []ddb.ContributorInsightsSummary{}
	for _, name := range names {
		if t, err := e.lookup(c, name); err == nil { // else it has been deleted since
			list = append(list, t.insightSummaries()...)
		}
	}
	list = slices.DeleteFunc(list, func(s ddb.ContributorInsightsSummary) bool {
		return in.NextToken.OK && insightPlace(&s) <= string(after)
	})
	out := &ddb.ListContributorInsightsOutput{ContributorInsightsSummaries: list}
	if limit := int(max(in.MaxResults.Or(maxListInsights), 1)); len(list) > limit {
		out.ContributorInsightsSummaries = list[:limit]
		out.NextToken = api.Some(base64.StdEncoding.EncodeToString([]byte(insightPlace(&list[limit-1]))))
	}
	return out, nil
}

// insightSummaries returns the summaries of a table and its indexes, in order.
func (t *table) insightSummaries() []ddb.ContributorInsightsSummary {
	v := t.current.Load()
	if v == nil {
		return nil
	}
	var list []ddb.ContributorInsightsSummary
	for _, s := range v.Insights {
		status := v.insightStatus(s.Index)
		if status == ddb.ContributorInsightsStatusDisabled {
			continue
		}
		list = append(list, ddb.ContributorInsightsSummary{
			TableName: api.Some(v.Name), IndexName: api.Opt[string]{V: s.Index, OK: s.Index != ""},
			ContributorInsightsStatus: api.Some(status), ContributorInsightsMode: api.Some(s.Mode),
		})
	}
	slices.SortFunc(list, func(a, b ddb.ContributorInsightsSummary) int { return strings.Compare(a.IndexName.V, b.IndexName.V) })
	return list
}

// insightPlace is where in the list a summary stands. Names hold no zero byte.
func insightPlace(s *ddb.ContributorInsightsSummary) string {
	return s.TableName.V + "\x00" + s.IndexName.V
}
